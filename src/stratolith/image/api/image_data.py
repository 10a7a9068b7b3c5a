"""Image data: upload, staging, download; and download for agents."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from starlette.requests import Request

from stratolith.image.exceptions import (
    ImageDataNotFound,
    ImageDeactivated,
    ImageNotFound,
    RemoteUnavailable,
    UnknownStore,
)
from stratolith.image.managers import (
    generations,
    images,
    import_plugins,
    limits,
    locations,
    uploads,
)
from stratolith.image.models import Image
from stratolith.image.settings import ImageSettings
from stratolith.image.store import cache, catalogue, files
from stratolith.image.store.inspection import Deferred, Inspection
from stratolith.image.store.receiving import Received, Receiver, Stream, receive
from stratolith.image.store.remote import RemoteData, RemoteStream
from stratolith.image.store.sending import FileStream, parse_part
from stratolith.kernel.config import Settings
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import ApiError, BadRequest
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import JSON, Route
from stratolith.kernel.http.streaming import in_thread, in_transaction
from stratolith.kernel.http.wire import WIRE, Wire
from stratolith.kernel.service import plates

BYTES = "application/octet-stream"
Complete = Callable[[Context, str, str, Received], Any]


async def upload(ctx: Context, request: Request, image: Image) -> Response:
    """Receive the data of a queued image; the image becomes active when they are complete and
    valid.
    """
    store = _store(ctx, request)

    def complete(ctx: Context, image_id: str, token: str, received: Received) -> Any:
        return uploads.complete(ctx, image_id, token, received, [store])

    await _take(ctx, request, image, staging=False, complete=complete, store=store)
    return Response(status=204)


async def stage(ctx: Context, request: Request, image: Image) -> Response:
    """Receive data that a later import assigns to the image."""
    await _take(ctx, request, image, staging=True, complete=uploads.stage)
    return Response(status=204)


async def download(ctx: Context, request: Request, image: Image) -> Any:
    """The data or one range of them; 204 when the image has no data yet."""
    if image.status == "deactivated" and not ctx.is_admin:
        raise ImageDeactivated
    if image.size is None or image.status not in ("active", "deactivated"):
        return Response(status=204)
    wanted = parse_part(request.headers, image.size)
    headers = {"content-type": BYTES, "accept-ranges": "bytes"}
    if image.checksum:
        headers["content-md5"] = image.checksum
    if wanted is None:
        return await _open(ctx, image, headers)
    start, length = wanted
    headers["content-range"] = f"bytes {start}-{start + length - 1}/{image.size}"
    return await _open(ctx, image, headers, start=start, length=length, status=206)


async def download_for_agent(ctx: Context, request: Request, image_id: str) -> Any:
    """All data of an active image of which a guest on the agent's host was created.

    Format and hash are in headers.
    """
    image = await in_transaction(ctx, lambda: _for_agent(ctx, image_id), write=False)
    headers = {
        "content-type": BYTES,
        "x-image-disk-format": image.disk_format or "",
        "x-image-checksum": image.checksum or "",
        "x-image-hash-algo": image.os_hash_algo or "",
        "x-image-hash-value": image.os_hash_value or "",
        "x-image-virtual-size": str(image.virtual_size or 0),
    }
    return await _open(ctx, image, headers)


def _for_agent(ctx: Context, image_id: str) -> Image:
    """Raises ImageNotFound, also for an image that no guest on the agent's host uses."""
    host = ctx.agent.host if ctx.agent is not None else ""
    image = ctx.session.get(Image, image_id)
    users = [service.host_duties.uses_image for service in plates(ctx.env)]
    is_used = any(uses(ctx, host, image_id) for uses in users if uses is not None)
    if image is None or image.status != "active" or not is_used:
        raise ImageNotFound(image_id=image_id)
    return image


async def _open(
    ctx: Context, image: Image, headers: dict[str, str], **part: int
) -> FileStream | RemoteStream:
    """Open the cached copy, or else the first available store, ordered by preference or weight."""
    settings = ctx.env.settings
    for store in ("", *_preferred(ctx, image)):
        path = await in_thread(_path, settings, image, store)
        try:
            if path is not None:
                return await in_thread(partial(FileStream, path, headers, **part))
        except FileNotFoundError:
            continue  # another store may still have the data
        if store == settings.of(ImageSettings).web_store:
            for url in locations.on_web(image):
                return await _open_remote(ctx, image, url, headers, **part)
    raise ImageDataNotFound(image_id=image.id)


def _path(settings: Settings, image: Image, store: str) -> Path | None:
    """The file in a store of files; without a store: the copy in the cache."""
    if not store:
        return cache.read(settings, generations.copied(image))
    known = store in files.names(settings)
    return files.path(settings, image.id, store) if known else None


def _preferred(ctx: Context, image: Image) -> list[str]:
    """The stores of an image, first those that the query prefers; raises UnknownStore."""
    asked = [store.strip() for store in ctx.query.get("prefer", "").split(",") if store.strip()]
    if asked:
        ctx.authorize("download_from_store", image.policy_target())
    known = catalogue.ids(ctx.env.settings)
    for store in asked:
        if store not in known:
            raise UnknownStore(store=store, known=", ".join(known))
    return sorted(
        image.stores, key=lambda store: asked.index(store) if store in asked else len(asked)
    )


