"""Image data over a real socket, as the server sends it: whole, in parts, to clients that go."""

from __future__ import annotations

import hashlib
import http.client
import socket
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.api.image.test_images import make
from tests.http_server import served
from tests.testcloud import TestCloud

DATA = hashlib.shake_256(b"image").digest(9_000_001)


@pytest.fixture
def port(cloud: TestCloud) -> Iterator[int]:
    """The cloud of the test behind the server's own HTTP protocol."""
    with served(cloud) as found:
        yield found


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


def put(
    connection: http.client.HTTPConnection, path: str, token: str, data: bytes, **more: str
) -> int:
    headers = {"X-Auth-Token": token, "Content-Type": "application/octet-stream", **more}
    connection.request("PUT", path, data, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


@pytest.mark.parametrize("size", [0, 1, 5000, 2 << 20, (2 << 20) + 1, len(DATA)])
def test_uploads_of_any_size_on_one_connection(cloud: TestCloud, port: int, size: int) -> None:
    demo = cloud.client("demo")
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        for verb in ("file", "stage"):
            image = make(demo)
            path = f"/image/v2/images/{image['id']}"
            assert put(connection, f"{path}/{verb}", demo.token, DATA[:size]) == 204
            shown = demo.get("image", f"/images/{image['id']}").json()
            if verb == "file":
                assert shown["os_hash_value"] == hashlib.sha512(DATA[:size]).hexdigest()
                assert demo.get("image", f"/images/{image['id']}/file").content == DATA[:size]
            else:
                assert shown["status"] == "uploading"


def test_a_refused_upload_leaves_the_connection_usable(cloud: TestCloud, port: int) -> None:
    """Refused in the middle of the body: the rest is read and thrown away."""
    demo = cloud.client("demo")
    bad = tarfile.TarInfo("../x").tobuf(tarfile.USTAR_FORMAT) + DATA
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        for _ in range(2):
            image = make(demo, container_format="ova", disk_format="vmdk")
            path = f"/image/v2/images/{image['id']}/file"
            assert put(connection, path, demo.token, bad) == 415
            assert demo.get("image", f"/images/{image['id']}").json()["status"] == "queued"
            assert put(connection, "/image/v2/images/none/file", demo.token, DATA) == 404
        image = make(demo)
        assert put(connection, f"/image/v2/images/{image['id']}/file", demo.token, DATA) == 204


def test_a_client_that_asks_first(cloud: TestCloud, port: int) -> None:
    demo = cloud.client("demo")
    image = make(demo)
    head = (
        f"PUT /image/v2/images/{image['id']}/file HTTP/1.1\r\nHost: x\r\n"
        f"X-Auth-Token: {demo.token}\r\nContent-Type: application/octet-stream\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(DATA)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(DATA)
        assert connection.recv(100).startswith(b"HTTP/1.1 204 ")


@pytest.mark.parametrize("sent", [0, 10, 3 << 20])
def test_a_client_that_leaves_while_it_sends(cloud: TestCloud, port: int, sent: int) -> None:
    demo = cloud.client("demo")
    image = make(demo)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest("PUT", f"/image/v2/images/{image['id']}/file")
    connection.putheader("X-Auth-Token", demo.token)
    connection.putheader("Content-Type", "application/octet-stream")
    connection.putheader("Content-Length", str(len(DATA)))
    connection.endheaders()
    connection.send(DATA[:sent])
    cloud.wait(lambda: demo.get("image", f"/images/{image['id']}").json()["status"] == "saving")
    connection.close()
    cloud.wait(lambda: demo.get("image", f"/images/{image['id']}").json()["status"] == "queued")
    cloud.wait(lambda: not list((cloud.folder / "images/staging").iterdir()))


def _small_window(port: int) -> http.client.HTTPConnection:
    """A connection that takes little until it is read from."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.sock = socket.socket()
    connection.sock.settimeout(20)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)
    connection.sock.connect(("127.0.0.1", port))
    return connection
