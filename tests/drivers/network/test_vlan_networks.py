"""VLAN networks of a physical network: tags on its wire, and none on the bridge of a network."""

from __future__ import annotations

import os
import select
import signal
import socket
from uuid import uuid4

import msgspec
import pytest

from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces, promiscuity, vlan_tags
from tests.drivers.network import frames, views, vlans
from tests.drivers.network.wires import ALL, OUTSIDE, sh

pytestmark = pytest.mark.root
ONLY_LINUX = pytest.mark.parametrize("driver", ["linux"], indirect=True)


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


def vlan_network(name: str, tag: int, ports, **fields):
    net = views.network(name, ports=ports, **fields)
    return msgspec.structs.replace(
        net, network_type="vlan", physical_network="physnet2", uplink="nic", segmentation_id=tag
    )


def two_networks():
    guests = {
        tag: views.port(f"v{tag}", "10.55.0.10", f"n{tag}-subnet", rules=ALL) for tag in (100, 101)
    }
    nets = [vlan_network(f"n{tag}", tag, [port], dhcp=tag == 100) for tag, port in guests.items()]
    return nets, guests


def from_outside(word: bytes, *, to: str = frames.BROADCAST, port: int = 4001) -> bytes:
    address = "10.55.0.255" if to == frames.BROADCAST else "10.55.0.10"
    return frames.udp4(OUTSIDE, "10.55.0.99", 4000, port, word, to=(to, address))


def test_tags_on_the_wire(driver, guest, wire) -> None:
    nets, ports = two_networks()
    applied = driver.apply(views.host(nets))
    assert not applied.errors and {net.id for net in nets} == set(applied.networks)
    first, second = guest(ports[100]), guest(ports[101])
    with (
        vlans.Capture(wire) as outside,
        vlans.Capture(ports[100].tap) as of_first,
        vlans.Capture(ports[101].tap) as of_second,
    ):
        for machine, tag in ((first, 100), (second, 101)):
            word = b"out %d" % tag
            frames.send(machine, frames.udp4(ports[tag].mac, "10.55.0.10", 4000, 4001, word))
            assert outside.tag_of(word) == tag
        assert not of_second.sees(b"out 100", 0.2)
        vlans.send(wire, frames.tagged(from_outside(b"in 100"), (0x8100, 100)))
        assert of_first.tag_of(b"in 100") is None
        vlans.send(wire, frames.tagged(from_outside(b"to 101", to=ports[101].mac), (0x8100, 101)))
        assert of_second.tag_of(b"to 101") is None
        assert not of_second.sees(b"in 100", 0.2)
        # no network has these tags, and nothing without a tag gets in
        for name, frame in {
            b"in 102": frames.tagged(from_outside(b"in 102"), (0x8100, 102)),
            b"in none": from_outside(b"in none"),
            b"in twice": frames.tagged(from_outside(b"in twice"), (0x8100, 100), (0x8100, 101)),
        }.items():
            vlans.send(wire, frame)
            assert not of_second.sees(name, 0.2), name
            if (driver.name, name) != ("ovn", b"in twice"):  # the inner tag is payload there
                assert not of_first.sees(name, 0.2), name


def test_the_host_keeps_its_own_traffic_on_the_card(driver, guest, wire) -> None:
    beyond = f"beyond-{uuid4().hex[:8]}"
    namespaces.create(beyond)
    try:
        sh(f"ip link set wire netns {beyond}; ip addr add 192.0.2.1/24 dev nic")
        sh(f"ip -n {beyond} addr add 192.0.2.2/24 dev wire; ip -n {beyond} link set wire up")
        nets, _ = two_networks()
        assert not driver.apply(views.host(nets)).errors
        server = namespaces.run_in(beyond, lambda: socket.create_server(("192.0.2.2", 80)))
        with server, socket.create_connection(("192.0.2.2", 80), 10):
            pass
    finally:
        namespaces.remove(beyond)


def test_dhcp_does_not_cross_the_uplink(driver, guest, wire) -> None:
    """Each host answers its own guests; a network without DHCP of ours may have any on its wire."""
    nets, ports = two_networks()
    assert not driver.apply(views.host(nets)).errors
    guest(ports[100])
    guest(ports[101])
    with vlans.Capture(ports[100].tap) as served, vlans.Capture(ports[101].tap) as free:
        for tag in (100, 101):
            word = b"offer %d" % tag
            offer = frames.udp4(OUTSIDE, "10.55.0.99", 67, 68, word)
            vlans.send(wire, frames.tagged(offer, (0x8100, tag)))
        assert free.tag_of(b"offer 101") is None
        assert not served.sees(b"offer 100", 0.2)


