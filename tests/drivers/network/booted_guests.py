"""Guests of the built image at taps of a driver, and a metadata service for them."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from stratolith.network.agent.metadata import MetadataProxy
from stratolith.network.drivers.base import HostNetworkView, PortView
from tests.drivers.network.metadata_upstream import by_http

IMAGE = Path(__file__).parents[3] / ".cache/guest-image/cirros-amd64.qcow2"
BOOT_SECONDS = 90


class _Upstream(BaseHTTPRequestHandler):
    asked: list[tuple[str, str | None]]
    documents: Mapping[str, str]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("X-Instance-ID")))
        document = self.documents.get(self.path, "").encode()
        self.send_response(200 if document else 404)
        self.send_header("Content-Length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def metadata_of(
    view: HostNetworkView, documents: Mapping[str, str]
) -> Iterator[list[tuple[str, str | None]]]:
    """A metadata service with these documents; gives what it was asked: paths and servers."""
    asked: list[tuple[str, str | None]] = []
    handler = type("Handler", (_Upstream,), {"asked": asked, "documents": documents})
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    proxy = MetadataProxy(by_http(f"http://127.0.0.1:{upstream.server_port}"))
    proxy.start()
    proxy.update(view)
    try:
        yield asked
    finally:
        proxy.close()
        upstream.shutdown()
        upstream.server_close()


@contextlib.contextmanager
def booted(port: PortView, place: Path) -> Iterator[Path]:
    """A guest at the port's tap; gives the file of its console."""
    overlay, console = place / "disk.qcow2", place / "console.log"
    console.touch()
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(IMAGE), str(overlay)],
        check=True,
    )
    guest = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "tcg", "-m", "192", "-display", "none", "-nodefaults",
         "-drive", f"file={overlay},if=virtio", "-serial", f"file:{console}",
         "-netdev", f"tap,id=n,ifname={port.tap},script=no,downscript=no",
         "-device", f"virtio-net-pci,netdev=n,mac={port.mac}"]
    )  # fmt: skip
    try:
        yield console
    finally:
        guest.terminate()
        guest.wait(10)


def until(condition: Callable[[], object], deadline: float, console: Path) -> None:
    while not condition():
        assert time.monotonic() < deadline, console.read_text(errors="replace")[-3000:]
        time.sleep(0.2)
