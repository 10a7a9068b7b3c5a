"""Metadata by a router on another host than the guest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stratolith.network.agent.metadata import MetadataProxy
from stratolith.network.drivers.base import AddressPair, PortView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.guard import link_local
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.linux.metadata_mark import OWNER_DSCP
from tests.drivers.network import frames, views
from tests.drivers.network.machines import Machine, part, two_machines
from tests.drivers.network.metadata_upstream import by_http
from tests.drivers.network.test_linux_metadata import METADATA, ask, identity
from tests.drivers.network.test_routers import Upstream
from tests.drivers.network.vlans import Capture

pytestmark = pytest.mark.root
MARK = OWNER_DSCP << 2


@pytest.fixture
def two(sandbox: None, tmp_path: Path) -> Iterator[tuple[Machine, Machine]]:
    with two_machines(tmp_path) as both:
        yield both


@pytest.fixture
def proxy(sandbox: None) -> Iterator[MetadataProxy]:
    """The one of the router's host."""
    upstream = Upstream()
    made = MetadataProxy(by_http(f"http://127.0.0.1:{upstream.server.server_port}"))
    made.start()
    yield made
    made.close()
    upstream.close()


ROUTER = views.router("r", [views.network("n1")])
INTERFACE = ROUTER.interfaces[0]


def spread(
    two: tuple[Machine, Machine], near: list[PortView], far: list[PortView], dhcp: bool = False
) -> None:
    """The router and ``near`` are on a, ``far`` on b."""
    a, b = two
    served = views.network("n1", ports=[*near, *far], dhcp=dhcp)
    on_router_host = part(msgspec.structs.replace(served, ports=near), 77, b.address, far)
    of_router = PortView(id=INTERFACE.port_id, mac=INTERFACE.mac, tap="")
    of_router = msgspec.structs.replace(
        of_router, fixed_ips=views.port("r", "10.55.0.1", "n1-subnet").fixed_ips
    )
    a.apply([on_router_host], [ROUTER])
    b.apply([part(views.network("n1", ports=far), 77, a.address, [*near, of_router])])


@pytest.mark.parametrize("dhcp", [False, True])
@pytest.mark.parametrize("neighbour", [False, True], ids=["alone", "neighbour"])
def test_a_guest_of_another_host(
    two: tuple[Machine, Machine], proxy: MetadataProxy, dhcp: bool, neighbour: bool
) -> None:
    """Also by a host without any port."""
    a, b = two
    far = views.port("far", "10.55.0.12", "n1-subnet")
    near = views.port("near", "10.55.0.11", "n1-subnet")
    spread(two, [near] if neighbour else [], [far], dhcp)
    assert proxy.update(a.view) == {}
    guests = [(b.guest(far), far), *([(a.guest(near), near)] if neighbour else [])]
    for guest, port in guests:
        guest.sh("ip route add default via 10.55.0.1")
        assert identity(ask(guest)) == port.server_id


def test_no_guest_gets_the_mark_for_an_address_of_another(two: tuple[Machine, Machine]) -> None:
    """Neither from the victim's host nor from that of the router."""
    a, b = two
    victims = [
        views.port("here", "10.55.0.11", "n1-subnet"),
        views.port("there", "10.55.0.12", "n1-subnet"),
    ]
    attackers = [
        views.port(
            name,
            address,
            "n1-subnet",
            allowed_address_pairs=[
                AddressPair(ip_address=f"{ip.ip_address}/32", mac_address=mac)
                for victim in victims
                for ip in victim.fixed_ips
                for mac in (views.mac_of(name), victim.mac)
            ]
            if secured
            else [],
            port_security=secured,
        )
        for name, address, secured in (
            ("paired-a", "10.55.0.21", True),
            ("paired-b", "10.55.0.22", True),
            ("open-a", "10.55.0.31", False),
            ("open-b", "10.55.0.32", False),
        )
    ]
    on_a, on_b = attackers[::2], attackers[1::2]
    spread(two, [victims[0], *on_a], [victims[1], *on_b])
    device, space = names.inner_interface(INTERFACE.port_id), names.router_namespace(ROUTER.id)
    for machine, ports in ((a, on_a), (b, on_b)):
        for port in ports:
            guest = machine.guest(port)
            with Capture(device, space) as inside:
                for victim in victims:
                    source = victim.fixed_ips[0].ip_address
                    for mac in (port.mac, victim.mac):
                        frames.send(guest, forged(mac, source, b"forged"))
                        assert service_of(inside, b"forged") == 0, (port.hostname, source)
                frames.send(guest, forged(port.mac, port.fixed_ips[0].ip_address, b"own"))
                assert service_of(inside, b"own") == MARK, port.hostname


def test_the_mark_of_ipv6(two: tuple[Machine, Machine]) -> None:
    """By IPv6 guests ask from their link-local address."""
    _, b = two
    far, other = (
        views.port(name, address, "n1-subnet", port_security=False)
        for name, address in (("far", "10.55.0.12"), ("other", "10.55.0.13"))
    )
    spread(two, [views.port("near", "10.55.0.11", "n1-subnet")], [far, other])
    device, space = names.inner_interface(INTERFACE.port_id), names.router_namespace(ROUTER.id)
    guest = b.guest(far)
    with Capture(device, space) as inside:
        for port, expected in ((far, MARK), (other, 0)):
            word = port.hostname.encode()
            source = link_local(port.mac)
            message = b"\x0f\xa0\x00\x50" + (8 + len(word)).to_bytes(2, "big") + b"\0\0" + word
            to = (INTERFACE.mac, metadata6.ADDRESS)
            frame = bytearray(frames.ip6(far.mac, source, 17, message, to=to))
            frame[14:16] = (6 << 12 | MARK << 4).to_bytes(2, "big")
            frames.send(guest, bytes(frame))
            data = received(inside, word)
            assert int.from_bytes(data[14:16], "big") >> 4 & 0xFC == expected


def forged(mac: str, source: str, word: bytes) -> bytes:
    """A datagram to the metadata address with the mark."""
    frame = bytearray(frames.udp4(mac, source, 4000, 80, word, to=(INTERFACE.mac, METADATA)))
    frame[15] = MARK
    total = int.from_bytes(frame[24:26], "big") - MARK
    frame[24:26] = (total % 0xFFFF).to_bytes(2, "big")
    return bytes(frame)


def service_of(wire: Capture, word: bytes) -> int:
    """The field with the mark, of the next frame with the word."""
    return received(wire, word)[15]


def received(wire: Capture, word: bytes) -> bytes:
    wire.sock.settimeout(5)
    while True:
        data = wire.sock.recv(4096)
        if word in data and data[:6].hex(":") == INTERFACE.mac:
            return data
