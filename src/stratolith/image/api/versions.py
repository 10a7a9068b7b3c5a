"""Discovery: versions, schemas, import methods, usage."""

from __future__ import annotations

from typing import Any

from stratolith.image.managers import limits
from stratolith.image.schemas import images, members, metadefs, tasks
from stratolith.image.settings import ImageSettings
from stratolith.image.store import cache
from stratolith.kernel.context import Context
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.urls import service_root

NEWEST = 18
OF_CACHE = (14, 16, 18)  # these versions are advertised only when the cache is enabled


def versions(ctx: Context) -> dict[str, Any]:
    root, supported = service_root(ctx, "image"), _supported(ctx)
    return {
        "versions": [
            {
                "id": f"v2.{minor}",
                "status": "CURRENT" if minor == supported[0] else "SUPPORTED",
                "links": [{"rel": "self", "href": f"{root}/v2/"}],
            }
            for minor in supported
        ]
    }


def _supported(ctx: Context) -> list[int]:
    cached = cache.enabled(ctx.env.settings)
    return [minor for minor in range(NEWEST, -1, -1) if cached or minor not in OF_CACHE]


def choices(ctx: Context) -> Response:
    return Response(versions(ctx), status=300)


def show_schema(ctx: Context, *, name: str) -> Response | dict[str, Any]:
    documents = {
        "image": images.IMAGE,
        "images": images.IMAGES,
        "member": members.MEMBER,
        "members": members.MEMBERS,
        "task": tasks.TASK,
        "tasks": tasks.TASKS,
    }
    if name not in documents:
        return Response({"message": f"There is no schema '{name}'."}, status=404)
    return documents[name]


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


def show_usage(ctx: Context) -> dict[str, Any]:
    """Usage and limits of the project; empty when limits are not enforced."""
    return {"usage": limits.usage(ctx, ctx.project_id)}


ROUTES = [
    Route.get("/", choices, root=True, public=True),
    Route.get("/versions", versions, root=True, public=True),
    Route.get("/v2", choices, root=True, public=True),
    Route.get("/schemas/{name}", show_schema, rule="default"),
    Route.get("/schemas/metadefs/{name}", show_metadef_schema, rule="default"),
    Route.get("/info/import", show_import, rule="default"),
    Route.get("/info/usage", show_usage, rule="default"),
]
