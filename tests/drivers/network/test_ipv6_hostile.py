"""Hostile guests and IPv6: metadata of others, advertisements, DHCPv6 and discovery."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import time
from pathlib import Path

import msgspec
import pytest

from stratolith.network.drivers.linux.guard import link_local
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.metadata_mark import OWNER_DSCP
from tests.drivers.network import dhcp6_client, frames, views, views6
from tests.drivers.network.guests import Guest
from tests.drivers.network.test_ipv6 import ONE, SLAAC, STATEFUL, TWO, addresses, lease, until
from tests.drivers.network.test_linux_metadata import identity, pair, serve, upstream

pytestmark = pytest.mark.root
__all__ = ["serve", "upstream"]  # fixtures


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


METADATA6 = "fe80::a9fe:a9fe"


def ask(
    machine: Guest, source: str = "", to: str = METADATA6, service: int = 0
) -> tuple[int, dict[str, str]]:
    """Status and the headers that reached the metadata service; (0, {}) without an answer."""

    def body() -> tuple[int, dict[str, str]]:
        index = socket.if_nametoindex("eth0")
        sock = socket.socket(socket.AF_INET6)
        sock.settimeout(1)
        sock.setsockopt(socket.IPPROTO_IPV6, 67, service)
        connection = http.client.HTTPConnection(f"[{to}]", 80)
        try:
            if source:
                sock.bind((source, 0, 0, index if source.startswith("fe80") else 0))
            sock.connect((to, 80, 0, index if to.startswith("fe80") else 0))
            connection.sock = sock
            connection.request("GET", "/openstack/latest/password")
            reply = connection.getresponse()
            text = reply.read()
        except OSError:
            return 0, {}
        finally:
            sock.close()
        return reply.status, json.loads(text)["headers"] if reply.status == 200 else {}

    return namespaces.run_in(machine.name, body)


def ready(*machines: Guest) -> None:
    """Wait until the guests may use their link-local addresses."""
    for machine in machines:
        until(lambda m=machine: "tentative" not in m.sh("ip -6 addr show dev eth0"), "tentative")


@pytest.mark.parametrize(
    ("driver", "dhcp"),
    [("linux", True), ("linux", False), ("ovn", True)],
    ids=["linux-dhcp", "linux-router", "ovn-dhcp"],
    indirect=["driver"],
)
def test_each_guest_is_itself(driver, guest, serve, dhcp):
    """By link-local and by own addresses; on two networks with the same addresses."""
    ports = [views6.port(name, (f"{name}-s", ONE)) for name in ("a", "b")]
    neighbour = views6.port("c", ("a-s", ONE))
    nets, routers = [], []
    for name, port in zip(("a", "b"), ports, strict=True):
        subnet = views6.subnet(f"{name}-s", ONE, SLAAC)
        own = [port, neighbour] if name == "a" else [port]
        nets.append(views6.network(name, [subnet], own, dhcp=dhcp))
        routers.append(views6.router(f"r-{name}", nets[-1:]))
    serve(views.host(nets, routers))
    machines = [guest(port) for port in (*ports, neighbour)]
    for machine, port in zip(machines, (*ports, neighbour), strict=True):
        ready(machine)
        assert identity(ask(machine)) == port.server_id
        own_address = port.fixed_ips[0].ip_address
        until(lambda m=machine, a=own_address: a in addresses(m), "no address")
        assert identity(ask(machine, own_address)) == port.server_id
    # at another address of the namespace, the guest's own mark counts for nothing
    for address in (ONE, f"{ONE}2"):
        assert ask(machines[0], to=address, service=OWNER_DSCP << 2)[0] != 200


def test_addresses_of_others(driver, guest, serve):
    """An allowed pair, or no port security, lends no identity and no answers."""
    victim = views6.port("victim", ("s", ONE))
    wide = [pair("fe80::/10", views.mac_of("attacker")), pair("::/0", views.mac_of("attacker"))]
    attacker = views6.port("attacker", ("s", ONE), allowed_address_pairs=wide)
    net = views6.network("n", [views6.subnet("s", ONE, SLAAC)], [victim, attacker])
    own = link_local(victim.mac)
    bad = None
    for generation, port in enumerate(
        (attacker, msgspec.structs.replace(attacker, port_security=False, allowed_address_pairs=[]))
    ):
        changed = msgspec.structs.replace(net, ports=[victim, port])
        serve(views.host([changed], [views6.router("r", [net])], generation=generation + 1))
        bad = bad or guest(port)
        ready(bad)
        for stolen in (own, victim.fixed_ips[0].ip_address):
            bad.sh(f"ip addr replace {stolen}/64 dev eth0 nodad")
            assert ask(bad, stolen)[0] != 200
            assert ask(bad, stolen, service=OWNER_DSCP << 2)[0] != 200
            bad.sh(f"ip addr del {stolen}/64 dev eth0")
        assert identity(ask(bad)) == attacker.server_id


def test_no_guest_is_the_metadata_service(driver, guest, serve):
    wide = [pair(f"{METADATA6}/128", views.mac_of("attacker"))]
    attacker = views6.port("attacker", ("s", ONE), allowed_address_pairs=wide)
    victim = views6.port("victim", ("s", ONE))
    net = views6.network("n", [views6.subnet("s", ONE, SLAAC)], [victim, attacker])
    serve(views.host([net]))
    bad, good = guest(attacker), guest(victim)
    ready(bad, good)
    announced = frames.discovery(bad.mac, METADATA6, 136, METADATA6)
    about = frames.discovery(bad.mac, link_local(bad.mac), 136, METADATA6)
    assert not frames.passes(bad, good, announced)
    assert not frames.passes(bad, good, about)
    assert identity(ask(good)) == victim.server_id


def test_only_routers_advertise_and_only_servers_lease(driver, guest):
    """From a filtered port, in plain frames and behind other headers; the host believes nothing."""
    a, b = (views6.port(name, ("s", f"{ONE}1:{name}")) for name in "ab")
    net = views6.network("n", [views6.subnet("s", ONE, STATEFUL)], [a, b])
    assert not driver.apply(views.host([net])).errors
    bad, good = guest(a), guest(b)
    own = link_local(a.mac)
    prefix = bytes([3, 4, 64, 0xC0]) + struct.pack("!III", 9000, 9000, 0)
    prefix += socket.inet_pton(socket.AF_INET6, TWO)
    advertisement = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + prefix
    answer = struct.pack("!HHHH", 547, 546, 12, 0) + b"\x07abc"
    for hidden in ({}, {"options": True}, {"fragment": True}):
        for protocol, message in ((58, advertisement), (17, answer)):
            frame = frames.ip6(bad.mac, own, protocol, message, **hidden)
            assert not frames.passes(bad, good, frame), (protocol, hidden)
    open_port = msgspec.structs.replace(a, port_security=False)
    opened = msgspec.structs.replace(net, ports=[open_port, b])
    assert not driver.apply(views.host([opened], generation=2)).errors
    assert frames.passes(bad, good, frames.ip6(bad.mac, own, 58, advertisement))
    frames.send(bad, frames.ip6(bad.mac, own, 58, advertisement))
    time.sleep(0.3)
    table = Path("/proc/thread-self/net/if_inet6")
    for text in (table.read_text(), namespaces.run_in(f"qdhcp-{net.id}", table.read_text)):
        assert "20010db80002" not in text


def test_nobody_leases_or_blocks_the_address_of_another(driver, guest):
    """With another's client id, as a relay agent, or by declining it."""
    victim, attacker = (views6.port(name, ("s", f"{ONE}1:{name}")) for name in "ab")
    net = views6.network("n", [views6.subnet("s", ONE, STATEFUL)], [victim, attacker])
    assert not driver.apply(views.host([net])).errors
    good, bad = guest(victim), guest(attacker)
    client = dhcp6_client.duid(victim.mac)
    assert lease(bad, client)[0] == f"{ONE}1:b"
    if driver.name == "ovn":  # which keeps no leases
        return
    server = dhcp6_client.option(2, dhcp6_client.duid("02:00:00:00:00:01"))
    association = dhcp6_client.option(
        3,
        struct.pack("!III", 7, 0, 0)
        + dhcp6_client.option(5, socket.inet_pton(socket.AF_INET6, f"{ONE}1:a") + bytes(8)),
    )
    declined = dhcp6_client.message(9, client, server + association)
    inner = dhcp6_client.message(1, client, association)
    relayed = bytes([12, 0]) + bytes(16) + socket.inet_pton(socket.AF_INET6, link_local(victim.mac))
    relayed += dhcp6_client.option(79, b"\0\1" + bytes.fromhex(victim.mac.replace(":", "")))
    relayed += dhcp6_client.option(9, inner)
    arrived = {
        name: frames.ip6(
            bad.mac, link_local(bad.mac), 17, datagram(message + end(name)), to=SERVERS
        )
        for name, message in (("declined", declined), ("relayed", relayed))
    }
    last = frames.ip6(bad.mac, link_local(bad.mac), 17, datagram(inner + end("last")), to=SERVERS)
    device = f"tap{net.dhcp_port_id[:11]}"
    assert frames.arriving(bad, f"qdhcp-{net.id}", device, arrived, last) == set()
    assert lease(good, client)[0] == f"{ONE}1:a"


SERVERS = ("33:33:00:01:00:02", "ff02::1:2")


def end(name: str) -> bytes:
    """An option by which a frame is recognised."""
    return dhcp6_client.option(16, name.encode().rjust(20))


def datagram(message: bytes) -> bytes:
    return struct.pack("!HHHH", 546, 547, 8 + len(message), 0) + message
