"""A web server on the loopback, for images that come from the web or stay there."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Site(ThreadingHTTPServer):
    """``pages``: what it serves by path; ``asked``: method, path and Range of each request;
    ``moved``: where a path redirects to.

    /to/URL redirects to URL; what is under /whole/ knows no ranges, under /silent/ no length.
    """

    daemon_threads = True

    def __init__(self, pages: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = pages
        self.asked: list[tuple[str, str, str]] = []
        self.moved: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def site(pages: dict[str, bytes]) -> Iterator[Site]:
    server = Site(pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        ranged = self.headers.get("Range", "")
        self.server.asked.append((self.command, self.path, ranged))
        moved = self.server.moved.get(self.path)
        if moved is None and self.path.startswith("/to/"):
            moved = self.path.removeprefix("/to/")
        if moved is not None:
            self.send_response(302)
            self.send_header("Location", moved)
            self.end_headers()
            return
        data = self.server.pages.get(self.path.rpartition("/")[2])
        if data is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", ranged)
        if match and not self.path.startswith("/whole/"):
            first, last = int(match[1]), int(match[2])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            data = data[first : last + 1]
        else:
            self.send_response(200)
        if not self.path.startswith("/silent/"):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass
