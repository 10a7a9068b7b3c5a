"""Discovery: the versions document, the schemas, what imports and stores there are."""

from __future__ import annotations

from typing import Any

from stratolith.image.schemas import images, members, metadefs
from stratolith.image.store import files
from stratolith.kernel.context import Context
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.http.urls import service_root

# 2.7 has import, hidden images and secure hashes; 2.8 and later choose among several stores,
# fetch from the web and cache, which is not there.
CURRENT = 7
IMPORT_METHODS = ("glance-direct",)


def versions(ctx: Context) -> dict[str, Any]:
    root = service_root(ctx, "image")
    return {
        "versions": [
            {
                "id": f"v2.{minor}",
                "status": "CURRENT" if minor == CURRENT else "SUPPORTED",
                "links": [{"rel": "self", "href": f"{root}/v2/"}],
            }
            for minor in range(CURRENT, -1, -1)
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
            "value": list(IMPORT_METHODS),
        }
    }


def show_stores(ctx: Context) -> dict[str, Any]:
    return {"stores": [{"id": files.NAME, "default": "true"}]}


ROUTES = [
    Route.get("/", choices, root=True, public=True),
    Route.get("/versions", versions, root=True, public=True),
    Route.get("/v2", choices, root=True, public=True),
    Route.get("/schemas/{name}", show_schema, rule="default"),
    Route.get("/schemas/metadefs/{name}", show_metadef_schema, rule="default"),
    Route.get("/info/import", show_import, rule="default"),
    Route.get("/info/stores", show_stores, rule="default"),
]
