"""Sends stored files: an ASGI response with a file or a part of it.

Where the HTTP server supports it, the Linux kernel copies the file to the socket (sendfile). Else
a thread reads the next block while the previous one is sent.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from pathlib import Path

from starlette.types import Receive, Scope, Send

from stratolith.image.store.receiving import POOL
from stratolith.kernel.exceptions import BadRequest, RangeNotSatisfiable
from stratolith.kernel.http.streaming import disconnected
from stratolith.kernel.http.wire import WIRE, Wire

BLOCK = 1 << 20
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")
_CONTENT_RANGE = re.compile(
    r"^bytes (?P<first>[0-9]{1,18})-(?P<last>[0-9]{1,18})/(?P<size>\*|[0-9]{1,18})$"
)


class FileStream:
    """Sends ``length`` bytes of a file from ``start``. The file is opened at once, so that a
    later delete does not disturb the response.
    """

    def __init__(
        self,
        file: Path,
        headers: Mapping[str, str],
        *,
        start: int = 0,
        length: int | None = None,
        status: int = 200,
    ) -> None:
        self._file = os.open(file, os.O_RDONLY)
        size = os.fstat(self._file).st_size
        self._start = start
        self._length = size - start if length is None else length
        self._status = status
        self.headers: dict[str, str] = {**headers, "content-length": str(self._length)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            raw = [(k.lower().encode(), v.encode("latin-1")) for k, v in self.headers.items()]
            await send({"type": "http.response.start", "status": self._status, "headers": raw})
            wire: Wire | None = scope.get("extensions", {}).get(WIRE)
            if scope["method"] == "HEAD" or not self._length:
                await send({"type": "http.response.body"})
            elif wire is not None:
                await wire.send_file(self._file, self._start, self._length, POOL)
                await send({"type": "http.response.body"})
            else:
                await self._body(receive, send)
        finally:
            os.close(self._file)

    async def _body(self, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        disconnect = asyncio.ensure_future(disconnected(receive))
        at, end = self._start, self._start + self._length
        ahead = loop.run_in_executor(POOL, os.pread, self._file, min(BLOCK, end - at), at)
        try:
            while True:
                block = await ahead
                at += len(block)
                more = at < end and bool(block) and not disconnect.done()
                if more:
                    size = min(BLOCK, end - at)
                    ahead = loop.run_in_executor(POOL, os.pread, self._file, size, at)
                await send({"type": "http.response.body", "body": block, "more_body": more})
                if not more:
                    return
        finally:
            disconnect.cancel()
            await asyncio.wait([ahead])


def parse_part(headers: Mapping[str, str], size: int) -> tuple[int, int] | None:
    """As ``parse_range``, for all headers of a request: old clients use Content-Range."""
    asked = headers.get("content-range")
    if asked is None or "range" in headers:
        return parse_range(headers.get("range"), size)
    match = _CONTENT_RANGE.match(asked)
    if match is None or match["size"] not in ("*", str(size)):
        raise RangeNotSatisfiable("Invalid Content-Range header.")
    first, last = int(match["first"]), int(match["last"])
    if not first <= last < size:
        raise RangeNotSatisfiable(
            f"Invalid position in Content-Range header. It must be in the range [0, {size - 1}]."
        )
    return first, last - first + 1


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, length) of a Range header, None for the whole file.

    Raises RangeNotSatisfiable, and BadRequest for several ranges at once.
    """
    if header is None:
        return None
    if "," in header:
        raise BadRequest("Requests with multiple ranges are not supported; ask for one at a time.")
    match = _RANGE.match(header.strip())
    if match is None or match.groups() == ("", "") or len(header) > 60:
        raise RangeNotSatisfiable("Invalid Range header.")
    first, last = match.groups()
    if first == "":
        length = min(int(last), size)
        start = size - length
    else:
        start = int(first)
        length = min(int(last) if last else size - 1, size - 1) - start + 1
    if not 0 <= start < size or length <= 0:
        raise RangeNotSatisfiable(
            f"Invalid start position in Range header. It must be in the range [0, {size - 1}]."
        )
    return start, length