async def _open_remote(
    ctx: Context,
    image: Image,
    url: str,
    headers: dict[str, str],
    *,
    start: int = 0,
    length: int | None = None,
    status: int = 200,
) -> RemoteStream:
    settings, size = ctx.env.settings, image.size or 0
    wanted = size if length is None else length
    data = RemoteData(settings.of(ImageSettings), url, start, wanted)
    try:
        await data.open(size, part=length is not None)
    except ApiError as error:
        raise RemoteUnavailable(image_id=image.id, reason=str(error)) from None
    copy = None
    if length is None and ctx.method == "GET":
        copy = await in_thread(cache.begin, settings, generations.copied(image), size)
    return RemoteStream(data, headers, length=wanted, status=status, copy=copy)


async def _take(
    ctx: Context,
    request: Request,
    image: Image,
    *,
    staging: bool,
    complete: Complete,
    store: str = files.NAME,
) -> None:
    settings = ctx.env.settings
    size = _announced(request)
    files.check_size(settings, size)
    files.check_room(settings, size)
    wanted = {limits.STAGED if staging else limits.SIZE: size, limits.UPLOADING: 1}

    def begin() -> tuple[Image, str]:
        limits.check(ctx, image.owner, **wanted)
        return uploads.begin(ctx, image.id, staging=staging)

    image, token = await in_transaction(ctx, begin, write=True)
    try:
        received = await _receive(ctx, request, image, token)
        if store != files.NAME:
            staged = files.staging_path(settings, image.id, token)
            await in_thread(files.copy, settings, staged, image.id, token, store)
        await in_transaction(ctx, lambda: complete(ctx, image.id, token, received), write=True)
    except BaseException:
        # shielded: this task may be cancelled when the client disconnects, but the row must be
        # reset
        undo = in_transaction(ctx, lambda: uploads.abandon(ctx, image.id, token), write=True)
        await asyncio.shield(undo)
        raise
    finally:
        uploads.live(ctx.env).discard(token)


async def _receive(ctx: Context, request: Request, image: Image, token: str) -> Received:
    settings = ctx.env.settings
    enforce = settings.of(ImageSettings).enforce_format
    judge = Inspection
    if image.status == "uploading":
        judge = Deferred  # the import reports errors of the data, as upstream
        if import_plugins.change_data(settings):
            enforce = False  # check staged data after the plugins of the import changed them
    inspection = judge(image.disk_format or "", image.container_format or "", enforce=enforce)
    target = files.staging_path(settings, image.id, token)
    receiver = await in_thread(partial(Receiver, settings, target, inspection, direct=True))
    return await receive(_Body(ctx, request, image.id, token), receiver)


class _Body:
    """The body of a request, read from the socket directly if possible.

    Regularly updates the row during the upload (ImageGone ends it).
    """

    def __init__(self, ctx: Context, request: Request, image_id: str, token: str) -> None:
        wire: Wire | None = request.scope.get("extensions", {}).get(WIRE)
        self._wire = wire if wire is not None and wire.has_known_body else None
        self._stream = Stream(request.stream())
        self._ctx, self._image_id, self._token = ctx, image_id, token
        self._updated_at = time.monotonic()

    async def fill(self, buffer: memoryview) -> int:
        source = self._stream if self._wire is None else self._wire
        filling = asyncio.ensure_future(source.fill(buffer))
        try:
            # one buffer of a slow client may take longer than the interval for updates of the row
            while True:
                wait = max(self._updated_at + uploads.HEARTBEAT - time.monotonic(), 0.0)
                if (await asyncio.wait([filling], timeout=wait))[0]:
                    return filling.result()
                self._updated_at = time.monotonic()
                await in_transaction(self._ctx, self._keep_alive, write=True)
        finally:
            filling.cancel()

    def _keep_alive(self) -> None:
        uploads.keep_alive(self._ctx, self._image_id, self._token)


def _store(ctx: Context, request: Request) -> str:
    """The store that the request names; raises UnknownStore."""
    asked = request.headers.get("x-image-meta-store") or files.NAME
    return catalogue.writable(ctx.env.settings, asked)


def _announced(request: Request) -> int:
    """Content-Length; 0 for chunked data."""
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or len(length) > 18:
        raise BadRequest("Content-Length must be a whole number.")
    return int(length)


def _routed(path: str, method: str, handler: Any, rule: str, *types: str) -> Route:
    media_types = types or JSON
    return Route(
        method, path, handler, load=images.get, rule=rule, stream=True, media_types=media_types
    )


ROUTES = [
    _routed("/images/{image_id}/file", "PUT", upload, "upload_image", BYTES),
    _routed("/images/{image_id}/stage", "PUT", stage, "modify_image", BYTES),
    _routed("/images/{image_id}/file", "GET", download, "download_image"),
]
AGENT_ROUTES = [Route.get("/v1/images/{image_id}", download_for_agent, public=True, stream=True)]
