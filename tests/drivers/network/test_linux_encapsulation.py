"""What is not plain IP or ARP gets to no filtered port, no router and no DHCP server."""

from __future__ import annotations

import struct

import pytest

from stratolith.network.drivers.base import RuleView
from tests.drivers.network import frames, views

pytestmark = pytest.mark.root

OPEN = [
    RuleView(direction=way, ethertype=kind)
    for way in ("ingress", "egress")
    for kind in ("IPv4", "IPv6")
]
SOURCE, VICTIM, METADATA = "10.55.0.11", "10.55.0.12", "169.254.169.254"
Q, AD = 0x8100, 0x88A8
TAGS = {
    "priority tag": [(Q, 0)],
    "two priority tags": [(Q, 0), (Q, 0)],
    "three": [(Q, 0), (Q, 0), (Q, 0)],
    "provider tag": [(AD, 0)],
    "provider tag and tag": [(AD, 0), (Q, 0)],
    "VLAN 5": [(Q, 5)],
    "old provider tag": [(0x9100, 0)],
}


def plain(mac: str, target_mac: str, word: bytes, target: str = VICTIM) -> bytes:
    return frames.udp4(mac, SOURCE, 5555, 6666, word.rjust(24, b"."), to=(target_mac, target))


def hidden(mac: str, target_mac: str, target: str = VICTIM) -> dict[str, bytes]:
    """The same datagram in every wrapping."""
    found = {}
    for name, tags in TAGS.items():
        found[name] = frames.tagged(plain(mac, target_mac, name.encode(), target), *tags)
        if target == VICTIM:
            message = struct.pack("!HHHH", 5555, 6666, 40, 0) + (name + " v6").encode().rjust(32)
            six = frames.ip6(mac, "fd00::a", 17, message, to=(target_mac, "fd00::b"))
            found[f"IPv6, {name}"] = frames.tagged(six, *tags)
    pppoe, other, snap = (
        plain(mac, target_mac, word, target)[14:] for word in (b"pppoe", b"other", b"snap")
    )
    session = struct.pack("!BBHHH", 0x11, 0, 1, len(pppoe) + 2, 0x21) + pppoe
    found["PPPoE"] = frames.ethernet(mac, target_mac, 0x8864, session)
    found["another protocol"] = frames.ethernet(mac, target_mac, 0x88B5, other)
    llc = b"\xaa\xaa\x03\0\0\0\x08\0" + snap
    found["LLC and SNAP"] = frames.ethernet(mac, target_mac, len(llc), llc)
    return found


def test_a_free_port_gets_only_plain_frames_to_a_filtered_one(driver, guest) -> None:
    """Its own tags and protocols it may share with ports that are as free."""
    attacker = views.port("attacker", SOURCE, "n1-subnet", port_security=False)
    victim = views.port("victim", VICTIM, "n1-subnet", rules=OPEN)
    friend = views.port("friend", "10.55.0.13", "n1-subnet", port_security=False)
    net = views.network("n1", ports=[attacker, victim, friend])
    assert not driver.apply(views.host([net])).errors
    machine, target, other = guest(attacker), guest(victim), guest(friend)
    last = plain(attacker.mac, victim.mac, b"last")
    assert frames.arriving(
        machine, target.name, "eth0", hidden(attacker.mac, victim.mac), last
    ) == set()  # fmt: skip
    free = hidden(attacker.mac, friend.mac)
    last = plain(attacker.mac, friend.mac, b"last")
    assert frames.arriving(machine, other.name, "eth0", free, last) == set(free)


@pytest.mark.parametrize("way", ["router", "dhcp"])
def test_a_free_port_gets_only_plain_frames_into_a_namespace(driver, guest, way) -> None:
    """There a tag would hide from the bridge who asks for metadata."""
    attacker = views.port("attacker", SOURCE, "n1-subnet", port_security=False)
    net = views.network("n1", ports=[attacker], dhcp=True)
    router = views.router("r1", [net])
    assert not driver.apply(views.host([net], [router])).errors
    machine = guest(attacker)
    if way == "router":
        leg = router.interfaces[0]
        space, device, mac = f"qrouter-{router.id}", f"qr-{leg.port_id[:11]}", leg.mac
    else:
        assert net.dhcp_port_id and net.dhcp_mac
        space, device, mac = f"qdhcp-{net.id}", f"tap{net.dhcp_port_id[:11]}", net.dhcp_mac
    last = plain(attacker.mac, mac, b"last", METADATA)
    written = hidden(attacker.mac, mac, METADATA)
    assert frames.arriving(machine, space, device, written, last) == set()
