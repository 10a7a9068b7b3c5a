"""What a router lets through: nothing that claims to come from somewhere else."""

from __future__ import annotations

import socket
import struct

import msgspec
import pytest

from stratolith.network.drivers.base import FixedIpView, SubnetView
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.routing import RouterPortView, RouteView
from tests.drivers.network import frames, views
from tests.drivers.network.guests import PATIENCE, Guest

pytestmark = pytest.mark.root

OPEN = [
    *views.EGRESS_ALL,
    *(msgspec.structs.replace(rule, direction="ingress") for rule in views.EGRESS_ALL),
]
PORT = 6666
MEMBER, NEIGHBOUR = "10.66.0.5", "10.66.0.9"  # of the network the attacker's router leads to
MEMBER6 = "fd00:66::5"


def six(network, port, prefix):
    """The network and its port with an IPv6 subnet besides."""
    subnet = SubnetView(
        id=views.uid(f"{prefix}-six"), cidr=f"{prefix}::/64", ip_version=6,
        gateway_ip=f"{prefix}::1", enable_dhcp=False,
    )  # fmt: skip
    address = FixedIpView(subnet_id=subnet.id, ip_address=f"{prefix}::5")
    both = msgspec.structs.replace(port, fixed_ips=[*port.fixed_ips, address])
    others = [one for one in network.ports if one.id != port.id]
    return msgspec.structs.replace(
        network, subnets=[*network.subnets, subnet], ports=[both, *others]
    )


def leg(name: str, network, *addresses: str) -> RouterPortView:
    return RouterPortView(
        port_id=views.uid(name), network_id=network.id, bridge=network.bridge,
        mac=views.mac_of(name), addresses=list(addresses),
    )  # fmt: skip


@pytest.fixture
def world(driver, guest):
    """``world(routes)``: an attacker whom nothing holds, and the member of a network beyond."""
    attacker = views.port("attacker", "10.55.0.11", "own-subnet", port_security=False)
    member = views.port("member", MEMBER, "shared-subnet", rules=OPEN)
    own = six(views.network("own", ports=[attacker]), attacker, "fd00:55")
    shared = views.network("shared", cidr="10.66.0.0/24", ports=[member])
    shared = six(shared, member, "fd00:66")
    legs = [
        leg("leg1", own, "10.55.0.1/24"), leg("leg2", own, "fd00:55::1/64"),
        leg("leg3", shared, "10.66.0.1/24", "fd00:66::1/64"),
    ]  # fmt: skip
    made: list[Guest] = []

    def make(routes=()):
        routes = [RouteView(destination=target, nexthop=hop) for target, hop in routes]
        router = views.router("r1", [], "172.31.249.10", {"172.31.249.20": "10.55.0.11"})
        router = msgspec.structs.replace(router, interfaces=legs, routes=routes)
        assert not driver.apply(views.host([own, shared], [router], external=True)).errors
        if not made:
            made.append(guest(own.ports[0], "10.55.0.11/24", "10.55.0.1"))
            made.append(guest(shared.ports[0], f"{MEMBER}/24", "10.66.0.1"))
            made[0].sh("ip addr add fd00:55::5/64 dev eth0 nodad")
            made[1].sh(f"ip addr add {MEMBER6}/64 dev eth0 nodad")
        return made[0], made[1]

    return make


def datagram(source: str, target: str, gateway: str, mac: str) -> bytes:
    """From the attacker to the leg of its router."""
    if ":" in source:
        payload = struct.pack("!HHHH", 5555, PORT, 12, 0) + b"word"
        return frames.ip6(mac, source, 17, payload, to=(gateway, target))
    return frames.udp4(mac, source, 5555, PORT, to=(gateway, target))


def arriving(attacker: Guest, member: Guest, sources: list[str]) -> set[str]:
    """The sources whose datagrams come out at the member; the true one is sent last."""
    found = set()
    with namespaces.run_in(member.name, frames.raw) as sock:
        for version in (4, 6):
            true = "10.55.0.11" if version == 4 else "fd00:55::5"
            for source in [*(one for one in sources if (":" in one) == (version == 6)), true]:
                leg_mac = views.mac_of("leg1" if version == 4 else "leg2")
                target = MEMBER if version == 4 else MEMBER6
                frames.send(attacker, datagram(source, target, leg_mac, attacker.mac))
            sock.settimeout(PATIENCE)
            while true not in found:
                frame = sock.recv(2000)
                is_four = frame[12:14] == b"\x08\x00"
                at, size, ports = (26, 4, 34) if is_four else (22, 16, 54)
                if frame[ports : ports + 4] == struct.pack("!HH", 5555, PORT):
                    family = socket.AF_INET if is_four else socket.AF_INET6
                    found.add(socket.inet_ntop(family, frame[at : at + size]))
    return found


FALSE = [
    MEMBER, NEIGHBOUR, "10.66.0.1", "10.55.0.1", "172.31.249.10", "172.31.249.20", "172.31.249.1",
    "172.31.249.77", "8.8.4.4", "10.99.0.1", MEMBER6, "fd00:66::9", "fd00:66::1", "fd00:55::1",
    "2001:db8::1",
]  # fmt: skip
TRUE = {"10.55.0.11", "fd00:55::5"}


def test_no_source_of_somewhere_else_passes(world) -> None:
    attacker, member = world()
    others_of_the_own_network = ["10.55.0.99", "fd00:55::99"]
    found = arriving(attacker, member, [*FALSE, *others_of_the_own_network])
    assert found == TRUE | set(others_of_the_own_network)


def test_an_own_route_opens_what_is_beyond_it_and_no_other_network(world) -> None:
    routes = [
        (f"{NEIGHBOUR}/32", "10.55.0.11"), ("172.31.249.77/32", "10.55.0.11"),
        ("fd00:66::9/128", "fd00:55::5"),
        ("10.99.0.0/24", "10.55.0.11"), ("2001:db8::/64", "fd00:55::5"),
    ]  # fmt: skip
    attacker, member = world(routes)
    assert arriving(attacker, member, FALSE) == TRUE | {"10.99.0.1", "2001:db8::1"}


def test_a_guest_with_two_addresses_in_one_network_has_one_default_route(driver, guest) -> None:
    """Its answers from the second address come in by the router's leg in the first subnet."""
    one = views.port("one", "10.55.0.11", "own-subnet", rules=OPEN)
    second = FixedIpView(subnet_id=views.uid("second"), ip_address="10.57.0.11")
    one = msgspec.structs.replace(one, fixed_ips=[*one.fixed_ips, second])
    other = views.port("other", "10.66.0.5", "shared-subnet")
    own = views.network("own", ports=[one])
    shared = views.network("shared", cidr="10.66.0.0/24", ports=[other])
    legs = [
        leg("leg1", own, "10.55.0.1/24"), leg("leg2", own, "10.57.0.1/24"),
        leg("leg3", shared, "10.66.0.1/24"),
    ]  # fmt: skip
    router = msgspec.structs.replace(views.router("r1", []), interfaces=legs)
    assert not driver.apply(views.host([own, shared], [router])).errors
    machine = guest(one, "10.55.0.11/24", "10.55.0.1")
    machine.sh("ip addr add 10.57.0.11/24 dev eth0")
    client = guest(other, "10.66.0.5/24", "10.66.0.1")
    with machine.serving(22):
        assert client.reaches("10.57.0.11", 22)
        assert client.reaches("10.55.0.11", 22)
