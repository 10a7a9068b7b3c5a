"""The image cache as people with the right see it, and the work of filling it."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from stratolith.image.exceptions import CacheDisabled, ImageNotActive, ImageNotFound
from stratolith.image.managers import generations, images, locations
from stratolith.image.models import Image
from stratolith.image.settings import ImageSettings
from stratolith.image.store import cache, files, web
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import ApiError
from stratolith.kernel.ids import is_uuid

LOG = logging.getLogger(__name__)
POOL = ThreadPoolExecutor(1, thread_name_prefix="image-cache")


def require(ctx: Context, rule: str) -> None:
    """Raises Forbidden, CacheDisabled."""
    ctx.authorize(rule)
    if not cache.enabled(ctx.env.settings):
        raise CacheDisabled


def queue(ctx: Context, image_id: str) -> None:
    """Have a copy made soon. Raises ImageNotFound, ImageNotActive."""
    image = images.get(ctx, image_id)
    if image.status != "active":
        raise ImageNotActive(image_id=image_id)
    cache.queue(ctx.env.settings, generations.copied(image))
    submit(ctx.env, image_id)


def remove(ctx: Context, image_id: str) -> None:
    """Take an image out of cache and queue; raises ImageNotFound when it is nowhere."""
    if not is_uuid(image_id):  # it would name another file
        raise ImageNotFound(image_id=image_id)
    settings = ctx.env.settings
    was_there = cache.unqueue(settings, image_id) | cache.drop(settings, image_id)
    if not was_there and ctx.session.get(Image, image_id) is None:
        raise ImageNotFound(image_id=image_id)


def clear(ctx: Context, *, copies: bool, queue: bool) -> None:
    settings = ctx.env.settings
    if queue:
        for image_id in cache.queued(settings):
            cache.unqueue(settings, image_id)
    if copies:
        for entry in cache.entries(settings):
            cache.drop(settings, entry.image_id)


def clean(ctx: Context) -> None:
    """Drop copies of deleted images and of former data, and incomplete copies."""
    settings = ctx.env.settings
    for entry in cache.entries(settings):
        image = ctx.session.get(Image, entry.image_id)
        if image is None or generations.copied(image) != entry.of:
            cache.drop_copy(settings, entry.of)
    cache.drop_stalled(settings)


def is_there(ctx: Context, image_id: str) -> bool:
    """Whether this server has a copy of an image as it is now; raises ImageNotFound."""
    image = images.get(ctx, image_id)
    return cache.has(ctx.env.settings, generations.copied(image))


def submit(env: Environment, image_id: str) -> None:
    """Have the thread of this process look at a queued image; more than once does no harm."""
    POOL.submit(_work, env, image_id)


def _work(env: Environment, image_id: str) -> None:
    try:
        if image_id in cache.queued(env.settings):
            _copy(env, image_id)
            cache.unqueue(env.settings, image_id)
    except ApiError as error:
        LOG.warning("image cache: %s: %s", image_id, error)
        cache.unqueue(env.settings, image_id)
    except Exception:
        LOG.exception("image cache: %s", image_id)


def _copy(env: Environment, image_id: str) -> None:
    settings = env.settings
    with env.db.read() as session:
        image = session.get(Image, image_id)
    if image is None or image.status != "active" or image.size is None:
        return
    for store in image.stores:
        if store in files.names(settings) and files.path(settings, image_id, store).exists():
            cache.adopt(settings, generations.copied(image), files.path(settings, image_id, store))
            return
    urls = locations.on_web(image)
    filling = cache.begin(settings, generations.copied(image), image.size) if urls else None
    if filling is None:
        return
    complete = False
    try:
        for block in web.fetch(settings.of(ImageSettings), urls[0]):
            filling.write_now(block)
        complete = True
    finally:
        filling.close_now(complete)
