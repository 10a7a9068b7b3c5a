"""Imports: checks of the request, and the work that a thread does afterwards.

    glance-direct  staged data      uploading -> importing -> active
    web-download   data of a URI    queued    -> importing -> active
    glance-download  an image of this or another region, likewise
    copy-image     data of a store  active, more stores afterwards

The image keeps the token of its upload (web-download: the task's id), so that the cleanup of dead
uploads also cleans up dead imports.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from stratolith.image.exceptions import (
    ImportNotPossible,
    InvalidTransition,
    LastStore,
    NotInStore,
    StoreUnknown,
    UnknownStore,
)
from stratolith.image.managers import images, import_plugins, limits, region_sources, tasks, uploads
from stratolith.image.managers.fair_queue import FairQueue
from stratolith.image.managers.region_sources import Asker
from stratolith.image.models import Image, Task
from stratolith.image.settings import ImageSettings
from stratolith.image.store import catalogue, files, web
from stratolith.image.store.inspection import Inspection
from stratolith.image.store.receiving import Received, Receiver
from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import ApiError, BadRequest
from stratolith.kernel.transaction import transact

LOG = logging.getLogger(__name__)
T = TypeVar("T")
TELL_EVERY = 5.0  # seconds between two reports of progress


def start(ctx: Context, image: Image, request: dict[str, Any]) -> Task:
    """Begin an import; the work goes on after the commit.

    ``request``: the body of POST /images/{id}/import. Raises BadRequest, UnknownStore,
    ImportNotPossible, FormatsMissing, UriRefused, Forbidden.
    """
    method = request["method"]["name"]
    known = ctx.env.settings.of(ImageSettings).import_methods
    if method not in known:
        raise BadRequest(f"Unknown import method name '{method}'; known are: {', '.join(known)}.")
    stores = _stores(ctx, image, request)
    CHECKS[method](ctx, image, request)
    task_input = {"image_id": image.id, "import_req": request, "backend": stores}
    task = tasks.create(ctx, image, tasks.IMPORT, task_input)
    if method != "copy-image":
        import_plugins.inject(ctx, image)
    changes = import_plugins.change_data(ctx.env.settings)
    if method == "glance-direct" and stores == [files.NAME] and not changes:
        return _at_once(ctx, image, task)
    if method != "copy-image":
        _hand_over(ctx, image, task)
    image.importing = {"to": stores, "failed": []}
    ctx.session.flush()
    work = Work(ctx.env, task.id, image.upload_token or task.id, _asker(ctx))
    uploads.live(ctx.env).update((work.task_id, work.token))
    ctx.after_commit(lambda: submit(ctx.env, task.owner, work.run))
    return task


def _at_once(ctx: Context, image: Image, task: Task) -> Task:
    """Complete the import at once: staged data is already inspected and is only renamed."""
    received = uploads.staged_data(image)
    if received.refused is not None:
        _hand_over(ctx, image, task)
        image.importing = {"to": [], "failed": []}
        fail(ctx, task.id, received.refused)
        return task
    uploads.complete(ctx, image.id, image.upload_token or "", received)
    image.importing = {"to": [], "failed": []}
    tasks.finish(ctx, task.id)
    return task


def submit(env: Environment, project_id: str, work: Callable[[], None]) -> None:
    """Queue work for the import threads of this process; projects take turns."""
    _QUEUE.of(env).submit(project_id, work)


def _make_queue(env: Environment) -> FairQueue:
    section = env.settings.of(ImageSettings)
    each = section.import_workers_per_project
    return FairQueue(section.import_workers, each, "image-import")


_QUEUE = Once(_make_queue)


def _stores(ctx: Context, image: Image, request: dict[str, Any]) -> list[str]:
    names = files.names(ctx.env.settings)
    asked = names if request.get("all_stores") else request.get("stores") or [files.NAME]
    for store in asked:
        if store not in names:
            raise UnknownStore(store=store, known=", ".join(names))
    chosen = [name for name in names if name in asked]
    if request["method"]["name"] != "copy-image":
        return chosen
    missing = [name for name in chosen if name not in image.stores]
    if not request.get("all_stores") and missing != chosen:
        raise BadRequest(f"Image {image.id} is in store {', '.join(image.stores)} already.")
    return missing


def _direct(ctx: Context, image: Image, request: dict[str, Any]) -> None:
    staged = uploads.staged_data(image)
    limits.check(ctx, image.owner, **{limits.SIZE: staged.size})


def _download(ctx: Context, image: Image, request: dict[str, Any]) -> None:
    uri = request["method"].get("uri")
    if not uri:
        raise BadRequest("The import method web-download needs a uri.")
    web.check(ctx.env.settings.of(ImageSettings), uri)
    _take_data(ctx, image)


def _region(ctx: Context, image: Image, request: dict[str, Any]) -> None:
    region_sources.check(request["method"])
    _take_data(ctx, image)


def _take_data(ctx: Context, image: Image) -> None:
    """Raises an error unless the image can receive data from elsewhere."""
    if image.status != "queued":
        raise ImportNotPossible(status=image.status)
    images.require_formats(image)
    files.check_room(ctx.env.settings, 0)
    limits.check(ctx, image.owner, **{limits.SIZE: 0, limits.UPLOADING: 1})


def _copy(ctx: Context, image: Image, request: dict[str, Any]) -> None:
    ctx.authorize("copy_image", image.policy_target())
    if image.status != "active" or image.id in tasks.under_way(ctx):
        raise ImportNotPossible(status=image.status)


CHECKS: dict[str, Callable[[Context, Image, dict[str, Any]], None]] = {
    "glance-direct": _direct,
    "web-download": _download,
    "glance-download": _region,
    "copy-image": _copy,
}


def _asker(ctx: Context) -> Asker:
    return Asker(ctx.who, ctx.token, ctx.host_url, ctx.by_path)


def _hand_over(ctx: Context, image: Image, task: Task) -> None:
    """Make the task the owner of the image's upload."""
    image.status, image.upload_token = "importing", image.upload_token or task.id
    image.upload_seen_at = ctx.env.clock.now()