@ONLY_LINUX
def test_removal_leaves_the_card_as_it_was(driver, wire) -> None:
    nets, _ = two_networks()
    assert not promiscuity.is_on("nic")
    assert not driver.apply(views.host(nets)).errors
    assert promiscuity.is_on("nic")
    assert not driver.apply(views.host(nets[:1], generation=2)).errors
    assert promiscuity.is_on("nic") and "su-" in sh("ip -br link")
    assert not driver.apply(views.host([], generation=3)).errors
    assert not promiscuity.is_on("nic")
    assert vlan_tags.holders("stratotest") == set() and "clsact" not in sh("tc qdisc show dev nic")
    assert not driver.apply(views.host(nets, generation=4)).errors
    driver.remove_all()
    assert not promiscuity.is_on("nic") and "clsact" not in sh("tc qdisc show dev nic")
    assert "su-" not in sh("ip -br link") and "sb-" not in sh("ip -br link")


@ONLY_LINUX
def test_a_card_that_an_operator_made_promiscuous_stays_so(driver, wire) -> None:
    promiscuity.switch("nic", on=True)
    nets, _ = two_networks()
    assert not driver.apply(views.host(nets)).errors
    driver.remove_all()
    assert promiscuity.is_on("nic")


@ONLY_LINUX
def test_what_is_taken_away_from_the_card_comes_back(driver, guest, wire, tmp_path) -> None:
    nets, ports = two_networks()
    view = views.host(nets)
    assert not driver.apply(view).errors
    driver.close()  # a restart of the agent finds all in place
    driver = LinuxNetworkDriver(tmp_path, instance="stratotest")
    assert not driver.apply(view).errors
    guest(ports[100])
    with vlans.Capture(ports[100].tap) as capture:
        for number, script in enumerate(
            (
                "tc qdisc del dev nic clsact",
                "tc filter del dev nic ingress",
                "ip link set nic promisc off",
                f"ip link del su-{nets[0].id[:11]}",
            )
        ):
            while driver.wait_for_change(0.3):
                assert not driver.apply(view).errors
            sh(script)
            assert driver.wait_for_change(10), script
            assert not driver.apply(view).errors
            word = b"again %d" % number
            frame = frames.tagged(from_outside(word), (0x8100, 100))
            # the kernel may take a moment to forward to a port that was just added to a bridge
            assert vlans.tag_in_time(capture, wire, frame, word) is None, script
            assert promiscuity.is_on("nic")
    driver.close()


def test_cards_that_cannot_carry_a_network(driver, wire) -> None:
    nets, _ = two_networks()
    sh("ip link set nic mtu 1400")
    errors = driver.apply(views.host(nets)).errors
    assert errors == dict.fromkeys(
        [net.id for net in nets], "nic carries frames of 1400 bytes, its network needs 1450"
    )
    sh("ip link del nic")
    errors = driver.apply(views.host(nets, generation=2)).errors
    assert errors == dict.fromkeys([net.id for net in nets], "there is no device nic")
    sh("ip link add nic type veth peer name wire; ip link set nic up; ip link set wire up")
    assert not driver.apply(views.host(nets, generation=3)).errors


@pytest.mark.parametrize("driver", ["ovn"], indirect=True)
def test_ovn_gives_the_card_back(driver, wire) -> None:
    nets, _ = two_networks()
    assert not driver.apply(views.host(nets)).errors
    assert promiscuity.is_on("nic") and "br-up-" in sh("ip -br link")
    assert not driver.apply(views.host(nets[:1], generation=2)).errors
    assert promiscuity.is_on("nic")
    assert not driver.apply(views.host([], generation=3)).errors
    assert not promiscuity.is_on("nic") and "br-up-" not in sh("ip -br link")


@pytest.mark.parametrize("driver", ["ovn"], indirect=True)
@pytest.mark.parametrize("ends", ["the networks", "the cloud"])
def test_ovn_gives_the_card_back_after_a_kill(driver, wire, ends) -> None:
    view = views.host(two_networks()[0])
    assert not driver.apply(view).errors
    pid = driver.driver._switch.switch.pid()
    handle = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    assert select.select([handle], [], [], 10)[0]
    os.close(handle)
    assert not driver.apply(view).errors
    assert driver.driver._switch.switch.pid() != pid and promiscuity.is_on("nic")
    if ends == "the cloud":
        driver.remove_all()
    else:
        assert not driver.apply(views.host([], generation=2)).errors
    assert not promiscuity.is_on("nic")
