"""Uploads: the states of an image while its data is received.

    queued --begin--> saving ----complete--> active          PUT .../file
    queued --begin--> uploading --stage--> uploading         PUT .../stage
                      uploading --imports--> importing --complete--> active    POST .../import

An upload owns the image by a token. It loses the image when the image is deleted or when the
receiving server ends; then the image is queued again and the file is removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import update

from stratolith.image.exceptions import (
    FormatsMissing,
    ImageGone,
    ImportNotPossible,
    InvalidTransition,
)
from stratolith.image.managers import images
from stratolith.image.models import Image
from stratolith.image.store import files
from stratolith.image.store.receiving import Received
from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.ids import new_uuid

HEARTBEAT = 20.0  # seconds
DEAD_AFTER = timedelta(seconds=120)


# tokens of the uploads that this process receives
_LIVE: Once[set[str]] = Once(lambda env: set())


def live(env: Environment) -> set[str]:
    return _LIVE.of(env)


def begin(ctx: Context, image_id: str, *, staging: bool) -> tuple[Image, str]:
    """Reserve the image for one upload: (image, token).

    Raises ImageNotFound, FormatsMissing, InvalidTransition.
    """
    image = images.get(ctx, image_id)
    wanted = "uploading" if staging else "saving"
    if image.status != "queued":
        raise InvalidTransition(status=image.status, wanted=wanted)
    if not image.disk_format or not image.container_format:
        raise FormatsMissing
    token = new_uuid()
    image.status, image.upload_token = wanted, token
    image.upload_seen_at, image.staged = ctx.env.clock.now(), None
    ctx.session.flush()
    live(ctx.env).add(token)
    return image, token


def keep_alive(ctx: Context, image_id: str, token: str) -> None:
    """Tell other processes that the upload goes on; raises ImageGone."""
    _owned(ctx, image_id, token).upload_seen_at = ctx.env.clock.now()
    ctx.session.flush()


def complete(
    ctx: Context,
    image_id: str,
    token: str,
    received: Received,
    stores: Sequence[str] = (files.NAME,),
) -> Image:
    """Accept the complete data and activate the image; raises ImageGone.

    The other ``stores`` already have their copies.
    """
    return _activate(ctx, _owned(ctx, image_id, token), token, received, stores)


def stage(ctx: Context, image_id: str, token: str, received: Received) -> Image:
    """Record staged data for a later import; raises ImageGone."""
    image = _owned(ctx, image_id, token)
    image.staged = msgspec.to_builtins(received)
    ctx.session.flush()
    return image


def staged_data(image: Image) -> Received:
    """Raises ImportNotPossible unless the image has staged data."""
    if image.status != "uploading" or image.staged is None or image.upload_token is None:
        raise ImportNotPossible(status=image.status)
    return msgspec.convert(image.staged, Received)


def abandon(ctx: Context, image_id: str, token: str) -> None:
    """Undo a failed upload: the image is queued again, the file is removed."""
    staged = files.staging_path(ctx.env.settings, image_id, token)
    ctx.session.execute(
        update(Image)
        .where(Image.id == image_id, Image.upload_token == token)
        .values(status="queued", upload_token=None, upload_seen_at=None, staged=None)
    )
    ctx.after_commit(lambda: files.remove(staged))


def is_dead(ctx: Context, image: Image) -> bool:
    """Whether no process receives the data of this image any more."""
    if image.status not in ("saving", "uploading", "importing"):
        return False
    if image.status == "uploading" and image.staged is not None:
        return False
    if image.upload_token in live(ctx.env):
        return False
    if ctx.env.hints.is_alone() or image.upload_seen_at is None:
        return True  # no other process works on this cloud, and this one has no such upload
    return ctx.env.clock.now() - image.upload_seen_at > DEAD_AFTER


def _owned(ctx: Context, image_id: str, token: str) -> Image:
    image = ctx.session.get(Image, image_id, populate_existing=True)
    if image is None or image.upload_token != token:
        raise ImageGone(image_id=image_id)
    return image


def _activate(
    ctx: Context, image: Image, token: str, received: Received, stores: Sequence[str]
) -> Image:
    settings = ctx.env.settings
    staged = files.staging_path(settings, image.id, token)
    first = files.NAME if files.NAME in stores else None
    if first is not None:
        files.accept(staged, files.path(settings, image.id))
    else:
        ctx.after_commit(lambda: files.remove(staged))
    image.stores = list(stores)
    image.size = received.size
    image.virtual_size = received.virtual_size
    image.checksum = received.checksum
    image.os_hash_algo = received.os_hash_algo
    image.os_hash_value = received.os_hash_value
    image.status = "active"
    image.upload_token = image.upload_seen_at = image.staged = None
    ctx.session.flush()
    return image
