"""Trunks: a guest's tagged frames come out on the bridges of its sub-ports, and back with tags."""

from __future__ import annotations

import subprocess

import msgspec
import pytest

from stratolith.network.drivers.base import RuleView
from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces, vlan_tags
from tests.drivers.network import frames, views, vlans
from tests.drivers.network.dhcp_client import lease
from tests.drivers.network.guests import Guest

pytestmark = pytest.mark.root
ONLY_LINUX = pytest.mark.parametrize("driver", ["linux"], indirect=True)


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


OPEN = [*views.EGRESS_ALL, views.tcp_in(80)]
ALL = [*views.EGRESS_ALL, RuleView(direction="ingress", ethertype="IPv4")]


def a_trunk(rules=OPEN):
    """A trunk on network n0 with sub-ports on n1 (tag 5) and n2 (tag 6), which share a range."""
    parent = views.port("parent", "10.50.0.10", "n0-subnet", rules=OPEN)
    subs = {
        tag: views.port(
            f"sub{tag}", "10.55.0.10", f"{net}-subnet", rules=rules, parent=parent.id, tag=tag,
        )
        for tag, net in ((5, "n1"), (6, "n2"))
    }  # fmt: skip
    peers = {
        tag: views.port(f"peer{tag}", "10.55.0.20", f"{net}-subnet", rules=rules)
        for tag, net in ((5, "n1"), (6, "n2"))
    }
    nets = [
        views.network("n0", "10.50.0.0/24", ports=[parent]),
        views.network("n1", ports=[subs[5], peers[5]], dhcp=True),
        views.network("n2", ports=[subs[6], peers[6]]),
    ]
    return nets, parent, subs, peers


def dressed(guest, parent, subs) -> Guest:
    """The machine behind the trunk, with a device for each VLAN."""
    machine = guest(parent, "10.50.0.10/24")
    vlans.give_vlans(machine, {tag: sub.mac for tag, sub in subs.items()})
    return machine


def test_sub_ports_carry_traffic_both_ways(driver, guest) -> None:
    nets, parent, subs, peers = a_trunk()
    applied = driver.apply(views.host(nets))
    assert not applied.errors and {sub.id for sub in subs.values()} <= set(applied.ports)
    machine = dressed(guest, parent, subs)
    first, second = guest(peers[5], "10.55.0.20/24"), guest(peers[6], "10.55.0.20/24")
    for tag, peer in ((5, first), (6, second)):
        machine.sh(f"ip addr add 10.55.0.10/24 dev vlan{tag}")
        with peer.serving(80) as clients, machine.serving(80) as callers:
            assert machine.reaches("10.55.0.20", 80) and clients == ["10.55.0.10"]
            assert peer.reaches("10.55.0.10", 80) and callers == ["10.55.0.20"]
            # a security group of the sub-port: port 81 is closed
            assert not peer.reaches("10.55.0.10", 81, 0.3)
        if tag == 5:  # DHCP answers through the tag
            asked = namespaces.run_in(machine.name, lambda: lease("vlan5", subs[5].mac))
            assert asked[0] == "10.55.0.10"
        machine.sh(f"ip addr del 10.55.0.10/24 dev vlan{tag}")


@ONLY_LINUX
def test_tags_are_on_the_wire_of_the_guest_and_on_no_bridge(driver, guest) -> None:
    nets, parent, subs, peers = a_trunk(ALL)
    assert not driver.apply(views.host(nets)).errors
    machine, peer = guest(parent), guest(peers[5])
    down = frames.udp4(peers[5].mac, "10.55.0.20", 4000, 4001, b"to the sub-port")
    up = frames.udp4(subs[5].mac, "10.55.0.10", 4000, 4001, b"from the sub-port")
    with vlans.Capture(parent.tap) as wire, vlans.Capture(subs[5].tap) as plugged:
        frames.send(peer, down)
        assert wire.tag_of(b"to the sub-port") == 5
        frames.send(machine, frames.tagged(up, (0x8100, 5)))
        assert plugged.tag_of(b"from the sub-port") is None


