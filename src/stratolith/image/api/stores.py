"""Stores: the list, and the removal of one of several copies of an image."""

from __future__ import annotations

from typing import Any

from stratolith.image.managers import images, imports
from stratolith.image.models import Image
from stratolith.image.store import catalogue, files
from stratolith.image.store.catalogue import Store
from stratolith.image.store.receiving import BLOCK
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route


def list_all(ctx: Context) -> dict[str, Any]:
    return {"stores": [_store(store) for store in catalogue.stores(ctx.env.settings)]}


def list_details(ctx: Context) -> dict[str, Any]:
    return {
        "stores": [
            {
                **_store(store),
                "type": store.kind,
                "weight": store.weight,
                "properties": _properties(ctx, store),
            }
            for store in catalogue.stores(ctx.env.settings)
        ]
    }


def delete_data(ctx: Context, image: Image, *, store: str) -> None:
    """Remove one of several copies of an image's data."""
    ctx.authorize("delete_image_location", image.policy_target())
    imports.delete_from_store(ctx, image, store)


def _load(ctx: Context, store: str, image_id: str) -> Image:
    return images.get(ctx, image_id)


def _store(store: Store) -> dict[str, str]:
    document = {"id": store.id}
    if store.default:
        document["default"] = "true"
    if store.read_only:
        document["read-only"] = "true"
    return document


def _properties(ctx: Context, store: Store) -> dict[str, Any]:
    if store.kind != "file":
        return {}
    return {
        "data_dir": str(files.folder(ctx.env.settings, store.id)),
        "chunk_size": BLOCK,
        "thin_provisioning": False,
    }


ROUTES = [
    Route.get("/info/stores", list_all, rule="default"),
    Route.get("/info/stores/detail", list_details, rule="stores_info_detail"),
    Route.delete("/stores/{store}/{image_id}", delete_data, load=_load, rule="get_image_location"),
]
