"""A real guest on a real tap: DHCP, metadata, security group and floating IP at once."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stratolith.network.agent.metadata import MetadataProxy
from tests.drivers.network import views
from tests.drivers.network.metadata_upstream import by_http

IMAGE = Path(__file__).parents[3] / ".cache/guest-image/cirros-amd64.qcow2"
BOOT_SECONDS = 90

pytestmark = [
    pytest.mark.root,
    pytest.mark.guest,
    pytest.mark.slow,
    pytest.mark.skipif(not IMAGE.exists(), reason="the guest image is not built yet"),
]


class Upstream(BaseHTTPRequestHandler):
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("X-Instance-ID")))
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def banner(address: str, port: int, deadline: float) -> bytes:
    """The first bytes a server there says; empty when the time is over."""
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((address, port), 2) as sock:
                if said := sock.recv(20):
                    return said
        except OSError:
            time.sleep(0.5)
    return b""


def test_guest_boots_into_its_network(driver, tmp_path):
    asked: list[tuple[str, str | None]] = []
    handler = type("Handler", (Upstream,), {"asked": asked})
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    one = views.port("vm1", "10.55.0.21", "n1-subnet", rules=[*views.EGRESS_ALL, views.tcp_in(22)])
    net = views.network("n1", ports=[one], dhcp=True)
    router = views.router("r1", [net], "172.31.249.10", {"172.31.249.21": "10.55.0.21"})
    view = views.host([net], [router], external=True)
    assert driver.apply(view).errors == {}
    proxy = MetadataProxy(by_http(f"http://127.0.0.1:{upstream.server_port}"))
    proxy.start()
    proxy.update(view)
    overlay, console = tmp_path / "disk.qcow2", tmp_path / "console.log"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(IMAGE), str(overlay)],
        check=True,
    )
    guest = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "tcg", "-m", "192", "-display", "none", "-nodefaults",
         "-drive", f"file={overlay},if=virtio", "-serial", f"file:{console}",
         "-netdev", f"tap,id=n,ifname={one.tap},script=no,downscript=no",
         "-device", f"virtio-net-pci,netdev=n,mac={one.mac}"]
    )  # fmt: skip
    try:
        deadline = time.monotonic() + BOOT_SECONDS
        said = banner("172.31.249.21", 22, deadline)
        assert said.startswith(b"SSH-"), console.read_text(errors="replace")[-3000:]
        assert not banner("172.31.249.21", 23, time.monotonic() + 2)
        while not asked and time.monotonic() < deadline:
            time.sleep(0.2)
        assert asked
        assert {server for _, server in asked} == {one.server_id}
    finally:
        guest.terminate()
        guest.wait(10)
        proxy.close()
        upstream.shutdown()
        upstream.server_close()
