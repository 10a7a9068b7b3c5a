"""Clients that send nothing, too little, too much or too slowly: each costs a limited time."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.kernel.http.connections import Limits, address_of
from tests.api.image.test_images import make
from tests.http_server import served
from tests.testcloud import TestCloud

LIMITS = Limits(
    head_bytes=8 << 10,
    head_fields=32,
    head_seconds=1,
    idle_seconds=2,
    pace_seconds=1,
    pace_bytes=1024,
    drain_seconds=2,
    connections=24,
    connections_per_address=16,
)
DEADLINE = 30.0  # far above the limits: a crowded machine is late
HEAD = b"GET /identity/v3 HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCloud]:
    found = TestCloud(Path(tmp_path_factory.mktemp("connections")) / "cloud")
    yield found
    found.close()


@pytest.fixture(scope="module")
def port(cloud: TestCloud) -> Iterator[int]:
    with served(cloud, LIMITS) as found:
        yield found


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)


def ends_with(connection: socket.socket, drip: bytes = b"") -> bytes:
    """All that comes until the server closes, dripping a byte each half second meanwhile."""
    end = time.monotonic() + DEADLINE
    received = b""
    while time.monotonic() < end:
        readable, _, _ = select.select([connection], [], [], 0.5)
        try:
            if readable:
                piece = connection.recv(65536)
                if not piece:
                    return received
                received += piece
            elif drip:
                connection.sendall(drip)
        except ConnectionError:
            return received
    raise AssertionError(f"still open after {DEADLINE} s; received {received[:200]!r}")


def status(received: bytes) -> int:
    return int(received.split()[1]) if received else 0


def get(port: int, path: str, token: str = "") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"X-Auth-Token": token})
        return connection.getresponse().status


def test_a_silent_connection_is_closed(port: int) -> None:
    with connect(port) as connection:
        assert ends_with(connection) == b""


@pytest.mark.parametrize("drip", [b"a", b"\r\n", b"X"])
def test_a_head_that_drips_is_ended(port: int, drip: bytes) -> None:
    with connect(port) as connection:
        connection.sendall(HEAD + b"X-Slow: ")
        assert status(ends_with(connection, drip)) in (408, 400, 200)


def test_blank_lines_are_no_request(port: int) -> None:
    with connect(port) as connection:
        assert ends_with(connection, b"\r\n") == b""


def test_a_byte_after_an_answer_keeps_nothing_open(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert status(ends_with(connection, b"G")) == 200


@pytest.mark.parametrize(
    ("coding", "drip"),
    [(b"Content-Length: 5000", b" "), (b"Transfer-Encoding: chunked", b"1\r\n \r\n")],
)
@pytest.mark.parametrize("path", ["POST /identity/v3/auth/tokens", "PUT {image}"])
def test_a_body_that_drips_is_ended(
    cloud: TestCloud, port: int, path: str, coding: bytes, drip: bytes
) -> None:
    demo = cloud.client("demo")
    if "{image}" in path:
        body = {"name": "slow", "disk_format": "raw", "container_format": "bare"}
        image = demo.post("image", "/images", json=body).json()["id"]
        path = path.format(image=f"/image/v2/images/{image}/file")
    kind = b"octet-stream" if "PUT" in path else b"json"
    with connect(port) as connection:
        connection.sendall(
            path.encode() + b" HTTP/1.1\r\nHost: a\r\nX-Auth-Token: " + demo.token.encode()
            + b"\r\nContent-Type: application/" + kind + b"\r\n" + coding + b"\r\n\r\n"
        )  # fmt: skip
        assert status(ends_with(connection, drip)) in (0, 408)


def test_a_client_that_takes_nothing_is_ended(cloud: TestCloud, port: int) -> None:
    demo = cloud.client("demo")
    image = make(demo, bytes(64 << 20))["id"]
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(DEADLINE)
        connection.connect(("127.0.0.1", port))
        connection.sendall(
            f"GET /image/v2/images/{image}/file HTTP/1.1\r\nHost: a\r\n"
            f"X-Auth-Token: {demo.token}\r\n\r\n".encode()
        )
        watch = select.poll()
        watch.register(connection, select.POLLHUP | select.POLLERR)  # not for what could be read
        assert watch.poll(DEADLINE * 1000), "still open"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"X-Big: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"X-Endless: " + b"a" * 20_000, 431),
        (b"a" * 20_000, 431),
        (b"".join(b"X-%d: 1\r\n" % n for n in range(40)) + b"\r\n", 431),
        (b"".join(b"X-%d: 1\r\n" % n for n in range(20)) + b"\r\n", 200),
        (b"".join(b"X-%d: %s\r\n" % (n, b"b" * 900) for n in range(12)) + b"\r\n", 431),
    ],
    ids=["one field", "no end", "no colon", "count", "fine", "sum"],
)
def test_heads_are_limited(port: int, fields: bytes, expected: int) -> None:
    with connect(port) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(HEAD + fields)
        found = status(ends_with(connection))
    assert found == expected


def test_an_address_that_is_too_long(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert status(ends_with(connection)) == 414


@pytest.mark.parametrize(
    "rest",
    [
        b"5;" + b"x" * 20_000,
        b"0\r\nX-Trailer: " + b"x" * 20_000,
        b"1\r\n \r\n0;" + b"y" * 20_000,
        b"1\r\n \r\n" * 3_000,  # the parser calls back for each
        b"120000\r\n" + b" " * 0x120000 + b"\r\n" + b"1\r\n \r\n" * 300_000,
    ],
    ids=["extension", "trailer", "last extension", "tiny chunks", "tiny chunks after the answer"],
)
def test_what_surrounds_chunks_is_limited(port: int, rest: bytes) -> None:
    head = b"POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: a\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    with connect(port) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(head + rest)
        assert status(ends_with(connection)) in (400, 413, 415, 431)


def test_the_rest_of_a_body_is_not_taken_for_ever(port: int) -> None:
    head = b"POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: a\r\n"
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    end = time.monotonic() + DEADLINE
    with connect(port) as connection:
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(ConnectionError):
            while time.monotonic() < end:
                connection.sendall(chunk)
                time.sleep(0.01)


def test_one_address_cannot_take_all_connections(port: int) -> None:
    """Silent ones make room for new ones; requests of others are answered meanwhile."""
    with contextlib.ExitStack() as opened:
        silent = [opened.enter_context(connect(port)) for _ in range(60)]
        assert get(port, "/identity/v3") == 200
        open_ones = 0
        for one in silent:
            one.settimeout(0.05)
            try:
                open_ones += one.recv(1) != b""
            except TimeoutError:
                open_ones += 1
            except ConnectionError:
                pass
        assert open_ones <= LIMITS.connections_per_address


def test_busy_connections_are_not_dropped_for_new_ones(port: int) -> None:
    part = b"POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n "
    with contextlib.ExitStack() as opened:
        busy = [opened.enter_context(connect(port)) for _ in range(16)]
        for one in busy:
            one.sendall(part)
        time.sleep(0.3)
        with connect(port) as late:
            assert ends_with(late) == b""


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (("10.0.0.1", 5), "10.0.0.1"),
        (("::ffff:10.0.0.1", 5), "10.0.0.1"),
        (("2001:db8::1", 5), "2001:db8::/64"),
        (("2001:db8::ffff:2", 6), "2001:db8::/64"),
        (("fe80::1%eth0", 6), "fe80::/64"),
        (None, None),
    ],
)
def test_whose_connections_are_counted_together(
    client: tuple[str, int] | None, expected: str | None
) -> None:
    assert address_of(client) == expected
