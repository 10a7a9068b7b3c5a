"""Transfers large bodies without the event loop.

ASGI passes bodies as Python objects and copies each byte several times. A route for files looks for
WIRE in its scope: the kernel copies a file to the socket (sendfile), and a request's body of known
length goes from the socket directly into the reader's buffers. Where this is not possible (TLS,
another server, tests) WIRE is missing, and bodies take the usual way.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import sys
import termios
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, ClassVar, Protocol

from starlette.requests import ClientDisconnect
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from stratolith.kernel.http.repeats import Repeat, Repeats, RequestKey

WIRE = "stratolith.wire"  # key in scope["extensions"]
_PIECE = 64 << 20  # bytes that a thread sends before it returns to the loop
_WAIT_FOR = 1 << 20  # bytes for which to wait before the next read
_LENGTHS = (b"content-length", b"transfer-encoding")  # the fields that define the end of a body


class Connection(Protocol):
    """What Wire needs from the connection (``kernel/http/protocol.py``)."""

    moved: int  # bytes of bodies that the client has sent or received
    transport: asyncio.Transport
    flow: FlowControl
    repeats: ClassVar[Repeats]

    @property
    def drain_seconds(self) -> float:
        """How long the rest of a body is read and discarded."""

    def body_was_taken(self) -> None:
        """A body bypassed the parser."""


class Wire:
    """The connection of one request."""

    cycle: RequestResponseCycle  # uvicorn's side of the request
    seen = 0  # bytes of the body that the parser has read
    is_waiting = False  # for the client, to send or to receive
    # Class attributes as defaults: most requests never change them.
    # bytes of the body still in the socket; None: the parser still reads the body
    _left: int | None = None
    _first = memoryview(b"")  # bytes that the parser read before the takeover
    _socket: socket.socket | None = None
    _ended: asyncio.Future[None] | None = None  # wakes the waiting coroutine
    _users = 0  # of the descriptor of the socket
    _is_closed = False

    def __init__(
        self, protocol: Connection, length: int | None, request_key: RequestKey | None = None
    ) -> None:
        self._protocol = protocol
        self._length = length
        self._request_key = request_key

    # -- a whole answer ----------------------------------------------------------------------------

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send the whole answer in one write, where ASGI needs two; returns whether it was sent.

        headers: with a Content-Length if there is a body; they are not validated.
        """
        cycle, transport = self.cycle, self._protocol.transport
        if cycle.response_started or cycle.disconnected or self._protocol.flow.write_paused:
            return False
        fields = [*cycle.default_headers, *headers]
        if any(name == b"connection" and value.lower() == b"close" for name, value in headers):
            cycle.keep_alive = False
        elif not cycle.keep_alive:
            fields.append((b"connection", b"close"))
        lines = [b"%s: %s\r\n" % field for field in fields]
        transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        if not cycle.keep_alive:
            transport.close()
        cycle.on_response()
        return True

    def keep(self, again: Repeat, size: int) -> None:
        """The protocol answers the same request from now on; ``size``: bytes of the body."""
        if self._request_key is not None:
            self._protocol.repeats.keep(self._request_key, again, size)

    # -- a file as the answer --------------------------------------------------------------------

    async def send_file(self, file: int, start: int, length: int, pool: Executor) -> None:
        """Send a part of an open file as the body, after ``http.response.start``.

        Raises ClientDisconnect. A slow client blocks no thread: only copying runs in ``pool``.
        """
        transport, cycle = self._protocol.transport, self.cycle
        while transport.get_write_buffer_size():  # the headers are not sent yet
            await asyncio.sleep(0)
            if cycle.disconnected:
                raise ClientDisconnect
        loop = asyncio.get_running_loop()
        end = start + length
        with self._open() as connection:
            try:
                while start < end:
                    at = await loop.run_in_executor(pool, _copy, connection, file, start, end)
                    if cycle.disconnected:
                        raise ClientDisconnect
                    self._protocol.moved += at - start
                    start = at
                    if start < end:
                        await self._ready(loop.add_writer, loop.remove_writer, connection)
            except (ConnectionError, TimeoutError):
                raise ClientDisconnect from None
        cycle.expected_content_length -= length

    # -- the body of a request ---------------------------------------------------------------------

    @property
    def has_known_body(self) -> bool:
        """Whether fill() can be used for the body of the request."""
        return self._length is not None

    async def fill(self, buffer: memoryview) -> int:
        """Read the next bytes of the body into ``buffer``; fewer at the end of the body, then 0.

        Raises ClientDisconnect. Reads in a thread, waits on the event loop.
        """
        if self._is_closed:
            raise ClientDisconnect
        if self._left is None:
            self._take_over()
        filled = min(len(self._first), len(buffer))
        buffer[:filled] = self._first[:filled]
        self._first = self._first[filled:]
        wanted = filled + min(len(buffer) - filled, self._left or 0)
        while filled < wanted:
            got = await self._read(buffer[filled:wanted])
            filled += got
            self._protocol.moved += got
            self._left = (self._left or 0) - got
        if not self._left and not self._first:
            self._return_to_parser()
        return filled

    async def drain(self) -> bool:
        """Discard the rest of a partly read body; returns whether that succeeded in time."""
        scratch = memoryview(bytearray(_WAIT_FOR))
        try:
            async with asyncio.timeout(self._protocol.drain_seconds):
                while await self.fill(scratch):
                    pass
        except (TimeoutError, ClientDisconnect):
            return False
        return True

    @property
    def has_partial_body(self) -> bool:
        """Whether a part of the body was read from the socket and a part is still in it."""
        return self._socket is not None

    def arrived(self) -> int:
        """Bytes of the body that are in the socket's buffer."""
        if self._socket is None:
            return 0
        size = bytearray(4)
        try:
            fcntl.ioctl(self._socket, termios.FIONREAD, size)
        except OSError:
            return 0
        return int.from_bytes(size, sys.byteorder)

    def _take_over(self) -> None:
        """Stop the parser: from now on this object reads the body."""
        protocol, cycle = self._protocol, self.cycle
        if cycle.waiting_for_100_continue:
            protocol.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            cycle.waiting_for_100_continue = False
        protocol.flow.pause_reading()
        self._first, cycle.body = memoryview(bytes(cycle.body)), bytearray()
        self._left = (self._length or 0) - self.seen
        if self._left and cycle.more_body:
            self._socket = self._open()

    def _return_to_parser(self) -> None:
        """The body is complete: let the parser read again."""
        if self._socket is None:
            return
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        self._socket.close()
        self._socket = None
        self.cycle.more_body = False
        self._protocol.body_was_taken()

    async def _read(self, buffer: memoryview) -> int:
        """Read at least one byte."""
        assert self._socket is not None
        with self._in_use():
            return await self._receive(self._socket, buffer)

    async def _receive(self, connection: socket.socket, buffer: memoryview) -> int:
        loop = asyncio.get_running_loop()
        while True:
            try:
                got = await loop.run_in_executor(None, _receive, connection, buffer)
            except ConnectionError:
                got = 0
            if got == 0:
                self._disconnect()
                raise ClientDisconnect
            if got is not None:
                return got
            with contextlib.suppress(OSError):  # not supported by every kind of socket
                enough = min(len(buffer), _WAIT_FOR)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, enough)
            await self._ready(loop.add_reader, loop.remove_reader, connection)

    async def _ready(self, add: Any, remove: Any, connection: socket.socket) -> None:
        """Wait until ``connection`` can be written to or read from; raises ClientDisconnect."""
        ready = asyncio.get_running_loop().create_future()
        self._ended = ready
        add(connection.fileno(), _set_done, ready)
        self.is_waiting = True
        try:
            await ready
        finally:
            self.is_waiting = False
            self._ended = None
            remove(connection.fileno())
        if self.cycle.disconnected:
            raise ClientDisconnect

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        """Delays closing the descriptor until threads and the event loop no longer use it."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if self._is_closed:
                self.close()

    def _disconnect(self) -> None:
        self.close()
        self.cycle.disconnected = True
        self._protocol.transport.close()

    def close(self) -> None:
        """The connection ends: stop waiting for its client."""
        self._is_closed = True
        if self._ended is not None:
            _set_done(self._ended)
        if self._socket is not None and not self._users:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        """A duplicate of the socket: asyncio does not let us wait for a transport's socket."""
        inner = self._protocol.transport.get_extra_info("socket")
        opened = socket.socket(fileno=os.dup(inner.fileno()))
        opened.setblocking(False)
        return opened


def _copy(connection: socket.socket, file: int, start: int, end: int) -> int:
    """Copy until the socket accepts no more; returns the reached position in the file."""
    until = min(end, start + _PIECE)
    while start < until:
        try:
            sent = os.sendfile(connection.fileno(), file, start, until - start)
        except BlockingIOError:
            break
        if sent == 0:
            raise ConnectionError("the file is shorter than its response")
        start += sent
    return start


def _receive(connection: socket.socket, buffer: memoryview) -> int | None:
    """The number of bytes read; 0: the client disconnected; None: no data yet."""
    filled = 0
    while filled < len(buffer):
        try:
            got = connection.recv_into(buffer[filled:])
        except BlockingIOError:
            return filled or None
        if got == 0:
            return filled
        filled += got
    return filled


def _set_done(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def body_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Content-Length; None for a chunked body or no body."""
    fields = [(name, value) for name, value in headers if name in _LENGTHS]
    if len(fields) != 1 or fields[0][0] != b"content-length":
        return None
    return int(fields[0][1]) if fields[0][1].isdigit() else None
