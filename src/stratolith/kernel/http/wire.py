"""A way for large bodies past the event loop.

ASGI passes bodies as Python objects, which copies every byte several times. A route that moves
files asks its scope for WIRE: a response that is a file is copied to the socket by the kernel
(sendfile), a request's body of known length goes from the socket straight into the reader's
buffers. Where that is not possible (TLS, another server, tests) WIRE is missing, and bodies go
the usual way.
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

from stratolith.kernel.http.repeats import Again, Repeats, Words

WIRE = "stratolith.wire"  # key in scope["extensions"]
_PIECE = 64 << 20  # bytes a thread may send before the loop looks whether all is well
_WAIT_FOR = 1 << 20  # bytes worth waking up for
_LENGTHS = (b"content-length", b"transfer-encoding")  # what tells where a body ends


class Connection(Protocol):
    """What is asked of the connection (``kernel/http/protocol.py``)."""

    moved: int  # bytes of bodies that the client sent or took
    transport: asyncio.Transport
    flow: FlowControl
    repeats: ClassVar[Repeats]

    @property
    def drain_seconds(self) -> float:
        """How long the rest of a body is thrown away."""

    def body_was_taken(self) -> None:
        """A body went past the parser."""


class Wire:
    """The connection behind one request."""

    cycle: RequestResponseCycle  # uvicorn's side of the request
    seen = 0  # bytes of the body that the parser has read
    is_waiting = False  # for the client, to send or to take
    # Most requests change nothing of this, so that it is set for all of them at once.
    _left: int | None = None  # bytes of the body still in the socket; None: not ours yet
    _first = memoryview(b"")  # what the parser had read already
    _socket: socket.socket | None = None
    _ended: asyncio.Future[None] | None = None  # wakes who waits
    _users = 0  # of the socket's descriptor
    _is_closed = False

    def __init__(
        self, protocol: Connection, length: int | None, words: Words | None = None
    ) -> None:
        self._protocol = protocol
        self._length = length
        self._words = words

    # -- a whole answer ----------------------------------------------------------------------------

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send all of an answer by one write, where the ASGI way takes two; whether it was sent.

        headers: with a Content-Length where there is a body, and nothing in them that would have
        to be checked.
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

    def keep(self, again: Again, size: int) -> None:
        """Let the protocol itself answer the same request from now on; ``size`` of the body."""
        if self._words is not None:
            self._protocol.repeats.keep(self._words, again, size)

    # -- a file as the answer --------------------------------------------------------------------

    async def send_file(self, file: int, start: int, length: int, pool: Executor) -> None:
        """Send a part of an open file as the body, after ``http.response.start``.

        Raises ClientDisconnect. A slow client holds no thread: only copying is done in ``pool``.
        """
        transport, cycle = self._protocol.transport, self.cycle
        while transport.get_write_buffer_size():  # the headers are still on their way
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

    # -- a body as it comes ----------------------------------------------------------------------

    @property
    def has_known_body(self) -> bool:
        """Whether fill() can be used for the request's body."""
        return self._length is not None

    async def fill(self, buffer: memoryview) -> int:
        """Fill with the next bytes of the body; fewer than fit at its end, none after it.

        Raises ClientDisconnect. Reading is done in a thread, waiting is not.
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
            self._give_back()
        return filled

    async def drain(self) -> bool:
        """Throw away what is left of a body that was begun; whether that succeeded in time."""
        scratch = memoryview(bytearray(_WAIT_FOR))
        try:
            async with asyncio.timeout(self._protocol.drain_seconds):
                while await self.fill(scratch):
                    pass
        except (TimeoutError, ClientDisconnect):
            return False
        return True

    @property
    def is_in_the_middle(self) -> bool:
        """Whether part of the body was taken from the socket and part is still in it."""
        return self._socket is not None

    def arrived(self) -> int:
        """Bytes of the body that wait in the socket."""
        if self._socket is None:
            return 0
        size = bytearray(4)
        try:
            fcntl.ioctl(self._socket, termios.FIONREAD, size)
        except OSError:
            return 0
        return int.from_bytes(size, sys.byteorder)

    def _take_over(self) -> None:
        """From here on the parser sees nothing of this body."""
        protocol, cycle = self._protocol, self.cycle
        if cycle.waiting_for_100_continue:
            protocol.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            cycle.waiting_for_100_continue = False
        protocol.flow.pause_reading()
        self._first, cycle.body = memoryview(bytes(cycle.body)), bytearray()
        self._left = (self._length or 0) - self.seen
        if self._left and cycle.more_body:
            self._socket = self._open()

    def _give_back(self) -> None:
        """The body is complete: what comes next is the parser's again."""
        if self._socket is None:
            return
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        self._socket.close()
        self._socket = None
        self.cycle.more_body = False
        self._protocol.body_was_taken()

    async def _read(self, buffer: memoryview) -> int:
        """At least one byte."""
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
                self._hang_up()
                raise ClientDisconnect
            if got is not None:
                return got
            with contextlib.suppress(OSError):  # not on every kind of socket
                enough = min(len(buffer), _WAIT_FOR)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, enough)
            await self._ready(loop.add_reader, loop.remove_reader, connection)

    async def _ready(self, add: Any, remove: Any, connection: socket.socket) -> None:
        """Wait until ``connection`` can be written to or read from; raises ClientDisconnect."""
        ready = asyncio.get_running_loop().create_future()
        self._ended = ready
        add(connection.fileno(), _settle, ready)
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
        """A descriptor that a thread reads or the loop watches is closed after that, not before."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if self._is_closed:
                self.close()

    def _hang_up(self) -> None:
        self.close()
        self.cycle.disconnected = True
        self._protocol.transport.close()

    def close(self) -> None:
        """The connection ends: nobody waits for its client any longer."""
        self._is_closed = True
        if self._ended is not None:
            _settle(self._ended)
        if self._socket is not None and not self._users:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        """A handle of our own: the loop lets nobody else wait for a transport's."""
        inner = self._protocol.transport.get_extra_info("socket")
        opened = socket.socket(fileno=os.dup(inner.fileno()))
        opened.setblocking(False)
        return opened


def _copy(connection: socket.socket, file: int, start: int, end: int) -> int:
    """Copy until the socket takes no more; gives the place in the file that was reached."""
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
    """Bytes that were there, 0 when the client is gone, None when nothing is there yet."""
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


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def body_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Content-Length, None for a body in chunks or none at all."""
    found = [(name, value) for name, value in headers if name in _LENGTHS]
    if len(found) != 1 or found[0][0] != b"content-length":
        return None
    return int(found[0][1]) if found[0][1].isdigit() else None
