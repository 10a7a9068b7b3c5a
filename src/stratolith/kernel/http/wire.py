"""uvicorn's HTTP protocol, with a way for file contents to go from the disk to the socket.

ASGI passes bodies as Python objects, which copies every byte several times. A response that is a
file asks its scope for WIRE; the kernel then copies the file to the socket (sendfile). Where that
is not possible (TLS, another server, tests) WIRE is missing and the response sends as usual.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import Executor
from typing import Any

from starlette.requests import ClientDisconnect
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

WIRE = "stratolith.wire"  # key in scope["extensions"]
_PIECE = 64 << 20  # bytes a thread may send before the loop looks whether all is well


class Wire:
    """The connection behind one request."""

    def __init__(self, protocol: WireProtocol) -> None:
        self._protocol = protocol

    async def send_file(self, file: int, start: int, length: int, pool: Executor) -> None:
        """Send a part of an open file as the body, after ``http.response.start``.

        Raises ClientDisconnect. A slow client holds no thread: only copying is done in ``pool``.
        """
        transport, cycle = self._protocol.transport, self._protocol.cycle
        assert isinstance(cycle, RequestResponseCycle)
        while transport.get_write_buffer_size():  # the headers are still on their way
            await asyncio.sleep(0)
            if cycle.disconnected:
                raise ClientDisconnect
        loop = asyncio.get_running_loop()
        # a handle of our own: the loop does not let others wait for a transport's
        socket = os.dup(transport.get_extra_info("socket").fileno())
        try:
            end = start + length
            while start < end:
                start = await loop.run_in_executor(pool, _copy, socket, file, start, end)
                if cycle.disconnected:
                    raise ClientDisconnect
                if start < end:
                    await _writable(loop, socket)
        except (ConnectionError, TimeoutError):
            raise ClientDisconnect from None
        finally:
            os.close(socket)
        cycle.expected_content_length -= length


def _copy(socket: int, file: int, start: int, end: int) -> int:
    """Copy until the socket takes no more; gives the place in the file that was reached."""
    until = min(end, start + _PIECE)
    while start < until:
        try:
            sent = os.sendfile(socket, file, start, until - start)
        except BlockingIOError:
            break
        if sent == 0:
            raise ConnectionError("the file is shorter than its response")
        start += sent
    return start


async def _writable(loop: asyncio.AbstractEventLoop, socket: int) -> None:
    ready = loop.create_future()
    loop.add_writer(socket, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_writer(socket)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class WireProtocol(HttpToolsProtocol):
    """Offers WIRE to requests that come over plain TCP."""

    def on_headers_complete(self) -> None:
        if self.scheme == "http" and self.transport.get_extra_info("socket") is not None:
            extensions: dict[str, Any] = {WIRE: Wire(self)}
            self.scope["extensions"] = extensions
        super().on_headers_complete()
