"""A real guest on a real tap: DHCP, metadata, security group and floating IP at once."""

from __future__ import annotations

import socket
import time

import pytest

from tests.drivers.network import views, views6
from tests.drivers.network.booted_guests import BOOT_SECONDS, IMAGE, booted, metadata_of, until

pytestmark = [
    pytest.mark.root,
    pytest.mark.guest,
    pytest.mark.slow,
    pytest.mark.skipif(not IMAGE.exists(), reason="the guest image is not built yet"),
]


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
    one = views.port("vm1", "10.55.0.21", "n1-subnet", rules=[*views.EGRESS_ALL, views.tcp_in(22)])
    net = views.network("n1", ports=[one], dhcp=True)
    router = views.router("r1", [net], "172.31.249.10", {"172.31.249.21": "10.55.0.21"})
    view = views.host([net], [router], external=True)
    assert driver.apply(view).errors == {}
    with metadata_of(view, {}) as asked, booted(one, tmp_path) as console:
        deadline = time.monotonic() + BOOT_SECONDS
        said = banner("172.31.249.21", 22, deadline)
        assert said.startswith(b"SSH-"), console.read_text(errors="replace")[-3000:]
        assert not banner("172.31.249.21", 23, time.monotonic() + 2)
        until(lambda: asked, deadline, console)
        assert {server for _, server in asked} == {one.server_id}


def test_guest_without_ipv4_gets_the_address_of_its_port(driver, tmp_path):
    """By DHCPv6, where the router's advertisements say so; it asks fe80::a9fe:a9fe for metadata."""
    one = views6.port("vm1", ("s", "2001:db8:1::77"), rules=views.EGRESS_ALL)
    subnet = views6.subnet(
        "s", "2001:db8:1::", "dhcpv6-stateful", dns_nameservers=["2001:db8:53::1"]
    )
    net = views6.network("n1", [subnet], [one])
    view = views.host([net], [views6.router("r1", [net])])
    assert driver.apply(view).errors == {}
    with metadata_of(view, {}) as asked, booted(one, tmp_path) as console:
        deadline = time.monotonic() + BOOT_SECONDS
        line = "eth0 2001:db8:1::77 by DHCPv6, name servers 2001:db8:53::1"
        until(lambda: line in console.read_text(errors="replace"), deadline, console)
        until(lambda: asked, deadline, console)
        assert {server for _, server in asked} == {one.server_id}
