"""The read-only store of kind "http": data stays on the web and is passed through.

Only URIs allowed for web-download are requested, and every redirect is checked (store/web.py).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any, Protocol
from urllib.parse import urljoin

import httpx
from starlette.types import Receive, Scope, Send

from stratolith.image.exceptions import DownloadFailed
from stratolith.image.settings import ImageSettings
from stratolith.image.store import web
from stratolith.kernel.http.streaming import disconnected

ANSWER_SECONDS = 60.0  # for the headers of an answer, redirects included
_PART = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class Copy(Protocol):
    """Stores the passing data in the cache."""

    async def write(self, block: bytes) -> None: ...

    async def close(self, *, complete: bool) -> None: ...


class RemoteData:
    """``length`` bytes of the data at a URI, from ``start``; open() it, read it, close() it."""

    def __init__(self, settings: ImageSettings, uri: str, start: int, length: int) -> None:
        self._settings = settings
        self._uri = uri
        self._start = start
        self._left = length
        self._skip = 0
        self._client = httpx.AsyncClient(
            trust_env=False, timeout=web.TIMEOUT, follow_redirects=False
        )
        self._answer: httpx.Response | None = None

    async def open(self, size: int, *, part: bool) -> None:
        """Ask for the data, ``size`` bytes in all; raises UriRefused, DownloadFailed."""
        try:
            with web.as_download_failed():
                answer = await asyncio.wait_for(self._follow(part), ANSWER_SECONDS)
            self._check(answer, size)
        except TimeoutError:
            await self.close()
            raise DownloadFailed(reason=f"no answer within {ANSWER_SECONDS:.0f} s") from None
        except BaseException:
            await self.close()
            raise

    async def blocks(self) -> AsyncIterator[bytes]:
        """Exactly the bytes asked for; raises DownloadFailed when there are fewer."""
        assert self._answer is not None
        with web.as_download_failed():
            async for block in self._answer.aiter_raw(web.BLOCK):
                wanted = block[self._skip : self._skip + self._left]
                self._skip = max(0, self._skip - len(block))
                self._left -= len(wanted)
                if wanted:
                    yield wanted
                if not self._left:
                    return
        if self._left:
            raise DownloadFailed(reason="the data ended too early")

    async def close(self) -> None:
        if self._answer is not None:
            await self._answer.aclose()
        await self._client.aclose()

    async def _follow(self, part: bool) -> httpx.Response:
        uri = self._uri
        loop = asyncio.get_running_loop()
        for _ in range(web.REDIRECTS + 1):
            # the C library's name lookup blocks
            options = await loop.run_in_executor(None, partial(web.pinned, self._settings, uri))
            request = self._request(options, part)
            answer = self._answer = await self._client.send(request, stream=True)
            if not answer.is_redirect:
                return answer
            uri = urljoin(uri, answer.headers["location"])
            await answer.aclose()
        raise DownloadFailed(reason="too many redirects")

    def _request(self, options: dict[str, Any], part: bool) -> httpx.Request:
        request = self._client.build_request("GET", **options)
        if part:
            request.headers["Range"] = f"bytes={self._start}-{self._start + self._left - 1}"
        return request

    def _check(self, answer: httpx.Response, size: int) -> None:
        """The answer must be the requested part, or everything, of which the start is skipped."""
        begins, length = 0, answer.headers.get("content-length", "*")
        if answer.status_code == 206:
            match = _PART.fullmatch(answer.headers.get("content-range", ""))
            if match is None or int(match[1]) > self._start:
                raise DownloadFailed(reason="the server answered with another part")
            begins, length = int(match[1]), match[2]
        elif answer.status_code != 200:
            raise DownloadFailed(reason=f"the server answered {answer.status_code}")
        if length != "*" and length != str(size):
            raise DownloadFailed(reason=f"there are {length} bytes now, not {size}")
        self._skip = self._start - begins


class RemoteStream:
    """An ASGI response with opened remote data; may write a copy to the cache."""

    def __init__(
        self,
        data: RemoteData,
        headers: Mapping[str, str],
        *,
        length: int,
        status: int = 200,
        copy: Copy | None = None,
    ) -> None:
        self._data = data
        self._status = status
        self._copy = copy
        self.headers: dict[str, str] = {**headers, "content-length": str(length)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        complete = False
        disconnect = asyncio.ensure_future(disconnected(receive))
        try:
            raw = [(k.lower().encode(), v.encode("latin-1")) for k, v in self.headers.items()]
            await send({"type": "http.response.start", "status": self._status, "headers": raw})
            if scope["method"] != "HEAD":
                async for block in self._data.blocks():
                    if disconnect.done():
                        return  # the client disconnected
                    await send({"type": "http.response.body", "body": block, "more_body": True})
                    if self._copy is not None:
                        await self._copy.write(block)
                complete = True
            await send({"type": "http.response.body"})
        finally:
            disconnect.cancel()
            await self._data.close()
            if self._copy is not None:
                await self._copy.close(complete=complete)
