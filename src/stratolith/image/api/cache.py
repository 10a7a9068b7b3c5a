"""The image cache: what is in it and in its queue, ask for a copy, drop copies, tidy up."""

from __future__ import annotations

from typing import Any

from stratolith.image.managers import cached
from stratolith.image.store import cache
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.routing import Route
from stratolith.kernel.urls import service_root

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


def clean(ctx: Context) -> None:
    """Drop copies of what is no more, and those that nobody goes on making."""
    cached.require(ctx, "cache_clean")
    cached.clean(ctx)


def prune(ctx: Context) -> dict[str, int]:
    """Drop what was not used for longest until the rest is as large as the cache may be."""
    cached.require(ctx, "cache_prune")
    dropped = cache.prune(ctx.env.settings)
    return {
        "total_files_pruned": len(dropped),
        "total_bytes_pruned": sum(one.size for one in dropped),
    }


def list_nodes(ctx: Context, *, image_id: str) -> list[str]:
    """The address of this server if it has a copy: it knows of no other's cache."""
    cached.require(ctx, "list_cached_nodes")
    return [service_root(ctx, "image")] if cached.is_there(ctx, image_id) else []


ROUTES = [
    Route.get("/cache", show),
    Route.delete("/cache", clear),
    Route.post("/cache/clean", clean, status=200),
    Route.post("/cache/prune", prune),
    Route.get("/cache/nodes/{image_id}", list_nodes),
    Route.put("/cache/{image_id}", queue, status=202),
    Route.delete("/cache/{image_id}", remove),
]
