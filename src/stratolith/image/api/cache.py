"""The image cache: what is in it and in its queue, ask for a copy, drop copies."""

from __future__ import annotations

from typing import Any

from stratolith.image.managers import cached
from stratolith.image.store import cache
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.routing import Route

TARGET = "x-image-cache-clear-target"


def show(ctx: Context) -> dict[str, Any]:
    cached.require(ctx, "cache_list")
    settings = ctx.env.settings
    return {
        "cached_images": [
            {
                "image_id": one.image_id,
                "size": one.size,
                "hits": one.hits,
                "last_accessed": one.last_accessed,
                "last_modified": one.last_modified,
            }
            for one in cache.entries(settings)
        ],
        "queued_images": cache.queued(settings),
    }


def queue(ctx: Context, *, image_id: str) -> None:
    cached.require(ctx, "cache_image")
    cached.queue(ctx, image_id)


def remove(ctx: Context, *, image_id: str) -> None:
    cached.require(ctx, "cache_delete")
    cached.remove(ctx, image_id)


def clear(ctx: Context) -> None:
    """Everything, or with the header only the cache or only the queue."""
    cached.require(ctx, "cache_delete")
    target = ctx.headers.get(TARGET, "").lower()
    if target not in ("", "cache", "queue"):
        raise BadRequest(f"If provided '{TARGET}' must be 'cache', 'queue' or empty string.")
    cached.clear(ctx, copies=target != "queue", queue=target != "cache")


ROUTES = [
    Route.get("/cache", show),
    Route.delete("/cache", clear),
    Route.put("/cache/{image_id}", queue, status=202),
    Route.delete("/cache/{image_id}", remove),
]
