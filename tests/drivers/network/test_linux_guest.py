"""A real guest on a real tap: DHCP, metadata, security group and floating IP at once."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stratolith.network.agent.metadata import MetadataProxy
from stratolith.network.drivers.base import HostNetworkView, PortView
from tests.drivers.network import views, views6
from tests.drivers.network.metadata_upstream import by_http

IMAGE = Path(__file__).parents[3] / ".cache/guest-image/cirros-amd64.qcow2"
BOOT_SECONDS = 90

pytestmark = [
    pytest.mark.root,
    pytest.mark.guest,
    pytest.mark.slow,
    pytest.mark.skipif(not IMAGE.exists(), reason="the guest image is not built yet"),
]


class Asked(list[tuple[str, str | None]]):
    """What a metadata service was asked, paths and servers, and where it listens."""

    port = 0


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


@pytest.fixture
def asked() -> Iterator[Asked]:
    requests = Asked()
    handler = type("Handler", (Upstream,), {"asked": requests})
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    requests.port = upstream.server_port
    yield requests
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


@contextlib.contextmanager
def metadata_of(view: HostNetworkView, asked: Asked) -> Iterator[None]:
    proxy = MetadataProxy(by_http(f"http://127.0.0.1:{asked.port}"))
    proxy.start()
    proxy.update(view)
    try:
        yield
    finally:
        proxy.close()


def until(condition: Callable[[], object], deadline: float, console: Path) -> None:
    while not condition():
        assert time.monotonic() < deadline, console.read_text(errors="replace")[-3000:]
        time.sleep(0.2)


def test_guest_boots_into_its_network(driver, asked, tmp_path):
    one = views.port("vm1", "10.55.0.21", "n1-subnet", rules=[*views.EGRESS_ALL, views.tcp_in(22)])
    net = views.network("n1", ports=[one], dhcp=True)
    router = views.router("r1", [net], "172.31.249.10", {"172.31.249.21": "10.55.0.21"})
    view = views.host([net], [router], external=True)
    assert driver.apply(view).errors == {}
    with metadata_of(view, asked), booted(one, tmp_path) as console:
        deadline = time.monotonic() + BOOT_SECONDS
        said = banner("172.31.249.21", 22, deadline)
        assert said.startswith(b"SSH-"), console.read_text(errors="replace")[-3000:]
        assert not banner("172.31.249.21", 23, time.monotonic() + 2)
        until(lambda: asked, deadline, console)
        assert {server for _, server in asked} == {one.server_id}


def test_guest_without_ipv4_gets_the_address_of_its_port(driver, asked, tmp_path):
    """By DHCPv6, where the router's advertisements say so; it asks fe80::a9fe:a9fe for metadata."""
    one = views6.port("vm1", ("s", "2001:db8:1::77"), rules=views.EGRESS_ALL)
    subnet = views6.subnet(
        "s", "2001:db8:1::", "dhcpv6-stateful", dns_nameservers=["2001:db8:53::1"]
    )
    net = views6.network("n1", [subnet], [one])
    view = views.host([net], [views6.router("r1", [net])])
    assert driver.apply(view).errors == {}
    with metadata_of(view, asked), booted(one, tmp_path) as console:
        deadline = time.monotonic() + BOOT_SECONDS
        line = "eth0 2001:db8:1::77 by DHCPv6, name servers 2001:db8:53::1"
        until(lambda: line in console.read_text(errors="replace"), deadline, console)
        until(lambda: asked, deadline, console)
        assert {server for _, server in asked} == {one.server_id}
