"""Maintains the image cache: makes queued copies, removes copies of deleted images."""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.image.managers import cached, generations
from stratolith.image.models import Image
from stratolith.image.store import cache
from stratolith.kernel.context import Context
from stratolith.kernel.reconcile import Reconciler, Result


class CacheKeeper(Reconciler):
    """Keys: ids of images that are queued or cached."""

    name = "image.cache"
    interval = 30.0

    def keys(self, ctx: Context) -> Iterable[str]:
        settings = ctx.env.settings
        if not cache.enabled(settings):
            return []
        return [*cache.queued(settings), *(entry.image_id for entry in cache.entries(settings))]

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        settings = ctx.env.settings
        image = ctx.session.get(Image, key)
        if image is None:
            cache.unqueue(settings, key)
            cache.drop(settings, key)
            return None
        cache.drop_others(settings, generations.copied(image))
        if key in cache.queued(settings):
            cached.submit(ctx.env, key)
        return None