class Work:
    """One import on a thread; each database step has its own transaction."""

    def __init__(self, env: Environment, task_id: str, token: str, asker: Asker) -> None:
        self._env = env
        self._asker = asker
        self.copied: dict[str, Any] = {}  # attributes that come with the data
        self.properties: dict[str, str] = {}
        self.task_id = task_id
        self.token = token
        self._service = env.service("image")
        self._told = time.monotonic()
        self.method: dict[str, Any] = {}
        self.must_succeed = True
        self.image_id = ""
        self.stores: Sequence[str] = ()

    def run(self) -> None:
        """Never raises: an error becomes the task's message."""
        error: str | None = None
        try:
            received = self._begin()
            self._finish(received)
        except ApiError as problem:
            error = str(problem)
        except Exception as problem:
            LOG.error("import %s failed", self.task_id, exc_info=problem)
            error = "The import failed for a reason that is in the log of the server."
        try:
            if error is not None:
                self._write(lambda ctx: fail(ctx, self.task_id, str(error)))
        finally:
            uploads.live(self._env).difference_update((self.task_id, self.token))

    def _begin(self) -> Received | None:
        """Read the rows, then get the data; returns None when a store already has the data."""
        task, image, received = self._write(self._load)
        request = task.input["import_req"]
        self.method, self.stores = request["method"], task.input["backend"]
        self.must_succeed = request.get("all_stores_must_succeed", True)
        self.image_id = image.id
        if self.method["name"] in ("web-download", "glance-download"):
            received = self._fetch(image)
        if received is None or not import_plugins.change_data(self._env.settings):
            if received is not None and received.refused is not None:
                raise BadRequest(received.refused)
            return received
        path = files.staging_path(self._env.settings, image.id, self.token)
        steps = import_plugins.Preparation(self._env.settings, image, path, self._tell)
        received, changed = steps.run()
        self.copied.update(changed)
        return received

    def _load(self, ctx: Context) -> tuple[Task, Image, Received | None]:
        task = ctx.session.get_one(Task, self.task_id)
        image = ctx.session.get(Image, task.image_id)
        if image is None:
            raise ImportNotPossible(status="deleted")
        tasks.progress(ctx, task.id, "")
        method = task.input["import_req"]["method"]["name"]
        received = None
        if method == "glance-direct":
            received = msgspec.convert(image.staged, Received)
        return task, image, received

    def _fetch(self, image: Image) -> Received:
        settings = self._env.settings
        section = settings.of(ImageSettings)
        target = files.staging_path(settings, image.id, self.token)
        blocks = self._blocks(image)
        # data that plugins will unpack or convert is checked afterwards
        enforce = section.enforce_format and not import_plugins.change_data(settings)
        inspection = Inspection(
            image.disk_format or "", image.container_format or "", enforce=enforce
        )
        receiver = Receiver(settings, target, inspection)
        try:
            for block in blocks:
                receiver.write_now(block)
                self._tell(f"Copied {receiver.size >> 20} MiB")
            return receiver.finish()
        finally:
            receiver.close()

    def _blocks(self, image: Image) -> Iterator[bytes]:
        """The blocks of the source; an image of a region also sets the formats."""
        section = self._env.settings.of(ImageSettings)
        if self.method["name"] == "web-download":
            return web.fetch(section, self.method["uri"])
        source = region_sources.open_source(self._env, self.method, self._asker)
        self.copied, self.properties = dict(source.formats), dict(source.properties)
        for name, value in source.formats.items():
            setattr(image, name, value)  # on this detached object, for the inspection
        return source.blocks

    def _finish(self, received: Received | None) -> None:
        settings = self._env.settings
        source = self._source(received)
        done, failed = [], []
        for store in self.stores:
            if store == files.NAME and received is not None:
                done.append(store)  # the staged file is renamed at the end
                continue
            try:
                files.copy(settings, source, self.image_id, self.token, store)
                done.append(store)
            except (ApiError, OSError) as error:
                LOG.warning("import %s: store %s: %s", self.task_id, store, error)
                failed.append(store)
            self._tell("Copying to stores", always=True)
        if failed and (self.must_succeed or not done):
            self._discard([store for store in done if store != files.NAME or received is None])
            raise BadRequest(f"The data could not be written to: {', '.join(failed)}")
        self._write(lambda ctx: _complete(ctx, self, received, done, failed))

    def _source(self, received: Received | None) -> Path:
        settings = self._env.settings
        if received is not None:
            return files.staging_path(settings, self.image_id, self.token)
        for store in files.names(settings):
            path = files.path(settings, self.image_id, store)
            if path.exists():
                return path
        raise BadRequest(f"The data of image {self.image_id} is in no store.")

    def _discard(self, stores: Sequence[str]) -> None:
        settings = self._env.settings
        files.remove(*(files.path(settings, self.image_id, store) for store in stores))

    def _tell(self, message: str, *, always: bool = False) -> None:
        """Record the progress; raises ImageGone when the image was deleted."""
        if not always and time.monotonic() - self._told < TELL_EVERY:
            return
        self._told = time.monotonic()
        self._write(lambda ctx: self._report(ctx, message))

    def _report(self, ctx: Context, message: str) -> None:
        tasks.progress(ctx, self.task_id, message)
        if self.method["name"] != "copy-image":
            uploads.keep_alive(ctx, self.image_id, self.token)

    def _write(self, work: Callable[[Context], T]) -> T:
        ctx = Context(self._env, self._service, write=True)
        return transact(ctx.transaction, lambda: work(ctx), write=True)


