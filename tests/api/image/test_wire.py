"""Image data over a real socket, as the server sends it: whole, in parts, to clients that go."""

from __future__ import annotations

import hashlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import uvicorn

from stratolith.kernel.http.wire import WireProtocol
from stratolith.kernel.testing import TestCloud
from tests.api.image.test_images import make

DATA = hashlib.shake_256(b"image").digest(9_000_001)


@pytest.fixture
def port(cloud: TestCloud) -> Iterator[int]:
    """The cloud of the test behind the server's own HTTP protocol."""
    config = uvicorn.Config(
        cloud.app, http=WireProtocol, loop="uvloop", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        server.should_exit = server.force_exit = True
        thread.join(10)


@pytest.fixture
def path(cloud: TestCloud) -> str:
    return f"/image/v2/images/{make(cloud.client('demo'), DATA)['id']}/file"


def test_all_and_parts_on_one_connection(cloud: TestCloud, port: int, path: str) -> None:
    token = {"X-Auth-Token": cloud.client("demo").token}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        for asked, start, stop in (
            (None, 0, len(DATA)),
            ("bytes=5-5", 5, 6),
            ("bytes=1000-8000000", 1000, 8000001),
            ("bytes=-7", len(DATA) - 7, len(DATA)),
            (None, 0, len(DATA)),
        ):
            connection.request("GET", path, headers=token | ({"Range": asked} if asked else {}))
            answer = connection.getresponse()
            assert answer.status == (206 if asked else 200)
            assert int(answer.headers["content-length"]) == stop - start
            assert answer.read() == DATA[start:stop]
        connection.request("HEAD", path, headers=token)
        assert connection.getresponse().read() == b""
        connection.request("GET", "/identity/v3")
        assert connection.getresponse().status == 200


def test_slow_clients_and_those_that_leave_hold_nothing(
    cloud: TestCloud, port: int, path: str
) -> None:
    token = {"X-Auth-Token": cloud.client("demo").token}
    # more than there are threads for image data
    slow = [_small_window(port) for _ in range(30)]
    answers = []
    for one in slow:
        one.request("GET", path, headers=token)
        answers.append(one.getresponse())
        assert answers[-1].status == 200
    started = time.monotonic()
    test_all_and_parts_on_one_connection(cloud, port, path)
    assert time.monotonic() - started < 5
    for one in slow[1:]:
        one.close()
    assert answers[0].read() == DATA
    slow[0].close()
    test_all_and_parts_on_one_connection(cloud, port, path)


def _small_window(port: int) -> http.client.HTTPConnection:
    """A connection that takes little until it is read from."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.sock = socket.socket()
    connection.sock.settimeout(20)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)
    connection.sock.connect(("127.0.0.1", port))
    return connection
