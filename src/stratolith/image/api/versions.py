"""Discovery: the versions document, the schemas, what imports and stores there are."""

from __future__ import annotations

from typing import Any

from stratolith.image.schemas import images, members, metadefs, tasks
from stratolith.image.settings import ImageSettings
from stratolith.image.store import files
from stratolith.image.store.receiving import BLOCK
from stratolith.kernel.context import Context
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.http.urls import service_root

# What 2.14 and 2.16 stand for, the cache, is not there; nor is 2.17's adding of locations.
CURRENT = 15
SUPPORTED = (15, *range(13, -1, -1))


def versions(ctx: Context) -> dict[str, Any]:
    root = service_root(ctx, "image")
    return {
        "versions": [
            {
                "id": f"v2.{minor}",
                "status": "CURRENT" if minor == CURRENT else "SUPPORTED",
                "links": [{"rel": "self", "href": f"{root}/v2/"}],
            }
            for minor in SUPPORTED
        ]
    }


def choices(ctx: Context) -> Response:
    return Response(versions(ctx), status=300)


def show_schema(ctx: Context, *, name: str) -> Response | dict[str, Any]:
    found = {
        "image": images.IMAGE,
        "images": images.IMAGES,
        "member": members.MEMBER,
        "members": members.MEMBERS,
        "task": tasks.TASK,
        "tasks": tasks.TASKS,
    }
    if name not in found:
        return Response({"message": f"There is no schema '{name}'."}, status=404)
    return found[name]


def show_metadef_schema(ctx: Context, *, name: str) -> Response | dict[str, Any]:
    if name not in metadefs.PUBLISHED:
        return Response({"message": f"There is no schema 'metadefs/{name}'."}, status=404)
    return metadefs.PUBLISHED[name]


def show_import(ctx: Context) -> dict[str, Any]:
    return {
        "import-methods": {
            "description": "Import methods available.",
            "type": "array",
            "value": ctx.env.settings.of(ImageSettings).import_methods,
        }
    }


def show_stores(ctx: Context) -> dict[str, Any]:
    return {"stores": [_store(name) for name in files.names(ctx.env.settings)]}


def show_store_details(ctx: Context) -> dict[str, Any]:
    settings = ctx.env.settings
    return {
        "stores": [
            {
                **_store(name),
                "type": "file",
                "weight": 0,
                "properties": {
                    "data_dir": str(files.folder(settings, name)),
                    "chunk_size": BLOCK,
                    "thin_provisioning": False,
                },
            }
            for name in files.names(settings)
        ]
    }


def show_usage(ctx: Context) -> dict[str, Any]:
    """Nothing: no quota of images is in force."""
    return {"usage": {}}


def _store(name: str) -> dict[str, str]:
    return {"id": name, "default": "true"} if name == files.NAME else {"id": name}


ROUTES = [
    Route.get("/", choices, root=True, public=True),
    Route.get("/versions", versions, root=True, public=True),
    Route.get("/v2", choices, root=True, public=True),
    Route.get("/schemas/{name}", show_schema, rule="default"),
    Route.get("/schemas/metadefs/{name}", show_metadef_schema, rule="default"),
    Route.get("/info/import", show_import, rule="default"),
    Route.get("/info/usage", show_usage, rule="default"),
    Route.get("/info/stores", show_stores, rule="default"),
    Route.get("/info/stores/detail", show_store_details, rule="stores_info_detail"),
]