def _complete(
    ctx: Context, work: Work, received: Received | None, done: list[str], failed: list[str]
) -> None:
    if received is not None:
        image = uploads.complete(ctx, work.image_id, work.token, received, done)
        for name, value in work.copied.items():
            setattr(image, name, value)
        if work.properties:
            image.properties = {**image.properties, **work.properties}
    else:
        row = ctx.session.get(Image, work.image_id)
        if row is None:
            ctx.after_commit(lambda: work._discard(done))
            tasks.finish(ctx, work.task_id, "The image was deleted.")
            return
        image = row
        held = dict.fromkeys((*image.stores, *done))
        image.stores = catalogue.in_order(ctx.env.settings, list(held))
    image.importing = {"to": [], "failed": failed}
    tasks.finish(ctx, work.task_id)


def fail(ctx: Context, task_id: str, error: str) -> None:
    """Mark a task as failed: the image is queued again (or keeps its stores)."""
    task = ctx.session.get(Task, task_id)
    if task is None:
        return
    LOG.warning("import %s into image %s failed: %s", task_id, task.image_id, error)
    tasks.finish(ctx, task_id, error)
    image = ctx.session.get(Image, task.image_id)
    if image is None:
        return
    if image.status == "importing" and image.upload_token is not None:
        uploads.abandon(ctx, image.id, image.upload_token)
        ctx.session.refresh(image)
    image.importing = {"to": [], "failed": list(task.input["backend"])}
    ctx.session.flush()


def delete_from_store(ctx: Context, image: Image, store: str) -> None:
    """Remove one of several copies. Raises StoreUnknown, NotInStore, LastStore."""
    if store not in catalogue.ids(ctx.env.settings):
        raise StoreUnknown(store=store)
    if image.status != "active":
        raise InvalidTransition(status=image.status, wanted="active in fewer stores")
    if store not in image.stores:
        raise NotInStore(image_id=image.id, store=store)
    if image.stores == [store]:
        raise LastStore
    image.stores = [name for name in image.stores if name != store]
    ctx.session.flush()
    if store in files.names(ctx.env.settings):
        path = files.path(ctx.env.settings, image.id, store)
        ctx.after_commit(lambda: files.remove(path))
