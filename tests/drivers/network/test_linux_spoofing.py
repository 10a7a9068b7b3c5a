"""What a guest may not claim to be, with raw frames; and that no other port changes that."""

from __future__ import annotations

import socket
import struct

import pytest

from stratolith.network.drivers.base import AddressPair, FixedIpView, RuleView
from stratolith.network.drivers.linux.guard import link_local
from tests.drivers.network import frames, views
from tests.drivers.network.guests import PATIENCE, echo

pytestmark = pytest.mark.root

A, B, C, D = (views.mac_of(name) for name in "abcd")
A6, B6, C6, D6 = ("fd00::a", "fd00::b", "fd00::c", "fd00::d")
A4, B4 = "10.55.0.11", "10.55.0.12"
OPEN = [
    RuleView(direction=way, ethertype=kind)
    for way in ("ingress", "egress")
    for kind in ("IPv4", "IPv6")
]
SPOOFED = {
    "neighbour advertisement": frames.discovery(B, B6, 136, A6),
    "advertisement from the link-local address": frames.discovery(B, link_local(B), 136, A6),
    "advertisement of another's link-local address": frames.discovery(B, B6, 136, link_local(A)),
    "advertisement of the gateway": frames.discovery(B, B6, 136, "fd00::1"),
    "advertisement behind options": frames.discovery(B, B6, 136, A6, options=True),
    "advertisement as a fragment": frames.discovery(B, B6, 136, A6, fragment=True),
    "both": frames.discovery(B, B6, 136, A6, fragment=True, options=True),
    "cut advertisement": frames.ip6(B, B6, 58, struct.pack("!BBHI", 136, 0, 0, 0) + bytes(8)),
    "solicitation from another's address": frames.discovery(B, A6, 135, B6),
    "solicitation that keeps another from its address": frames.discovery(B, "::", 135, A6),
    "router advertisement": frames.ip6(
        B, link_local(B), 58, struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    ),
    "IPv6 from another's address": frames.ip6(B, A6, 17, struct.pack("!HHHH", 9, 9, 8, 0)),
    "DHCPv6 server": frames.ip6(B, B6, 17, struct.pack("!HHHH", 547, 546, 8, 0)),
    "ARP of another's address": frames.arp(B, B, A4, B4),
    "ARP answer of another's address": frames.arp(B, B, A4, B4, operation=2),
    "ARP from another's MAC": frames.arp(B, A, B4, A4),
    "ARP probe that keeps another from its address": frames.arp(B, B, "0.0.0.0", A4),
    "IPv4 from another's address": frames.udp4(B, A4, 9, 9),
    "IPv4 from another's MAC": frames.udp4(A, B4, 9, 9),
    "DHCP server": frames.udp4(B, B4, 67, 68),
    "unknown protocol": frames.ethernet(B, frames.BROADCAST, 0x88CC, bytes(46)),
}  # fmt: skip
OWN = {
    "neighbour advertisement": frames.discovery(B, B6, 136, B6),
    "advertisement of the link-local address": frames.discovery(
        B, link_local(B), 136, link_local(B)
    ),
    "solicitation": frames.discovery(B, B6, 135, A6),
    "asking before taking an address": frames.discovery(B, "::", 135, B6),
    "IPv6": frames.ip6(B, B6, 17, struct.pack("!HHHH", 9, 9, 8, 0)),
    "ARP": frames.arp(B, B, B4, A4),
    "ARP probe": frames.arp(B, B, "0.0.0.0", B4),
    "IPv4": frames.udp4(B, B4, 9, 9),
}


def with_six(name, four, six, **fields):
    port = views.port(name, four, "n1-subnet", rules=OPEN, **fields)
    extra = FixedIpView(subnet_id=views.uid("six"), ip_address=six)
    return type(port)(**{**{k: getattr(port, k) for k in port.__struct_fields__},
                         "fixed_ips": [*port.fixed_ips, extra]})  # fmt: skip


