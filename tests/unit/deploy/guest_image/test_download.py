"""download(): resume, checksums, redirects and every way a server can go away."""

import hashlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stratolith.deploy.guest_image import DownloadError, download

CONTENT = bytes(range(256)) * 4096 * 3  # 3 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """A file server on loopback that can cut transfers short and change its file."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.etag = '"one"'
        self.cuts: list[int] = []  # how many body bytes each of the next answers sends
        self.ranges: list[str | None] = []  # the Range header of each request

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/disk.img"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers.get("Range"))
        if self.path == "/moved.img":
            self._head(302, 0, Location="/disk.img")
        elif self.path == "/missing.img":
            self._head(404, 0)
        else:
            self._send_file()

    def _send_file(self) -> None:
        start, status, more = 0, 200, {}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and self.headers.get("If-Range") == self.server.etag:
            start, status = int(asked[1]), 206
            size = len(self.server.content)
            more = {"Content-Range": f"bytes {start}-{size - 1}/{size}"}
        body = self.server.content[start:]
        self._head(status, len(body), ETag=self.server.etag, **more)
        cut = self.server.cuts.pop(0) if self.server.cuts else len(body)
        self.wfile.write(body[:cut])
        self.wfile.flush()
        self.close_connection = True

    def _head(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: pytest shows enough."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def quiet(have: int, total: int | None) -> None:
    pass


def left_over(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_whole_file_with_progress(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    dest = tmp_path / "new" / "disk.img"
    got = download(server.url, dest, SHA256, lambda have, total: seen.append((have, total)))
    assert got == dest
    assert dest.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [have for have, _ in seen] == sorted({have for have, _ in seen})
    assert left_over(dest.parent) == ["disk.img"]


def test_follows_redirects(server: Server, tmp_path: Path) -> None:
    url = server.url.replace("disk.img", "moved.img")
    download(url, tmp_path / "d", SHA256, quiet)
    assert (tmp_path / "d").read_bytes() == CONTENT


def test_a_right_file_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    download(server.url, tmp_path / "d", SHA256, quiet)
    download(server.url, tmp_path / "d", SHA256, quiet)
    assert len(server.ranges) == 1


def test_a_damaged_file_is_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(CONTENT[:-1] + b"?")
    download(server.url, tmp_path / "d", SHA256, quiet)
    assert (tmp_path / "d").read_bytes() == CONTENT


def test_interruption_is_resumed_in_the_same_call(server: Server, tmp_path: Path) -> None:
    server.cuts = [1_000_000, 500_000]
    download(server.url, tmp_path / "d", SHA256, quiet)
    assert (tmp_path / "d").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=1000000-", "bytes=1500000-"]


def test_a_server_that_keeps_cutting_off_at_nothing(server: Server, tmp_path: Path) -> None:
    server.cuts = [700_000, 0, 0, 0, 0, 0, 0, 0]
    with pytest.raises(DownloadError, match="700000 bytes arrived"):
        download(server.url, tmp_path / "d", SHA256, quiet)
    assert left_over(tmp_path) == ["d.part", "d.part.json"]
    server.cuts, server.ranges = [], []
    download(server.url, tmp_path / "d", SHA256, quiet)
    assert server.ranges == ["bytes=700000-"]
    assert (tmp_path / "d").read_bytes() == CONTENT
    assert left_over(tmp_path) == ["d"]


def test_a_file_that_changed_meanwhile_starts_over(server: Server, tmp_path: Path) -> None:
    server.cuts = [700_000, 0, 0, 0, 0, 0, 0, 0]
    with pytest.raises(DownloadError):
        download(server.url, tmp_path / "d", None, quiet)
    server.cuts, server.etag, server.content = [], '"two"', CONTENT[::-1]
    download(server.url, tmp_path / "d", None, quiet)
    assert (tmp_path / "d").read_bytes() == CONTENT[::-1]


def test_a_part_of_unknown_origin_is_not_trusted(server: Server, tmp_path: Path) -> None:
    (tmp_path / "d.part").write_bytes(b"x" * 5000)
    download(server.url, tmp_path / "d", None, quiet)
    assert server.ranges == [None]
    assert (tmp_path / "d").read_bytes() == CONTENT


def test_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=f"checksum is {SHA256}, expected {'0' * 64}"):
        download(server.url, tmp_path / "d", "0" * 64, quiet)
    assert left_over(tmp_path) == []


def test_http_error_names_the_status(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="answers 404"):
        download(server.url.replace("disk", "missing"), tmp_path / "d", None, quiet)
    assert not (tmp_path / "d").exists()


def test_empty_file_is_refused(server: Server, tmp_path: Path) -> None:
    server.content = b""
    with pytest.raises(DownloadError, match="empty"):
        download(server.url, tmp_path / "d", None, quiet)


def test_server_gone(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound and not listening: refuses
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/disk.img"
        with pytest.raises(DownloadError, match="cannot reach"):
            download(url, tmp_path / "d", None, quiet)


def test_server_that_takes_no_connection_is_given_up_in_time(tmp_path: Path) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:  # the queue is full: further connections hang
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/disk.img"
        started = time.monotonic()
        with pytest.raises(DownloadError, match="cannot reach"):
            download(url, tmp_path / "d", None, quiet, connect_timeout=0.5)
        assert time.monotonic() - started < 2
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize("url", ["ftp://x/y", "http:///y", "disk.img", "http://h:99999/x"])
def test_bad_url(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError):
        download(url, tmp_path / "d", None, quiet)


def test_place_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="cannot store"):
        download(server.url, tmp_path / "file" / "d", None, quiet)
