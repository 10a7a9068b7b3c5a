"""IPv6 and trunks between two hosts: what crosses the tunnel, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.network.drivers.base import RuleView
from tests.drivers.network import frames, views, views6, vlans
from tests.drivers.network.machines import Machine, part, two_machines
from tests.drivers.network.test_ipv6 import addresses, default_route, serving, until

pytestmark = pytest.mark.root
OPEN = [*views.EGRESS_ALL, views.tcp_in(80)]
OPEN6 = [*views.EGRESS_ALL, RuleView(direction="ingress", ethertype="IPv6")]
ONE, TWO = "2001:db8:1::", "2001:db8:2::"


@pytest.fixture
def two(sandbox: None, tmp_path: Path) -> Iterator[tuple[Machine, Machine]]:
    with two_machines(tmp_path) as both:
        yield both


def test_a_router_advertises_to_guests_of_another_host(two: tuple[Machine, Machine]) -> None:
    """The router and a guest of network two are on a, the guest of network one is on b."""
    a, b = two
    near = views6.port("near", ("two-s", TWO), rules=OPEN6)
    far = views6.port("far", ("one-s", ONE), rules=OPEN6)
    ones = {
        key: views6.network(
            "one", [views6.subnet("one-s", ONE, "slaac")], [far] if key == "b" else [], dhcp=False
        )
        for key in "ab"
    }
    second = views6.network("two", [views6.subnet("two-s", TWO, "slaac")], [near], dhcp=False)
    router = views6.router("r", [ones["a"], second])
    interface = router.interfaces[0]
    of_router = views.port("r-one", "10.0.0.1", "none")
    of_router = type(of_router)(id=interface.port_id, mac=interface.mac, tap="")
    a.apply([part(ones["a"], 77, b.address, [far]), second], [router])
    b.apply([part(ones["b"], 77, a.address, [of_router])])
    here, there = a.guest(near, configured=False), b.guest(far, configured=False)
    for guest, port in ((here, near), (there, far)):
        until(lambda g=guest, p=port: p.fixed_ips[0].ip_address in addresses(g), "no address")
    assert str(default_route(there)["gateway"]).startswith("fe80::")
    with serving(here) as clients:
        assert there.reaches(near.fixed_ips[0].ip_address, 7)
        assert clients == [far.fixed_ips[0].ip_address]
    with serving(there) as clients:
        assert here.reaches(far.fixed_ips[0].ip_address, 7)
        assert clients == [near.fixed_ips[0].ip_address]


def test_a_sub_port_meets_a_guest_of_another_host(two: tuple[Machine, Machine]) -> None:
    """The trunk is on a; the tag of its sub-port stays there."""
    a, b = two
    parent = views.port("parent", "10.50.0.10", "n0-subnet", rules=OPEN)
    sub = views.port("sub", "10.55.0.10", "n1-subnet", rules=OPEN, parent=parent.id, tag=5)
    peer = views.port("peer", "10.55.0.20", "n1-subnet", rules=OPEN)
    a.apply(
        [
            views.network("n0", "10.50.0.0/24", ports=[parent]),
            part(views.network("n1", ports=[sub]), 77, b.address, [peer]),
        ]
    )
    b.apply([part(views.network("n1", ports=[peer]), 77, a.address, [sub])])
    trunk, other = a.guest(parent, configured=False), b.guest(peer)
    vlans.give_vlans(trunk, {5: sub.mac})
    trunk.sh("ip addr add 10.55.0.10/24 dev vlan5")
    with other.serving(80) as clients, trunk.serving(80) as callers:
        assert trunk.reaches("10.55.0.20", 80) and clients == ["10.55.0.10"]
        assert other.reaches("10.55.0.10", 80) and callers == ["10.55.0.20"]
        assert not other.reaches("10.55.0.10", 81, 0.3)  # closed by the sub-port's group
    frame = frames.udp4(sub.mac, "10.55.0.10", 4000, 4001, b"word", to=(peer.mac, "10.55.0.20"))
    with (
        vlans.Capture(peer.tap, b.name) as plugged,
        vlans.Capture(f"sv-{views.uid('n1')[:11]}", a.name) as tunnel,
    ):
        frames.send(trunk, frames.tagged(frame, (0x8100, 5)))
        assert tunnel.tag_of(b"word") is None
        assert not plugged.sees(b"word")  # nothing lets in this port
