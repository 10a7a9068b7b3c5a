"""Data that streams through from the web: how much is fetched, and how much is held."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterator

import pytest

from stratolith.image.exceptions import DownloadFailed
from stratolith.image.settings import ImageSettings
from stratolith.image.store.remote import RemoteData, RemoteStream
from tests.api.image.pages import Site, site

SIZE = 64 << 20


@pytest.fixture(scope="module")
def web() -> Iterator[Site]:
    with site({"big": bytes(SIZE)}) as found:
        yield found


def settings(web: Site) -> ImageSettings:
    return ImageSettings(import_ports=[web.server_port], import_private_networks=["127.0.0.1/32"])


class Reader:
    """The other end of an ASGI response; ``leaves``: bytes after which it is gone."""

    def __init__(self, leaves: int = SIZE + 1) -> None:
        self.got = 0
        self.done = False
        self._leaves = leaves
        self._left = asyncio.Event()

    async def receive(self) -> dict[str, str]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: object) -> None:
        assert isinstance(message, dict)
        self.got += len(message.get("body", b""))
        self.done = message["type"] == "http.response.body" and not message.get("more_body")
        if self.got >= self._leaves:
            self._left.set()
        await asyncio.sleep(0)


async def stream(web: Site, reader: Reader) -> None:
    data = RemoteData(settings(web), f"{web.url}/big", 0, SIZE)
    await data.open(SIZE, part=False)
    response = RemoteStream(data, {}, length=SIZE)
    await response({"type": "http", "method": "GET"}, reader.receive, reader.send)


def test_little_is_held_at_a_time(web: Site) -> None:
    async def read() -> Reader:
        reader = Reader()
        await stream(web, reader)
        return reader

    tracemalloc.start()
    try:
        reader = asyncio.run(read())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reader.got == SIZE and reader.done
    assert peak < 16 << 20


def test_a_reader_who_leaves_ends_the_fetching(web: Site) -> None:
    async def read() -> Reader:
        reader = Reader(leaves=4 << 20)
        await stream(web, reader)
        return reader

    reader = asyncio.run(read())
    assert reader.got < SIZE // 2 and not reader.done


def test_another_size_is_refused_before_anything_is_sent(web: Site) -> None:
    async def read() -> None:
        data = RemoteData(settings(web), f"{web.url}/big", 0, SIZE)
        await data.open(SIZE - 1, part=False)

    with pytest.raises(DownloadFailed, match="bytes now"):
        asyncio.run(read())
