"""Locations added by API version 2.17: a task measures the data and, if configured, hashes it.

with hashes from the user    queued -> importing -> active if they are right
without                      queued -> active, and the hashes are set later
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from stratolith.image.exceptions import ImageGone, InvalidDigest, NoWebStore
from stratolith.image.managers import digests, images, imports, locations, tasks, uploads
from stratolith.image.models import Image, Task
from stratolith.image.settings import ImageSettings
from stratolith.image.store import files, web
from stratolith.image.store.receiving import HASH_ALGORITHM
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import ApiError
from stratolith.kernel.transaction import transact

LOG = logging.getLogger(__name__)
T = TypeVar("T")
LOOK_EVERY = 2.0  # seconds between two checks that the image still exists


def start(ctx: Context, image: Image, url: str, claimed: dict[str, str]) -> Task:
    """Raises ImportNotPossible, NoWebStore, InvalidLocation, UriRefused, InvalidDigest."""
    images.require_status(image, "add locations", "queued")
    if not web.is_web(url) and "service" not in ctx.who.roles:
        raise NoWebStore
    locations.check(ctx, url)
    if claimed:
        digests.check_pair(claimed["os_hash_algo"], claimed["os_hash_value"])
    images.require_formats(image)
    request = {"image_id": image.id, "loc_url": url, "validation_data": claimed}
    task = tasks.create(ctx, image, tasks.LOCATION, request)
    store = ctx.env.settings.of(ImageSettings).web_store
    image.locations = [{"url": url, "metadata": {"store": store}}]
    image.status, image.upload_token = "importing", task.id
    image.upload_seen_at = ctx.env.clock.now()
    ctx.session.flush()
    work = _Work(ctx.env, task.id, image.id, url, claimed)
    uploads.live(ctx.env).add(task.id)
    ctx.after_commit(lambda: imports.submit(ctx.env, task.owner, work.run))
    return task


class _Work:
    """One location on a thread; each database step has its own transaction."""

    def __init__(
        self, env: Environment, task_id: str, image_id: str, url: str, claimed: dict[str, str]
    ) -> None:
        self._env = env
        self._task_id = task_id
        self._image_id = image_id
        self._url = url
        self._claimed = claimed
        self._section = env.settings.of(ImageSettings)
        self._looked = time.monotonic()

    def run(self) -> None:
        """Never raises: an error becomes the task's message."""
        error: str | None = None
        try:
            self._work()
        except ApiError as problem:
            error = str(problem)
        except Exception as problem:
            LOG.error("location import %s failed", self._task_id, exc_info=problem)
            error = "The location could not be added for a reason that is in the server's log."
        try:
            self._write(lambda ctx: self._end(ctx, error))
        finally:
            uploads.live(self._env).discard(self._task_id)

    def _work(self) -> None:
        size = web.measure(self._section, self._url)
        files.check_size(self._env.settings, size)
        if not self._section.do_secure_hash:
            self._write(lambda ctx: self._activate(ctx, size, **self._claimed))
            return
        algorithm = self._claimed.get("os_hash_algo", HASH_ALGORITHM)
        if not self._claimed:
            # as in Glance, the image can be used before its hashes are known
            self._write(lambda ctx: self._activate(ctx, size, os_hash_algo=algorithm))
        hashes = self._hash(algorithm)
        if self._claimed and hashes["os_hash_value"] != self._claimed["os_hash_value"].lower():
            raise InvalidDigest(reason=f"os_hash_value is {hashes['os_hash_value']} in truth")
        self._write(lambda ctx: self._activate(ctx, size, **hashes))

    def _hash(self, algorithm: str) -> dict[str, str]:
        checksum = hashlib.md5(usedforsecurity=False)
        digest = hashlib.new(algorithm, usedforsecurity=False)
        for block in web.fetch(self._section, self._url):
            checksum.update(block)
            digest.update(block)
            self._look()
        return {
            "os_hash_algo": algorithm,
            "os_hash_value": digest.hexdigest(),
            "checksum": checksum.hexdigest(),
        }

    def _activate(self, ctx: Context, size: int, **known: Any) -> None:
        image = self._image(ctx)
        image.stores = [self._section.web_store]
        image.status, image.size = "active", size
        image.upload_token = image.upload_seen_at = None
        for name, value in known.items():
            setattr(image, name, value)
        ctx.session.flush()

    def _end(self, ctx: Context, error: str | None) -> None:
        fail(ctx, self._task_id, error) if error else tasks.finish(ctx, self._task_id)

    def _look(self) -> None:
        """Record from time to time that the work goes on; raises ImageGone."""
        if time.monotonic() - self._looked > LOOK_EVERY:
            self._looked = time.monotonic()
            self._write(self._tell)

    def _tell(self, ctx: Context) -> None:
        image = self._image(ctx)
        tasks.progress(ctx, self._task_id, "Computing the hashes of the data")
        if image.upload_token == self._task_id:
            image.upload_seen_at = ctx.env.clock.now()

    def _image(self, ctx: Context) -> Image:
        image = ctx.session.get(Image, self._image_id)
        if image is None or image.upload_token not in (None, self._task_id):
            raise ImageGone(image_id=self._image_id)
        return image

    def _write(self, work: Callable[[Context], T]) -> T:
        ctx = Context(self._env, self._env.service("image"), write=True)
        return transact(ctx.transaction, lambda: work(ctx), write=True)


def fail(ctx: Context, task_id: str, error: str) -> None:
    """Mark a task as failed; an image in status importing is queued again, with the location."""
    task = ctx.session.get(Task, task_id)
    if task is None:
        return
    tasks.finish(ctx, task_id, error)
    image = ctx.session.get(Image, task.image_id)
    if image is None:
        return
    if image.upload_token == task_id:
        image.status, image.upload_token, image.upload_seen_at = "queued", None, None
        image.stores = [ctx.env.settings.of(ImageSettings).web_store]
    if image.os_hash_value is None:
        image.os_hash_algo = None
    ctx.session.flush()
