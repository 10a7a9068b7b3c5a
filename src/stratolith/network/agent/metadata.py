"""The metadata proxy: one thread that answers 169.254.169.254 in every namespace.

``metadata_guests`` identifies the guest. The request is passed through the agent API to the
compute metadata service, with the guest's identity. No guest can block others: a connection uses
no thread while it is read and answered, its time and size are limited, each port has a few
connections and fewer concurrent requests, and all unknown clients of a network share the limit of
one port.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec

from stratolith.kernel import metrics
from stratolith.kernel.agent.client import Reply as Answer
from stratolith.kernel.agent.client import Unreachable
from stratolith.network.agent.metadata_guests import Directory, Guest
from stratolith.network.agent.metadata_request import Refused, Reply, Request, answer, head_of, read
from stratolith.network.drivers.base import HostNetworkView, NetworkDriverError
from stratolith.network.drivers.linux.metadata import (
    ListeningPoint,
    arrival,
    listen_in_namespace,
    listening_points,
    namespace_number,
)

log = logging.getLogger(__name__)

# (method, path, headers, body, largest size of the answer) -> answer; raises Unreachable
Upstream = Callable[[str, str, Mapping[str, str], bytes | None, int], Answer]
MAX_REPLY = 1024 * 1024
THREADS = 16  # concurrent requests to the metadata service
PER_PORT = 8  # connections one port may have
PER_PORT_UPSTREAM = 2  # concurrent requests of one port to the metadata service
# connections; above the first each port may have one, above the second none
MANY, TOO_MANY = 256, 512
_PAUSE_SECONDS = 0.2
_PASSED_ON = ("accept", "content-type", "user-agent", "x-aws-ec2-metadata-token")
_PASSED_BACK = ("content-type", "cache-control", "last-modified", "etag")
_NO_SUCH_PATH = Reply(404, b"Not Found\n")
_BUSY = Reply(503, b"There are too many connections of this port.\n", {"retry-after": "1"})
_UNKNOWN_GUEST = Reply(404, b"Not Found: no server has this address here.\n")


class _Listener(msgspec.Struct):
    point: ListeningPoint
    number: int
    sock: socket.socket
    task: asyncio.Task[None] | None = None


class MetadataProxy:
    """Listens in namespaces and passes requests to ``upstream``."""

    def __init__(self, upstream: Upstream, *, in_routers: bool = True) -> None:
        self._upstream, self._in_routers = upstream, in_routers
        self._directory = Directory()
        self._listeners: dict[tuple[str, str], _Listener] = {}
        self._busy: Counter[str] = Counter()  # place -> connections; see _place
        self._asking: dict[str, asyncio.Semaphore] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="metadata")
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="metadata", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._stopping = True
        if self._thread is not None:
            self._call(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._pool.shutdown(cancel_futures=True)
        self._loop.close()

    def update(self, view: HostNetworkView) -> dict[str, str]:
        """Listen for this view: call it after each apply of the network driver.

        Returns failures: namespace -> reason. The next call tries such a namespace again.
        """
        if not self._in_routers:
            # a network without guests here has no namespace
            networks = [network for network in view.networks if network.ports]
            view = msgspec.structs.replace(view, routers=[], networks=networks)
        self._directory = Directory(view)
        wanted = {(point.namespace, point.address): point for point in listening_points(view)}
        for key, listener in list(self._listeners.items()):
            point = wanted.get(key)
            same_place = point is not None and point.port == listener.point.port
            if not same_place or namespace_number(key[0]) != listener.number:
                self._call(self._hang_up(self._listeners.pop(key)))
        failed: dict[str, str] = {}
        for key, point in wanted.items():
            present = self._listeners.get(key)
            if present is not None:
                present.point = point
                continue
            try:
                self._listen(key, point)
            except NetworkDriverError as error:
                failed[point.namespace] = str(error)
        return failed

    def _listen(self, key: tuple[str, str], point: ListeningPoint) -> None:
        number = namespace_number(point.namespace) or 0
        sock = listen_in_namespace(point.namespace, point.address, point.port)
        listener = self._listeners[key] = _Listener(point, number, sock)
        self._call(self._open(listener))

    # -- the loop's thread -----------------------------------------------------------------------

    def _run(self) -> None:
        """Run the loop, again if it fails: its listeners and connections continue."""
        asyncio.set_event_loop(self._loop)
        while not self._stopping:
            try:
                self._loop.run_forever()
            except Exception:
                metrics.HELPER_RESTARTS.labels("metadata").inc()
                log.exception("the metadata proxy had ended: started again")

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the coroutine in the loop's thread and wait for it."""
        if self._thread is None:
            self.start()
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self, listener: _Listener) -> None:
        listener.task = self._loop.create_task(self._accept_all(listener))

    async def _hang_up(self, listener: _Listener) -> None:
        if listener.task is not None:
            listener.task.cancel()
            await asyncio.gather(listener.task, return_exceptions=True)
        listener.sock.close()

    async def _end(self) -> None:
        for listener in self._listeners.values():
            await self._hang_up(listener)
        self._listeners.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept_all(self, listener: _Listener) -> None:
        while True:
            try:
                sock, peer = await self._loop.sock_accept(listener.sock)
                self._admit(listener, sock, str(peer[0]).partition("%")[0])
            except OSError as error:  # perhaps too many open files, or the client disconnected
                log.debug("metadata connection in %s: %s", listener.point.namespace, error)
                await asyncio.sleep(_PAUSE_SECONDS)
            except Exception:
                metrics.HELPER_RESTARTS.labels("metadata").inc()
                log.exception("metadata in %s: listening again", listener.point.namespace)
                await asyncio.sleep(_PAUSE_SECONDS)

    def _admit(self, listener: _Listener, sock: socket.socket, address: str) -> None:
        try:
            arrival_info = arrival(sock, address)
            guest = self._directory.find(listener.point, arrival_info)
            # unknown clients share one place, regardless of their addresses
            place = guest.port_id if guest else f"{listener.point.namespace} {arrival_info.device}"
            total = self._busy.total()
            limit = PER_PORT if total < MANY else 1 if total < TOO_MANY else 0
            if self._busy[place] >= limit:
                with contextlib.suppress(OSError):
                    sock.send(head_of(_BUSY) + _BUSY.data)
                sock.close()
                return
        except Exception:
            sock.close()
            raise
        self._busy[place] += 1
        task = self._loop.create_task(self._serve(sock, address, guest, place))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # a task that is cancelled before its start runs no line of _serve
        task.add_done_callback(lambda _: sock.close())

    async def _serve(
        self, sock: socket.socket, address: str, guest: Guest | None, place: str
    ) -> None:
        try:
            sock.setblocking(False)
            request, reply = await self._reply(sock, address, guest, place)
            if reply is not None:
                await answer(sock, reply, request.method if request else "GET")
        except OSError as error:
            log.debug("metadata request of %s: %s", address, error)
        finally:
            sock.close()
            self._busy[place] -= 1
            if self._busy[place] <= 0:
                del self._busy[place]
                self._asking.pop(place, None)

    async def _reply(
        self, sock: socket.socket, address: str, guest: Guest | None, place: str
    ) -> tuple[Request | None, Reply | None]:
        request = None
        try:
            request = await read(sock)
            if request is None:
                return None, None
            if guest is None:
                return request, _UNKNOWN_GUEST
            path = plain_path(request.path)
            if path is None:
                return request, _NO_SUCH_PATH
            async with self._asking.setdefault(place, asyncio.Semaphore(PER_PORT_UPSTREAM)):
                ask = partial(self._ask, request, path, guest, address)
                return request, await self._loop.run_in_executor(self._pool, ask)
        except Refused as refusal:
            return request, Reply(refusal.status, f"{refusal.text}\n".encode())

    # -- threads of the pool ---------------------------------------------------------------------

    def _ask(self, request: Request, path: str, guest: Guest, address: str) -> Reply:
        """The metadata service's answer for this guest."""
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        headers |= {
            "X-Instance-ID": guest.server_id,
            "X-Tenant-ID": guest.project_id,
            "X-Forwarded-For": address,
        }
        body = bytes(request.body) or None
        try:
            reply = self._upstream(request.method, path, headers, body, MAX_REPLY + 1)
        except Unreachable as error:
            log.warning("metadata service does not answer: %s", error)
            return Reply(503, b"The metadata service does not answer.\n")
        if len(reply.body) > MAX_REPLY:
            return Reply(502, b"The metadata service's answer is too large.\n")
        headers_back = {name: value for name in _PASSED_BACK if (value := reply.headers.get(name))}
        if request.method == "HEAD" and (length := reply.headers.get("content-length")):
            headers_back["content-length"] = length
        return Reply(reply.status, reply.body, headers_back)


def plain_path(raw_path: str) -> str | None:
    """The path of a guest's request with each part quoted, and its query, to append to another.

    None for a path with ".." or ".": it could leave the path that it is appended to.
    """
    url = urlsplit(f"/{raw_path.lstrip('/')}")
    parts = [unquote(part) for part in url.path.split("/")[1:]]
    if any(part in (".", "..") or "/" in part for part in parts):
        return None
    query = f"?{quote(url.query, safe='%=&+')}" if url.query else ""
    return "".join(f"/{quote(part, safe='')}" for part in parts) + query
