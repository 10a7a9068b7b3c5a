"""uvicorn's HTTP protocol with strict syntax and limits.

Refuses requests that the parser (llhttp) accepts but RFC 9112 forbids: if two programs see the end
of a request in different places, a second request can be smuggled behind it. The server never
switches protocols, so a request to upgrade is an ordinary request (RFC 9110, section 7.8).
Limits are in kernel/http/connections.py; bodies of files use kernel/http/wire.py.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import string
import struct
from functools import lru_cache
from itertools import chain
from typing import Any, ClassVar

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from stratolith.kernel.http.connections import Connections, Limits, Phase, address_of
from stratolith.kernel.http.repeats import Repeats, RequestKey
from stratolith.kernel.http.wire import WIRE, Wire, body_length

_NAME = frozenset((string.ascii_letters + string.digits + ".-_").encode())
_UNWANTED_BYTES = 32  # maximum bytes of an unread body for each byte around its chunks
_PIPELINED = 8  # maximum requests that wait for the answer to an earlier request
_DRAINED = 48 << 10  # bytes between the high and the low mark of a transport's buffer
# in scope["extensions"]: the client's verified certificate as DER
CERTIFICATE = "stratolith.certificate"
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with time 0: closing resets the connection
_UPGRADE_FIELDS = (b"upgrade", b"http2-settings")
TEXTS = {
    400: "The request is not valid HTTP.",
    408: "The request did not arrive in time.",
    414: "The address of the request is too long.",
    431: "The head of the request is too large.",
    501: "The server does not know this method or transfer coding.",
    505: "The server speaks HTTP/1.1 and HTTP/1.0.",
}


class Refused(Exception):
    """A refused request; raised inside the parser's callbacks."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class WireProtocol(HttpToolsProtocol):
    """One connection; ``guarded`` makes the class for a server, with the table of connections."""

    table: ClassVar[Connections]
    repeats: ClassVar[Repeats]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.phase_since = self.loop.time()
        self.moved = 0  # bytes of bodies that the client has sent or received
        self.wire: Wire | None = None  # of the newest request
        self._address: str | None = None
        self._certificate: bytes | None = None
        self._has_wire = False  # whether bodies can bypass the parser
        self._running: RequestResponseCycle | None = None  # the request in progress
        self._in_head = self._in_body = False
        self._begun = False  # a byte of the request line was received
        self._framing = 0  # bytes outside bodies since the request began
        self._body_bytes = 0
        self._has_earlier_requests = False  # earlier requests came in the same read
        self._is_over = False  # further input is ignored
        self._is_answered = False  # the current request was answered without the application

    # -- the connection --------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._address = address_of(self.client)
        ssl_object = transport.get_extra_info("ssl_object")
        if ssl_object is not None:
            self._certificate = ssl_object.getpeercert(binary_form=True)
        self._has_wire = self.scheme == "http" and transport.get_extra_info("socket") is not None
        if self._address is not None and not self.table.admit(self, self._address, self.loop):
            self._is_over = True
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._address is not None:
            self.table.leave(self, self._address)
        for cycle in (self._running, self.cycle, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        super().connection_lost(exc)
        if self.wire is not None:
            self.wire.close()

    def eof_received(self) -> Any:
        """The client sends no more; returns true if it still gets answers (RFC 9112, section 9.6).

        Agents do not half-close and TLS cannot: if they end their side, the connection is closed.
        """
        if self._address is None or self.scheme == "https" or self._is_over:
            return None
        self._is_over = True
        last = None if self._in_head or self._in_body else self._pending_before()
        if last is None:
            return None
        last.keep_alive = False  # the connection is closed after the last answer
        return True

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        if not self._in_head and not self._in_body:
            self._begin_head()
        self._framing += len(data)
        self._unset_keepalive_if_required()
        try:
            self._parse(data)
            if self._framing > self.table.limits.head_bytes:
                self._check_framing()
        except Refused as refused:
            self._refuse(refused.status)

    def _parse(self, data: bytes) -> None:
        """Raises Refused."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._parse_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            raise (cause if isinstance(cause, Refused) else Refused(400)) from None
        except httptools.HttpParserInvalidMethodError:
            raise Refused(501) from None
        except httptools.HttpParserError as error:
            raise Refused(505 if "HTTP version" in str(error) else 400) from None

    def _parse_without_upgrade(self, rest: bytes) -> None:
        """The parser stops at an upgrade: give it the same request without the upgrade."""
        version = self.parser.get_http_version().encode()
        head = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.split(b",")]
                value = b", ".join(o for o in options if o.lower() not in _UPGRADE_FIELDS)
            if name not in _UPGRADE_FIELDS and (value or name != b"connection"):
                head.append(b"%s: %s" % (name, value))
        self.parser = httptools.HttpRequestParser(self)
        self._parse(b"\r\n".join([*head, b"", b""]) + rest)

    def _check_framing(self) -> None:
        """Raises Refused when too many bytes are not body: a head, extensions of chunks, or the
        lines around very small chunks, each of which costs a callback of the parser.
        """
        spare = self._body_bytes if self._in_body else 0
        if self._in_body and self.cycle.response_complete:
            spare //= _UNWANTED_BYTES
        if (self._in_head or self._in_body) and self._framing > (
            self.table.limits.head_bytes + spare
        ):
            raise Refused(431)

    # -- the parser's callbacks ------------------------------------------------------------------

    def _begin_head(self) -> None:
        self._in_head, self._in_body, self._begun = True, False, False
        self._framing = self._body_bytes = 0
        self.phase_since = self.loop.time()

    def on_message_begin(self) -> None:
        self._has_earlier_requests = not self._in_head  # an earlier request ended in the same read
        if self._has_earlier_requests:
            framing = self._framing
            self._begin_head()
            self._framing = framing
        self._begun = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.table.limits.head_bytes // 2:
            raise Refused(414)

    def on_headers_complete(self) -> None:
        if self.parser.get_method() == b"CONNECT":
            raise Refused(501)
        if self.parser.should_upgrade():
            return  # the same request is parsed again without the upgrade
        if len(self.pipeline) >= _PIPELINED:
            raise Refused(400)  # the connection is closed after the answers to earlier requests
        size = self._check_head()
        # all other bytes of this read belong to this request, unless earlier requests came with it
        self._framing = 0 if self._has_earlier_requests else max(self._framing - size, 0)
        self._in_head, self._in_body = False, True
        self.wire = None
        request_key = self._request_key()
        if request_key is not None and self._answer_again(request_key):
            return
        if self._has_wire:
            self.wire = Wire(self, body_length(self.headers), request_key)
            extensions: dict[str, Any] = {WIRE: self.wire}
            self.scope["extensions"] = extensions
        elif self._certificate is not None:
            self.scope["extensions"] = {CERTIFICATE: self._certificate}  # type: ignore[dict-item]
        super().on_headers_complete()
        if self.wire is not None:
            self.wire.cycle = self.cycle
        self.headers = []  # trailer fields are not headers of the next request

    def _check_head(self) -> int:
        """The size of the head; raises Refused for what RFC 9112 forbids and the parser accepts."""
        headers, limits = self.headers, self.table.limits
        if len(headers) > limits.head_fields:
            raise Refused(431)
        size = len(self.url) + 4 * len(headers) + sum(map(len, chain.from_iterable(headers)))
        if size > limits.head_bytes:
            raise Refused(431)
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise Refused(505)
        old = version == "1.0"
        if old:
            self.expect_100_continue = False  # RFC 9110, section 10.1.1
        names = [name for name, _ in headers]
        self._check_target(names, old=old)
        if b"transfer-encoding" in names:
            self._check_codings(old=old)
        return size

    def _check_target(self, names: list[bytes], *, old: bool) -> None:
        """Raises Refused unless the request line and Host name one address (section 3.2)."""
        hosts = names.count(b"host")
        if hosts > 1 or (not hosts and not old):
            raise Refused(400)
        if hosts:
            at = names.index(b"host")
            host = self.headers[at][1]
            if not is_host(host):
                raise Refused(400)
            if not self.url.startswith(b"/"):
                self.headers[at] = (b"host", _authority(self.url) or host)
        if self.url == b"*" and self.parser.get_method() != b"OPTIONS":
            raise Refused(400)

    def _check_codings(self, *, old: bool) -> None:
        """Raises Refused when the end of the body is ambiguous (section 6.3)."""
        fields = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        codings = [coding.strip() for coding in b",".join(fields).split(b",")]
        if old or codings[-1] != b"chunked":
            raise Refused(400)
        if len(codings) > 1:
            raise Refused(501)

    def on_body(self, body: bytes) -> None:
        size = len(body)
        self.moved += size
        self._body_bytes += size
        self._framing -= size
        if self.wire is not None:
            self.wire.seen += size
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._in_body = False
        if self._is_answered:
            self._is_answered = False
        else:
            super().on_message_complete()

    @property
    def drain_seconds(self) -> float:
        return self.table.limits.drain_seconds

    def body_was_taken(self) -> None:
        """A body bypassed the parser; the next bytes are the next request."""
        self.parser = httptools.HttpRequestParser(self)
        self._in_body = False

    # -- answers ---------------------------------------------------------------------------------

    def _request_key(self) -> RequestKey | None:
        """The key by which a repeated request is recognised; None for a request that is never
        cached.
        """
        if not self._has_wire or self._address is None or self.parser.get_method() != b"GET":
            return None
        return (self.url, self.server, tuple(self.headers))

    def _answer_again(self, request_key: RequestKey) -> bool:
        """Repeat a cached answer if it is still valid (kernel/http/repeats.py).

        No keep-alive timer is set here; the table of connections closes the connection.
        """
        again = self.repeats.find(request_key)
        if (
            again is None
            or self.pipeline
            or (self.cycle is not None and not self.cycle.response_complete)
            or self.flow.write_paused
            or not self.parser.should_keep_alive()
        ):
            return False
        answer = again(self.client[0] if self.client else "")
        if answer is None:
            self.repeats.forget()
            return False
        self.transport.write(b"".join((*self.repeats.begin(self.server_state), *answer)))
        self.server_state.total_requests += 1
        self.phase_since = self.loop.time()
        self._is_answered = True
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Read the rest of this request's body before the next request."""
        self.phase_since = self.loop.time()
        if self.wire is not None and self.wire.has_partial_body and not self.transport.is_closing():
            task = self.loop.create_task(self._drain(self.wire))
            task.add_done_callback(self.tasks.discard)
            self.tasks.add(task)
            return
        if self._in_body:
            self.loop.call_later(self.table.limits.drain_seconds, self._end_draining, self.cycle)
        super().on_response_complete()

    async def _drain(self, wire: Wire) -> None:
        if await wire.drain():
            super().on_response_complete()
        else:
            self.transport.close()

    def _end_draining(self, cycle: RequestResponseCycle) -> None:
        if self._in_body and self.cycle is cycle and not self.transport.is_closing():
            self.abort()

    def resume_writing(self) -> None:
        self.moved += _DRAINED
        super().resume_writing()

    # -- for the table of connections -------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        if self._in_head:
            return Phase.HEAD
        if self._in_body:
            return Phase.BODY
        pending = self._running is not None and not self._running.response_complete
        return Phase.ANSWER if pending or self.transport.get_write_buffer_size() else Phase.IDLE

    def is_waiting_for_client(self) -> bool:
        if self.transport.get_write_buffer_size():
            return True
        if self.wire is not None and self.wire.has_partial_body:
            return self.wire.is_waiting
        if self._in_body:
            return not (self.flow.read_paused or self.cycle.waiting_for_100_continue)
        return self.wire is not None and self.wire.is_waiting

    def progress(self) -> int:
        arrived = self.wire.arrived() if self.wire is not None else 0
        return self.moved + arrived - self.transport.get_write_buffer_size()

    def give_up(self, *, status: int) -> None:
        if self.transport.is_closing() or not (self._in_head or self._in_body):
            self.abort()
        else:
            self._refuse(status if self._begun else 0)

    def abort(self) -> None:
        """Close with a reset, so that the system also discards data that the client did not
        receive.
        """
        self._is_over = True
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def _refuse(self, status: int) -> None:
        """Answer the newest request with an error (0: no answer) and close.

        Earlier requests in progress still get their answers; the connection is closed after the
        last one.
        """
        self._is_over = True
        before = self._pending_before()
        if before is not None:
            before.keep_alive = False
            return
        offender = self.cycle if self._in_body else None
        if status and (offender is None or not offender.response_started):
            self.transport.write(_plain_answer(status))
        if offender is not None:
            offender.disconnected = True
            offender.message_event.set()
        if self.wire is not None:
            self.wire.close()
        self.transport.close()

    def _pending_before(self) -> RequestResponseCycle | None:
        """The last unanswered request, without the newest one if that is refused."""
        if self._in_body and self.pipeline:
            self.pipeline.popleft()
        elif self._in_body:
            return None
        if self.pipeline:
            return self.pipeline[0][0]
        running = self._running
        return None if running is None or running.response_complete else running


def guarded(limits: Limits) -> type[WireProtocol]:
    """The protocol class of one server, with its own tables."""
    own = {"table": Connections(limits), "repeats": Repeats()}
    return type("GuardedProtocol", (WireProtocol,), own)


@lru_cache(maxsize=256)
def is_host(value: bytes) -> bool:
    """Whether a Host field is ``host[:port]``; empty is allowed (RFC 9112, section 3.2)."""
    host, colon, port = value.rpartition(b":")
    if not colon or value.endswith(b"]"):
        host, port = value, b""
    if port and not (port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        return False
    if host[:1] == b"[" and host[-1:] == b"]":
        try:
            return ipaddress.IPv6Address(host[1:-1].decode("latin-1")).scope_id is None
        except ValueError:
            return False
    return _NAME.issuperset(host)


def _authority(url: bytes) -> bytes | None:
    """host[:port] of a target that is a full URL; it takes precedence over the Host field."""
    parsed = httptools.parse_url(url)
    if parsed.host is None:
        return None
    port: bytes = b"" if parsed.port is None else b":%d" % parsed.port
    return bytes(parsed.host) + port


def _plain_answer(status: int) -> bytes:
    body = f"{TEXTS[status]}\n".encode()
    fields = [
        STATUS_LINE[status].removesuffix(b"\r\n"),
        b"content-type: text/plain; charset=utf-8",
        b"content-length: %d" % len(body),
        b"connection: close",
    ]
    return b"\r\n".join([*fields, b"", body])
