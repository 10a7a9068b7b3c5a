"""Requests of guests: what is taken, what is refused and how soon."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from stratolith.network.agent import metadata_request
from stratolith.network.agent.metadata_request import MAX_BODY, MAX_HEAD, Refused, Reply, Request


def read(*parts: bytes, hang_up: bool = False, pause: float = 0.0) -> Request | None:
    """What becomes of a request that comes in these parts."""

    async def body() -> Request | None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)

        async def send() -> None:
            for part in parts:
                await asyncio.get_running_loop().run_in_executor(None, theirs.sendall, part)
                await asyncio.sleep(pause)
            if hang_up:
                theirs.shutdown(socket.SHUT_WR)

        with ours, theirs:
            sending = asyncio.create_task(send())
            try:
                return await metadata_request.read(ours)
            finally:
                sending.cancel()

    return asyncio.run(body())


def test_a_request_in_one_piece_and_in_drops() -> None:
    raw = b"POST /openstack/latest/password?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    for parts in ([raw], [raw[at : at + 1] for at in range(len(raw))]):
        request = read(*parts)
        assert request is not None
        assert (request.method, request.path) == ("POST", "/openstack/latest/password?a=b")
        assert bytes(request.body) == b"abc"
        assert request.headers["host"] == "x"


def test_what_comes_behind_the_request_is_not_part_of_it() -> None:
    request = read(b"GET /a HTTP/1.1\r\nA: 1\r\n\r\nGET /b HTTP/1.1\r\nA: 2\r\nB: 3\r\n\r\n")
    assert request is not None
    assert (request.path, request.headers) == ("/a", {"a": "1"})


def test_a_guest_that_hangs_up() -> None:
    assert read(b"GET / HT", hang_up=True) is None


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1), 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        (b"DELETE / HTTP/1.1\r\n\r\n", 405),
        (b"CONNECT x:1 HTTP/1.1\r\n\r\n", 405),
        (b"GET /" + b"a" * MAX_HEAD + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 65 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\na: " + b"b" * MAX_HEAD, 431),
    ],
)
def test_what_is_refused(raw: bytes, status: int) -> None:
    with pytest.raises(Refused) as refused:
        read(raw)
    assert refused.value.status in (status, 400)


@pytest.mark.parametrize("url", [b"/a/../b", b"/\xff", b"/a\x7f", b"/..", b"/a b"])
def test_paths_that_are_not_plain(url: bytes) -> None:
    with pytest.raises(Refused) as refused:
        request = read(b"GET " + url + b" HTTP/1.1\r\n\r\n")
        assert request is not None and request.path
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "parts", [[b"G"] * 200, [b"GET / HTTP/1.1\r\n"] + [b"a: b\r\n"] * 200, [b""]]
)
def test_headers_that_drip_in_have_one_time_together(
    parts: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata_request, "HEAD_SECONDS", 0.3)
    if parts[0] == b"G":
        parts = [bytes([byte]) for byte in b"GET /" + b"a" * 200]
    with pytest.raises(Refused) as refused:
        read(*parts, pause=0.05)
    assert refused.value.status in (408, 431)


def test_a_body_that_drips_in_has_one_time_with_its_headers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metadata_request, "REQUEST_SECONDS", 0.5)
    head = b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n"
    with pytest.raises(Refused) as refused:
        read(head, *[b"a"] * 100, pause=0.05)
    assert refused.value.status == 408


def answered(reply: Reply, method: str, reader: Callable[[socket.socket], bytes]) -> bytes:
    async def body() -> bytes:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours, theirs:
            reading = asyncio.get_running_loop().run_in_executor(None, reader, theirs)
            await metadata_request.answer(ours, reply, method)
            ours.close()
            return await reading

    return asyncio.run(body())


def everything(sock: socket.socket) -> bytes:
    found = b""
    while data := sock.recv(65536):
        found += data
    sock.shutdown(socket.SHUT_WR)
    return found


def test_answers() -> None:
    text = answered(Reply(200, b"abc", {"etag": "x"}), "GET", everything)
    head, _, data = text.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"content-length: 3" in head
    assert b"etag: x" in head and b"connection: close" in head
    assert data == b"abc"
    assert answered(Reply(200, b"abc"), "HEAD", everything).endswith(b"\r\n\r\n")


def test_a_guest_that_does_not_read_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata_request, "REPLY_SECONDS", 0.3)
    monkeypatch.setattr(metadata_request, "_LINGER_SECONDS", 0.1)
    assert answered(Reply(200, b"a" * 10_000_000), "GET", lambda sock: b"") == b""
