"""IPv6 and trunks between two hosts: what crosses the tunnel, and what does not."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stratolith.network.drivers.base import PortView, RuleView
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import frames, views, views6, vlans
from tests.drivers.network.guests import Guest
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


def request(mac: str, source: str, target: str) -> bytes:
    """An ARP request to everybody."""
    sender = bytes.fromhex(mac.replace(":", ""))
    head = struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
    ends = sender + socket.inet_aton(source), bytes(6) + socket.inet_aton(target)
    return b"\xff" * 6 + sender + head + b"".join(ends)


def asked_at(wire: vlans.Capture, target: str, seconds: float) -> str | None:
    """The MAC address to which the question for an address goes; None when none comes."""
    needle = ipaddress.ip_address(target).packed
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        wire.sock.settimeout(left)
        try:
            data = wire.sock.recv(4096)
        except TimeoutError:
            break
        is_arp = data[12:14] == b"\x08\x06" and data[20:22] == b"\0\1" and data[38:42] == needle
        is_six = data[12:14] == b"\x86\xdd" and data[54] == 135 and data[62:78] == needle
        if is_arp or is_six:
            return data[:6].hex(":")
    return None


def test_questions_go_to_the_host_of_the_address_alone(two: tuple[Machine, Machine]) -> None:
    """Two guests on each host: only the one that is asked for hears the question."""
    a, b = two
    names = {"a1": 11, "a2": 12, "b1": 21, "b2": 22}
    ports = {
        name: views6.port(
            name,
            ("four", f"10.55.0.{number}"),
            ("one-s", f"{ONE}{number}"),
            rules=[*OPEN, OPEN6[-1]],
        )
        for name, number in names.items()
    }
    mine = {key: [ports[f"{key}1"], ports[f"{key}2"]] for key in "ab"}
    for machine, key, other in ((a, "a", "b"), (b, "b", "a")):
        there = (b if machine is a else a).address
        net = part(views.network("n1", ports=mine[key]), 77, there, mine[other])
        (peer,) = net.peers
        known = {port.id: [ip.ip_address for ip in port.fixed_ips] for port in mine[other]}
        peer = msgspec.structs.replace(peer, addresses=known)
        machine.apply([msgspec.structs.replace(net, peers=[peer])])
    asker, owner = a.guest(ports["a1"]), b.guest(ports["b1"])
    a.guest(ports["a2"])
    b.guest(ports["b2"])
    for guest, name in ((asker, "a1"), (owner, "b1")):
        guest.sh(f"ip addr add {ONE}{names[name]}/64 dev eth0 nodad")
    wires = {
        name: vlans.Capture(ports[name].tap, machine.name)
        for name, machine in (("a2", a), ("b1", b), ("b2", b))
    }
    with contextlib.ExitStack() as stack:
        for wire in wires.values():
            stack.enter_context(wire)
        for address, version in (("10.55.0.21", "4"), (f"{ONE}21", "6")):
            with owner.serving(80, "::" if version == "6" else "0.0.0.0"):
                assert asker.reaches(address, 80)
            assert asked_at(wires["b1"], address, 5) == ports["b1"].mac
            assert asked_at(wires["b2"], address, 0.3) is None
            assert asked_at(wires["a2"], address, 0.3) is None
        everybody = "ff:ff:ff:ff:ff:ff"
        mac = ports["a1"].mac
        for source, target in (
            ("10.55.0.11", "10.55.0.99"),  # an address that no port has
            ("10.55.0.11", "10.55.0.11"),  # an announcement
        ):
            frames.send(asker, request(mac, source, target))
            assert asked_at(wires["b2"], target, 5) == everybody
            assert asked_at(wires["a2"], target, 5) == everybody


def answers(guest: Guest) -> bool:
    """Whether a router answers at the gateway's address."""
    try:
        guest.connect("10.55.0.1", 9, 5).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True


def sends_as(wire: vlans.Capture, mac: str) -> bool:
    """Whether a frame of this MAC address left by the device within half a second."""
    source, end = bytes.fromhex(mac.replace(":", "")), time.monotonic() + 0.5
    while (left := end - time.monotonic()) > 0:
        wire.sock.settimeout(left)
        with contextlib.suppress(TimeoutError):
            data, (_, _, way, _, _) = wire.sock.recvfrom(4096)
            if way == socket.PACKET_OUTGOING and data[6:12] == source:
                return True
    return False


def test_a_host_that_was_cut_off_leaves_nothing_of_a_router_that_moved(
    two: tuple[Machine, Machine],
) -> None:
    """The router is on a, which loses its cable; the control plane moves it to b."""
    a, b = two
    near, far = (
        views.port(name, address, "n1-subnet", rules=OPEN)
        for name, address in (("near", "10.55.0.11"), ("far", "10.55.0.12"))
    )
    router = views.router("r", [views.network("n1")])
    interface = router.interfaces[0]
    of_router = views.port("unused", "10.55.0.1", "n1-subnet")
    of_router = msgspec.structs.replace(of_router, id=interface.port_id, mac=interface.mac)

    def on(host: Machine, mine: list[PortView], theirs: list[PortView], router_here: bool) -> None:
        there = (b if host is a else a).address
        net = part(views.network("n1", ports=mine), 77, there, theirs)
        # namespaces have one directory for both hosts: the router has an id for each
        here = msgspec.structs.replace(router, id=views.uid(f"r {there}"))
        host.apply([net], [here] if router_here else [])

    on(a, [near], [far], True)
    on(b, [far], [near, of_router], False)
    guests = a.guest(near), b.guest(far)
    for guest in guests:
        assert answers(guest)
    a.sh("ip link set wire down")
    on(b, [far], [near], True)
    assert all(answers(guest) for guest in guests)  # each by the router of its host
    a.sh("ip link set wire up")
    on(a, [near], [far, of_router], False)
    tunnel = f"sv-{views.uid('n1')[:11]}"
    with vlans.Capture(tunnel, a.name) as leaving:
        assert all(answers(guest) for guest in guests)
        assert not sends_as(leaving, interface.mac)
    places = a.sh(f"bridge fdb show | grep {interface.mac}").splitlines()
    assert {line.split()[2] for line in places} == {tunnel}
    assert [line for line in places if f"dst {b.address}" in line]
    assert "sr-" not in a.sh("ip -o link")
    assert namespaces.inode(f"qrouter-{views.uid(f'r {b.address}')}") is None
