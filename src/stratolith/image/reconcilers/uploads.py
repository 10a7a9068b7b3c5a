"""Cleans up after failed uploads: resets images to queued, removes orphaned files."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

import msgspec
from sqlalchemy import select

from stratolith.image.managers import tasks, uploads
from stratolith.image.models import Image
from stratolith.image.store import files
from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.kernel.reconcile import Reconciler, Result

LOG = logging.getLogger(__name__)
# A file is created just before or just after its row is written, so newer files are kept.
GRACE_SECONDS = 60.0
FILES = "files"
ORPHANS = "image.orphans"  # kind of the hint that there may be orphaned files


class _Holder(msgspec.Struct, frozen=True):
    id: str
    upload_token: str | None
    stores: list[str] | None


class UploadSweeper(Reconciler):
    """Keys: ids of images with an upload in progress, and FILES for the store's folder."""

    name = "image.uploads"
    hints = (ORPHANS,)
    interval = 30.0

    def keys(self, ctx: Context) -> Iterable[str]:
        waiting = select(Image.id).where(Image.status.in_(("saving", "uploading", "importing")))
        return [FILES, *ctx.session.scalars(waiting)]

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        if key == FILES:
            self._sweep(ctx)
            return None
        image = ctx.session.get(Image, key)
        if image is not None and image.upload_token and uploads.is_dead(ctx, image):
            uploads.abandon(ctx, image.id, image.upload_token)
        return None

    def _sweep(self, ctx: Context) -> None:
        left_out = LeftOut()
        wanted = select(Image.id, Image.upload_token, Image.stores)
        rows = left_out.rows(ctx.session, wanted, Image.id, _Holder)
        for image_id, reason in left_out.reasons.items():
            LOG.error("image %s cannot be read, its files are kept: %s", image_id, reason)
        held = {(store, row.id) for row in rows for store in row.stores or ()}
        tokens = {row.upload_token for row in rows} | uploads.live(ctx.env)
        busy = {row.id for row in rows if row.upload_token} | set(tasks.under_way(ctx))
        busy |= set(left_out.reasons)
        settings = ctx.env.settings
        orphans = [
            path
            for store, image_id, token, path in files.stored(settings)
            # an import in progress fills several stores before it updates the row
            if image_id not in busy and (token or (store, image_id) not in held)
        ]
        orphans += [
            path
            for image_id, token, path in files.staged(settings)
            if token not in tokens and image_id not in busy
        ]
        now = time.time()
        for path in orphans:
            try:
                old = now - path.stat().st_mtime > GRACE_SECONDS
            except FileNotFoundError:
                continue
            if old or ctx.env.hints.is_alone():
                files.remove(path)