def test_anti_spoofing_of_sub_ports(driver, guest) -> None:
    nets, parent, subs, peers = a_trunk(ALL)
    neighbour = views.port("neighbour", "10.50.0.20", "n0-subnet", rules=ALL)
    nets[0] = views.network("n0", "10.50.0.0/24", ports=[parent, neighbour])
    assert not driver.apply(views.host(nets)).errors
    machine = guest(parent)
    for plugged in (*peers.values(), neighbour):  # a tap without a guest gets no frame
        guest(plugged)
    mine, other = subs[5].mac, subs[6].mac
    good = frames.udp4(mine, "10.55.0.10", 4000, 4001, b"good")
    wrong = {
        "the MAC of its other sub-port": frames.udp4(other, "10.55.0.10", 4000, 4001, b"mac"),
        "the MAC of its parent": frames.udp4(parent.mac, "10.55.0.10", 4000, 4001, b"mac"),
        "another address": frames.udp4(mine, "10.55.0.66", 4000, 4001, b"address"),
        "a router advertisement": frames.discovery(mine, "fe80::1", 134, "fe80::1"),
    }
    strange = {
        "no sub-port has the tag": frames.tagged(good, (0x8100, 7)),
        "two tags": frames.tagged(good, (0x8100, 5), (0x8100, 6)),
        "a provider's tag": frames.tagged(good, (0x88A8, 5)),
    }
    if driver.name == "ovn":
        del strange["a provider's tag"]  # Open vSwitch reads both kinds of tags alike
    with (
        vlans.Capture(peers[5].tap) as first,
        vlans.Capture(peers[6].tap) as second,
        vlans.Capture(neighbour.tap) as above,
    ):
        for name, frame in wrong.items():
            frames.send(machine, frames.tagged(frame, (0x8100, 5)))
            assert not first.sees(frame[-20:], 0.2), name
        for name, frame in strange.items():
            frames.send(machine, frame)
            for capture in (first, second, above):
                assert not capture.sees(b"good", 0.2), name
        frames.send(machine, frames.tagged(good, (0x8100, 5)))
        assert first.tag_of(b"good") is None
        assert not second.sees(b"good", 0.2)


@ONLY_LINUX
def test_small_changes_removal_and_restart(driver, guest, tmp_path) -> None:
    nets, parent, subs, peers = a_trunk()
    one = [*nets[:2], msgspec.structs.replace(nets[2], ports=[peers[6]])]
    assert not driver.apply(views.host(one)).errors
    machine = dressed(guest, parent, subs)
    first, second = guest(peers[5], "10.55.0.20/24"), guest(peers[6], "10.55.0.20/24")

    def reaches(tag: int) -> bool:
        peer = {5: first, 6: second}[tag]
        machine.sh(f"ip addr add 10.55.0.10/24 dev vlan{tag}")
        with peer.serving(80) as clients:
            found = machine.reaches("10.55.0.20", 80, 2 if clients is not None else 0)
        machine.sh(f"ip addr del 10.55.0.10/24 dev vlan{tag}")
        return found

    assert reaches(5)
    assert not driver.apply(views.host(nets, generation=2)).errors  # one sub-port more
    assert reaches(6) and reaches(5)
    assert not driver.apply(views.host(one, generation=3)).errors
    assert not reaches(6) and reaches(5)
    driver.close()
    again = LinuxNetworkDriver(tmp_path, instance="stratotest")
    assert not again.apply(views.host(one)).errors
    assert reaches(5)
    # the trunk is deleted: no program, no pair is left, and its tagged frames reach nothing
    none = [
        msgspec.structs.replace(net, ports=[p for p in net.ports if not p.parent]) for net in nets
    ]
    again.close()
    again = LinuxNetworkDriver(tmp_path, instance="stratotest")
    assert not again.apply(views.host(none)).errors
    assert vlan_tags.holders("stratotest") == set() and not reaches(5)
    links = subprocess.run(["ip", "-br", "link"], capture_output=True, text=True).stdout
    assert "sb-" not in links and subs[5].tap not in links
    again.close()


def test_a_sub_port_without_its_parent_is_an_error(driver) -> None:
    nets, _, subs, peers = a_trunk()
    nets = [msgspec.structs.replace(nets[0], ports=[]), *nets[1:]]
    applied = driver.apply(views.host(nets))
    assert applied.errors == {
        sub.id: "the parent port of its trunk is not on this host" for sub in subs.values()
    }
    assert set(applied.ports) == {peer.id for peer in peers.values()}


def test_a_full_trunk(driver, guest) -> None:
    """One tap with many tags; the last one works."""
    parent = views.port("parent", "10.50.0.10", "n0-subnet", rules=OPEN)
    subs = [
        views.port(
            f"many{tag}", f"10.55.{tag // 200}.{tag % 200 + 20}", "n1-subnet", rules=OPEN,
            parent=parent.id, tag=tag,
        )
        for tag in range(3995, 4095)
    ]  # fmt: skip
    peer = views.port("peer", "10.55.1.5", "n1-subnet", rules=ALL)
    nets = [
        views.network("n0", "10.50.0.0/24", ports=[parent]),
        views.network("n1", "10.55.0.0/16", ports=[*subs, peer], gateway=False),
    ]
    assert not driver.apply(views.host(nets)).errors
    machine, _ = guest(parent), guest(peer)
    last = subs[-1]
    frame = frames.udp4(last.mac, last.fixed_ips[0].ip_address, 4000, 4001, b"the last")
    with vlans.Capture(peer.tap) as capture:
        frames.send(machine, frames.tagged(frame, (0x8100, 4094)))
        assert capture.tag_of(b"the last") is None
