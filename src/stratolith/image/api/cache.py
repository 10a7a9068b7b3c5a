"""The image cache: list its content and queue, queue images, remove copies, clean up."""

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
                "image_id": entry.image_id,
                "size": entry.size,
                "hits": entry.hits,
                "last_accessed": entry.last_accessed,
                "last_modified": entry.last_modified,
            }
            for entry in cache.entries(settings)
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
    """Empty cache and queue, or with the header only one of them."""
    cached.require(ctx, "cache_delete")
    target = ctx.headers.get(TARGET, "").lower()
    if target not in ("", "cache", "queue"):
        raise BadRequest(f"If provided '{TARGET}' must be 'cache', 'queue' or empty string.")
    cached.clear(ctx, copies=target != "queue", queue=target != "cache")


def clean(ctx: Context) -> None:
    """Remove copies of deleted images, and incomplete copies that no process continues."""
    cached.require(ctx, "cache_clean")
    cached.clean(ctx)


def prune(ctx: Context) -> dict[str, int]:
    """Remove the least recently used copies until the cache has its maximum size."""
    cached.require(ctx, "cache_prune")
    dropped = cache.prune(ctx.env.settings)
    return {
        "total_files_pruned": len(dropped),
        "total_bytes_pruned": sum(entry.size for entry in dropped),
    }


def list_nodes(ctx: Context, *, image_id: str) -> list[str]:
    """The address of this server if it has a copy; it does not know other servers' caches."""
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