@pytest.fixture
def four(driver, guest):
    """Guests a and b; c on the same and d on another network may use blocks of addresses."""
    blocks = ["fd00::/64", "10.55.0.0/24", "::/0", "0.0.0.0/0"]

    def pairs(mac):
        return [AddressPair(ip_address=text, mac_address=mac) for text in blocks]

    a, b = with_six("a", A4, A6), with_six("b", B4, B6)
    c = with_six("c", "10.55.0.13", C6, allowed_address_pairs=pairs(C)[:2])
    d = with_six("d", "10.55.0.11", D6, allowed_address_pairs=pairs(D))
    nets = [views.network("n1", ports=[a, b, c]), views.network("n2", ports=[d])]
    assert not driver.apply(views.host(nets)).errors
    return [guest(one) for one in (a, b, c)]


def test_nobody_speaks_for_another(four):
    a, b, _ = four
    passed = [what for what, frame in SPOOFED.items() if frames.passes(b, a, frame)]
    assert passed == []
    held = [what for what, frame in OWN.items() if not frames.passes(b, a, frame, PATIENCE)]
    assert held == []


def test_a_block_is_its_own_ports_alone(four):
    a, _, c = four
    allowed = {
        "advertisement in the block": frames.discovery(C, "fd00::77", 136, "fd00::77"),
        "solicitation before taking": frames.discovery(C, "::", 135, "fd00::78"),
        "IPv6": frames.ip6(C, "fd00::77", 17, struct.pack("!HHHH", 9, 9, 8, 0)),
        "ARP": frames.arp(C, C, "10.55.0.77", A4),
        "ARP probe": frames.arp(C, C, "0.0.0.0", "10.55.0.78"),
        "IPv4": frames.udp4(C, "10.55.0.77", 9, 9),
    }
    assert [what for what, one in allowed.items() if not frames.passes(c, a, one, PATIENCE)] == []
    beyond = {
        "advertisement": frames.discovery(C, C6, 136, "fd00:0:0:1::77"),
        "source": frames.discovery(C, "fd00:0:0:1::77", 136, C6),
        "ARP": frames.arp(C, C, "10.55.1.77", A4),
        "IPv4": frames.udp4(C, "10.55.1.77", 9, 9),
        "another MAC": frames.udp4(A, "10.55.0.77", 9, 9),
    }
    assert [what for what, one in beyond.items() if frames.passes(c, a, one)] == []


def test_a_pair_does_not_end_its_owners_connections(driver, guest):
    """Who may use another's address too, and changes rules, ends only what is its own."""
    a, c = with_six("a", A4, A6), with_six("c", "10.55.0.13", C6)

    def apply(rules):
        pair = AddressPair(ip_address=A4, mac_address=B)
        b = views.port("b", B4, "n1-subnet", rules=rules, allowed_address_pairs=[pair])
        assert not driver.apply(views.host([views.network("n1", ports=[a, b, c])])).errors

    apply(OPEN)
    one, other = guest(a, f"{A4}/24"), guest(c, "10.55.0.13/24")
    with one.serving(22), other.connect(A4, 22) as sock:
        assert echo(sock)
        apply([])
        assert echo(sock)


@pytest.mark.parametrize("secure", [True, False])
def test_a_pair_does_not_filter_what_the_host_sends_to_its_owner(driver, guest, secure):
    """On the external network, where the host itself speaks to guests."""
    pair = AddressPair(ip_address="172.31.249.11", mac_address=B)
    a = views.port("a", "172.31.249.11", "out", rules=OPEN, port_security=secure)
    b = views.port("b", "172.31.249.12", "out", rules=[], allowed_address_pairs=[pair])
    view = views.host(external=True)
    view.networks[0].ports.extend([a, b])
    assert not driver.apply(view).errors
    one = guest(a, "172.31.249.11/24")
    with one.serving(22), socket.create_connection(("172.31.249.11", 22), PATIENCE) as sock:
        assert echo(sock)
