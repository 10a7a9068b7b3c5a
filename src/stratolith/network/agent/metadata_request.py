"""One request of a guest: read it within limits, answer it, close the connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from http import HTTPStatus

import httptools
import msgspec

HEAD_SECONDS = 10.0  # from the connection to the end of the request's headers
REQUEST_SECONDS = 20.0  # to the end of its body
REPLY_SECONDS = 20.0  # for reading the answer
MAX_HEAD = 16 * 1024
MAX_HEADERS = 64
MAX_BODY = 64 * 1024  # guests post a password or a public key, nothing larger
METHODS = ("GET", "HEAD", "POST", "PUT")
_CHUNK = 16 * 1024
_LINGER_SECONDS = 1.0


class Refused(Exception):
    """The request is refused with this status and text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Reply(msgspec.Struct, frozen=True):
    status: int
    data: bytes
    headers: dict[str, str] = {}


class Request:
    """A request that a parser fills while it is read. Names of headers are in lower case."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: dict[str, str] = {}
        self.names: list[str] = []
        self.body = bytearray()
        self.has_head = False
        self.is_whole = False
        self.method = ""

    def on_url(self, url: bytes) -> None:
        if not self.has_head:
            self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_head:
            key = name.decode("latin-1").lower()
            self.names.append(key)
            self.headers[key] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.has_head = True

    def on_body(self, body: bytes) -> None:
        if not self.is_whole:
            self.body += body

    def on_message_complete(self) -> None:
        self.is_whole = True

    @property
    def path(self) -> str:
        """Path and query. Raises ``Refused`` for other URLs."""
        try:
            parsed = httptools.parse_url(self.url)
            path = (parsed.path or b"/") + (b"?" + parsed.query if parsed.query else b"")
            text = path.decode("ascii")
        except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
            raise Refused(400, "The path cannot be read.") from None
        steps = text.partition("?")[0].split("/")
        if not text.isprintable() or " " in text or ".." in steps:
            raise Refused(400, "The path cannot be read.")
        return text

    def check_head(self) -> None:
        """Raises ``Refused`` for a refused request, before its body is read."""
        if self.method not in METHODS:
            raise Refused(405, f"The methods are {', '.join(METHODS)}.")
        if len(self.names) > MAX_HEADERS:
            raise Refused(431, "There are too many headers.")
        if "transfer-encoding" in self.headers:
            raise Refused(411, "Send the body with a Content-Length.")
        length = self.headers.get("content-length", "0")
        if self.names.count("content-length") > 1 or not length.isdecimal():
            raise Refused(400, "The Content-Length cannot be read.")
        if int(length) > MAX_BODY:
            raise Refused(413, f"The body is too large: {MAX_BODY} bytes are allowed.")


async def read(sock: socket.socket) -> Request | None:
    """The next request; None when the guest closes the connection.

    Raises ``Refused``, also when the request takes too long.
    """
    request = Request()
    parser = httptools.HttpRequestParser(request)
    try:
        async with asyncio.timeout(HEAD_SECONDS) as limit:
            loop, taken = asyncio.get_running_loop(), 0
            deadline = loop.time() + REQUEST_SECONDS
            while not request.is_whole:
                room = _CHUNK if request.has_head else MAX_HEAD - taken
                if not room:
                    raise Refused(431, f"The headers are too large: {MAX_HEAD} bytes are allowed.")
                data = await loop.sock_recv(sock, room)
                if not data:
                    return None
                taken += len(data)
                had_head = request.has_head
                _feed(parser, data)
                if request.has_head and not had_head:
                    request.method = parser.get_method().decode("latin-1")
                    request.check_head()
                    limit.reschedule(deadline)
                    if "100-continue" in request.headers.get("expect", "").lower():
                        await loop.sock_sendall(sock, b"HTTP/1.1 100 Continue\r\n\r\n")
    except TimeoutError:
        raise Refused(408, "The request took too long.") from None
    return request


def _feed(parser: httptools.HttpRequestParser, data: bytes) -> None:
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        raise Refused(400, "There is no other protocol here.") from None
    except httptools.HttpParserError:
        raise Refused(400, "The request cannot be read.") from None


async def answer(sock: socket.socket, reply: Reply, method: str = "GET") -> None:
    """Send the reply and close the connection; further requests need a new one."""
    data = b"" if method == "HEAD" else reply.data
    loop = asyncio.get_running_loop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REPLY_SECONDS):
            await loop.sock_sendall(sock, head_of(reply) + data)
            sock.shutdown(socket.SHUT_WR)
            # unread data would reset the connection before the guest has read the reply
            async with asyncio.timeout(_LINGER_SECONDS):
                while await loop.sock_recv(sock, _CHUNK):
                    pass


def head_of(reply: Reply) -> bytes:
    """Status line and headers."""
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Unknown"
    headers = {"content-type": "text/plain", "content-length": str(len(reply.data))}
    headers |= reply.headers
    lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join([*lines, "connection: close", "", ""])).encode("latin-1", "replace")
