"""One tenant network on two hosts: VXLAN between two namespaces that each play a host."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stratolith.network.drivers.base import NetworkView, PortView
from stratolith.network.drivers.linux.bridging import tunnels
from tests.drivers.network import machines, views
from tests.drivers.network.machines import Machine, two_machines

pytestmark = pytest.mark.root
OPEN = [*views.EGRESS_ALL, views.tcp_in(80)]


@pytest.fixture
def two(sandbox: None, tmp_path: Path) -> Iterator[tuple[Machine, Machine]]:
    with two_machines(tmp_path) as both:
        yield both


def part(
    name: str, number: int, mine: list[PortView], peer: str, theirs: list[PortView]
) -> NetworkView:
    """A network as one host has it."""
    return machines.part(views.network(name, ports=mine, gateway=False), number, peer, theirs)


def port(name: str, address: str, network: str) -> PortView:
    return views.port(name, address, f"{network}-subnet", rules=OPEN)


def test_guests_of_a_network_meet_and_those_beside_hear_nothing(
    two: tuple[Machine, Machine],
) -> None:
    a, b = two
    # two tenants with the same range: one guest of each on each host
    ports = {
        (net, key): port(f"{net}{key}", f"10.55.0.{number}", net)
        for net in ("n1", "n2")
        for number, key in ((11, "a"), (12, "b"))
    }
    for mine, there in ((a, b), (b, a)):
        key, other = ("a", "b") if mine is a else ("b", "a")
        mine.apply(
            [
                part(net, number, [ports[net, key]], there.address, [ports[net, other]])
                for net, number in (("n1", 77), ("n2", 78))
            ]
        )
    first, second = a.guest(ports["n1", "a"]), b.guest(ports["n1", "b"])
    beside = b.guest(ports["n2", "b"])
    with second.serving(80) as clients, beside.serving(80) as strangers:
        assert first.reaches("10.55.0.12", 80)
        assert clients == ["10.55.0.11"] and strangers == []
        assert not first.reaches("10.55.0.12", 81, timeout=1)  # its group lets in port 80 alone
    # the network goes from the second host: nothing of the tunnel stays
    b.apply([])
    assert "sv-" not in b.sh("ip -o link")
    assert not first.reaches("10.55.0.12", 80, timeout=1)


def test_ways_lead_to_the_hosts_of_the_view_alone(two: tuple[Machine, Machine]) -> None:
    a, b = two
    mine, theirs = port("n1a", "10.55.0.11", "n1"), port("n1b", "10.55.0.12", "n1")
    a.apply([part("n1", 77, [mine], b.address, [theirs])])
    device = f"sv-{views.uid('n1')[:11]}"

    def ways() -> set[tuple[str, str]]:
        index = a.run(lambda: socket.if_nametoindex(device))
        found = a.run(lambda: tunnels.forwarding_entries(index))
        return {(mac.hex(":"), socket.inet_ntoa(there)) for mac, there in found}

    everybody = "00:00:00:00:00:00"
    assert ways() == {(everybody, b.address), (theirs.mac, b.address)}
    a.sh(f"bridge fdb append {everybody} dev {device} dst 192.0.2.66")
    a.sh(f"bridge fdb replace {theirs.mac} dev {device} dst 192.0.2.66 self")
    a.driver.close()  # a new agent looks at everything again
    a.apply([part("n1", 77, [mine], b.address, [theirs])])
    assert ways() == {(everybody, b.address), (theirs.mac, b.address)}
    a.apply([part("n1", 79, [mine], "192.0.2.3", [])])
    assert ways() == {(everybody, "192.0.2.3")}
    assert "id 79" in a.sh(f"ip -d link show {device}")


def test_frames_of_a_stranger_are_dropped(two: tuple[Machine, Machine]) -> None:
    """A machine on the wire that is no host of the network sends into it."""
    a, b = two
    mine = port("n1a", "10.55.0.11", "n1")
    a.apply([part("n1", 77, [mine], "192.0.2.3", [])])
    guest = a.guest(mine)
    b.sh(
        "ip link add fake type vxlan id 77 dstport 4789 remote 192.0.2.1 local 192.0.2.2; "
        "ip addr add 10.55.0.12/24 dev fake; ip link set fake up"
    )
    with guest.serving(80) as clients:
        for source in ("192.0.2.2", "192.0.2.3"):
            b.sh(
                f"ip addr add {source}/24 dev wire 2>/dev/null || true; ip link del fake; "
                f"ip link add fake type vxlan id 77 dstport 4789 remote 192.0.2.1 local {source}; "
                "ip addr add 10.55.0.12/24 dev fake; ip link set fake up"
            )

            def reaches() -> bool:
                try:
                    socket.create_connection(("10.55.0.11", 80), 2).close()
                except OSError:
                    return False
                return True

            assert b.run(reaches) is (source == "192.0.2.3"), source
        end = time.monotonic() + 10
        while not clients and time.monotonic() < end:  # connected before the server took it
            time.sleep(0.05)
        assert clients == ["10.55.0.12"]


def test_a_guest_moves_to_the_host_that_prepared_its_port(two: tuple[Machine, Machine]) -> None:
    a, b = two
    mover, near, far = (
        port(name, f"10.55.0.{number}", "n1")
        for name, number in (("mover", 11), ("near", 12), ("far", 13))
    )
    prepared = msgspec.structs.replace(mover, is_prepared=True, admin_state_up=False)

    def place(on_a: PortView, on_b: PortView, a_has: list[PortView], b_has: list[PortView]) -> None:
        a.apply([part("n1", 77, [on_a, near], b.address, b_has)])
        b.apply([part("n1", 77, [on_b, far], a.address, a_has)])

    place(mover, prepared, [mover, near], [far])
    before, after = a.guest(mover), b.guest(mover)  # two ends of one guest that is moved
    beside, remote = a.guest(near), b.guest(far)
    with before.serving(80) as before_served, after.serving(80) as after_served:
        assert beside.reaches("10.55.0.11", 80) and remote.reaches("10.55.0.11", 80)
        assert sorted(before_served) == ["10.55.0.12", "10.55.0.13"] and after_served == []
        with remote.serving(80):
            assert not after.reaches("10.55.0.13", 80)
        place(prepared, mover, [near], [mover, far])
        before_served.clear()
        assert beside.reaches("10.55.0.11", 80) and remote.reaches("10.55.0.11", 80)
        assert sorted(after_served) == ["10.55.0.12", "10.55.0.13"] and before_served == []
        with beside.serving(80):
            assert after.reaches("10.55.0.12", 80) and not before.reaches("10.55.0.12", 80)
