"""Flat networks on physical networks beside the external one: on a card, and on a bridge."""

from __future__ import annotations

import socket
import time
from uuid import uuid4

import msgspec
import pytest

from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces, promiscuity
from tests.drivers.network import frames, views, vlans
from tests.drivers.network.guests import PATIENCE, echo, ping, serve_echo
from tests.drivers.network.machines import two_machines
from tests.drivers.network.wires import ALL, OUTSIDE, sh

pytestmark = pytest.mark.root
LATE = ("UP", "DOWN", "UNKNOWN")
ECHO = b"\x08"


@pytest.fixture
def bridged(wire: str) -> str:
    """The same behind a bridge of the host, which has an address of the host."""
    sh(
        "ip link add br0 type bridge; ip link set nic master br0; ip link set br0 up; "
        "ip addr add 10.55.0.1/24 dev br0"
    )
    return wire


def flat_network(name: str, ports, uplink: str = "nic", **fields):
    net = views.network(name, ports=ports, **fields)
    return msgspec.structs.replace(
        net, network_type="flat", physical_network="physnet2", uplink=uplink
    )


def one_network(uplink: str = "nic", dhcp: bool = False, **fields):
    port = views.port("f1", "10.55.0.10", "n1-subnet", rules=ALL, **fields)
    return flat_network("n1", [port], uplink, dhcp=dhcp), port


def from_outside(word: bytes, port: int = 4001) -> bytes:
    return frames.udp4(
        OUTSIDE, "10.55.0.99", 4000, port, word, to=(frames.BROADCAST, "10.55.0.255")
    )


def master_of(device: str) -> str:
    words = sh(f"ip -o link show dev {device}").split()
    return words[words.index("master") + 1] if "master" in words else ""


def addresses_of(device: str) -> str:
    return sh(f"ip -br -4 addr show dev {device}")


def forwards(device: str) -> None:
    """Wait for a bridge to use its port: this follows the carrier with a delay."""
    end = time.monotonic() + PATIENCE
    while "state forwarding" not in sh(f"bridge link show dev {device}"):
        assert time.monotonic() < end, device
        time.sleep(0.05)


def check_wire(wire: str, guest, port, name: str = "x") -> None:
    """Frames pass in both directions, those without a tag."""
    forwards({"wire": "nic", "wire2": "nic2"}[wire])
    with vlans.Capture(wire) as outside, vlans.Capture(port.tap) as inside:
        out, into, tagged = (f"{way} {name}".encode() for way in ("out", "in", "tagged"))
        frames.send(guest, frames.udp4(port.mac, "10.55.0.10", 4000, 4001, out))
        assert outside.tag_of(out) is None
        vlans.send(wire, from_outside(into))
        assert inside.tag_of(into) is None
        vlans.send(wire, frames.tagged(from_outside(tagged), (0x8100, 100)))
        assert not inside.sees(tagged, 0.2)


@pytest.mark.parametrize("port_security", [True, False])
def test_a_card_is_a_port_of_the_network(driver, guest, wire, port_security) -> None:
    net, port = one_network(port_security=port_security)
    applied = driver.apply(views.host([net]))
    assert not applied.errors and applied.ports == [port.id]
    assert master_of("nic") == net.bridge
    machine = guest(port)
    check_wire(wire, machine, port)
    with vlans.Capture(wire) as outside:  # no guest reaches another network of the wire
        hop = frames.udp4(port.mac, "10.55.0.10", 4000, 4001, b"hop")
        frames.send(machine, frames.tagged(hop, (0x8100, 100)))
        assert not outside.sees(b"hop", 0.2)


def test_a_bridge_keeps_its_addresses_and_ports(driver, guest, bridged) -> None:
    before = sh("ip -br link show br0"), addresses_of("br0")
    net, port = one_network("br0")
    assert not driver.apply(views.host([net])).errors
    assert master_of("nic") == "br0" and master_of(f"su-{net.id[:11]}") == net.bridge
    assert (sh("ip -br link show br0"), addresses_of("br0")) == before
    assert "mtu 1500" in sh("ip link show br0")
    machine = guest(port)
    machine.configure("10.55.0.10/24")
    forwards(f"su-{net.id[:11]}")
    forwards(f"sp-{net.id[:11]}")
    check_wire(bridged, machine, port)
    # the host is a machine of the physical network, like any other one
    assert ping(machine, ECHO, "10.55.0.1")
    assert not driver.apply(views.host([], generation=2)).errors
    assert (sh("ip -br link show br0"), addresses_of("br0")) == before
    assert "sp-" not in sh("ip -br link")


def test_dhcp_does_not_cross_the_uplink(driver, guest, wire) -> None:
    net, port = one_network(dhcp=True)
    assert not driver.apply(views.host([net])).errors
    guest(port)
    forwards("nic")
    with vlans.Capture(port.tap) as inside:
        vlans.send(wire, frames.udp4(OUTSIDE, "10.55.0.99", 67, 68, b"offer"))
        vlans.send(wire, from_outside(b"after"))
        assert inside.tag_of(b"after") is None
    with vlans.Capture(port.tap) as inside:
        vlans.send(wire, frames.udp4(OUTSIDE, "10.55.0.99", 67, 68, b"offer"))
        assert not inside.sees(b"offer", 0.2)


def test_removal_leaves_the_card_as_it_was(driver, wire) -> None:
    before = sh("ip -d link show nic")
    net, _ = one_network()
    for number in range(2):
        assert not driver.apply(views.host([net], generation=2 * number + 1)).errors
        assert master_of("nic") == net.bridge
        assert not driver.apply(views.host([], generation=2 * number + 2)).errors
        assert sh("ip -d link show nic") == before
    assert not driver.apply(views.host([net], generation=9)).errors
    driver.remove_all()
    assert sh("ip -d link show nic") == before
    assert not promiscuity.is_on("nic")


def test_another_card_takes_over(driver, guest, wire) -> None:
    sh("ip link add nic2 type veth peer name wire2; ip link set nic2 up; ip link set wire2 up")
    net, port = one_network()
    assert not driver.apply(views.host([net])).errors
    guest_on_port = guest(port)
    moved = msgspec.structs.replace(net, uplink="nic2")
    assert not driver.apply(views.host([moved], generation=2)).errors
    assert (master_of("nic"), master_of("nic2")) == ("", net.bridge)
    check_wire("wire2", guest_on_port, port)
    inside = msgspec.structs.replace(net, network_type="local", physical_network=None, uplink="")
    assert not driver.apply(views.host([inside], generation=3)).errors
    assert master_of("nic2") == ""


def test_what_is_taken_away_comes_back(driver, guest, wire, tmp_path) -> None:
    net, port = one_network()
    view = views.host([net])
    assert not driver.apply(view).errors
    driver.close()  # a restart of the agent finds all in place
    driver = LinuxNetworkDriver(tmp_path, instance="stratotest")
    assert not driver.apply(view).errors
    machine = guest(port)
    for number, script in enumerate(
        (
            "ip link set nic nomaster",
            "ip link add other type bridge; ip link set nic master other; ip link del other",
            "ip link set nic down; ip link set nic nomaster; ip link set nic up",
        )
    ):
        while driver.wait_for_change(0.3):
            assert not driver.apply(view).errors
        sh(script)
        assert driver.wait_for_change(10), script
        assert not driver.apply(view).errors
        check_wire(wire, machine, port, str(number))
    driver.close()


def test_a_pair_that_is_taken_away_comes_back(driver, guest, bridged) -> None:
    net, port = one_network("br0")
    view = views.host([net])
    assert not driver.apply(view).errors
    machine, tail = guest(port), net.id[:11]
    for number, script in enumerate(
        (f"ip link set sp-{tail} nomaster", f"ip link del su-{tail}", f"ip link set sp-{tail} down")
    ):
        while driver.wait_for_change(0.3):
            assert not driver.apply(view).errors
        sh(script)
        assert driver.wait_for_change(10), script
        assert not driver.apply(view).errors
        forwards(f"su-{tail}")
        forwards(f"sp-{tail}")
        check_wire(bridged, machine, port, str(number))


def test_the_hosts_own_traffic_is_never_led_away(driver, guest, wire) -> None:
    """An address that the card gets later ends the network's way, and the guest keeps its tap."""
    sh("ip addr add 192.0.2.1/24 dev nic")
    net, port = one_network()
    refusal = (
        "nic has the address 192.0.2.1/24 of this host, whose traffic would end: "
        "map a bridge, or another card"
    )
    applied = driver.apply(views.host([net]))
    assert applied.errors == {net.id: refusal}
    assert applied.networks == [] and applied.ports == []
    assert master_of("nic") == "" and "192.0.2.1/24" in addresses_of("nic")
    while driver.wait_for_change(0.3):
        driver.apply(views.host([net]))
    sh("ip addr del 192.0.2.1/24 dev nic")
    assert driver.wait_for_change(10)
    assert not driver.apply(views.host([net])).errors
    machine = guest(port)
    check_wire(wire, machine, port, "before")
    while driver.wait_for_change(0.3):
        driver.apply(views.host([net]))
    sh("ip addr add 192.0.2.1/24 dev nic")
    assert driver.wait_for_change(10)
    assert driver.apply(views.host([net])).errors == {net.id: refusal}
    assert master_of("nic") == "" and master_of(port.tap) == net.bridge
    sh("ip addr del 192.0.2.1/24 dev nic")
    assert driver.wait_for_change(10)
    assert not driver.apply(views.host([net])).errors
    check_wire(wire, machine, port, "after")


def state() -> list[str]:
    """Routes and devices of the host, without the state that follows the carrier."""
    links = [line.split() for line in sh("ip -o link").splitlines()]
    own = [words for words in links if words[1].split("@")[0].strip(":") in ("nic", "br0")]
    return [sh("ip route"), *(" ".join(w for w in words if w not in LATE) for words in own)]


@pytest.mark.parametrize(
    "script, uplink, reason",
    [
        ("ip link del nic", "nic", "there is no device nic"),
        ("ip link set nic down", "nic", "nic is down"),
        ("ip route add 198.51.100.0/24 dev nic", "nic", "nic has a route of this host to 198.51"),
        (
            "ip link add br0 type bridge; ip link set br0 up; ip link set nic master br0",
            "nic",
            "nic is a port of br0: map that if it is a bridge",
        ),
        ("ip link set nic mtu 1400", "nic", "nic carries frames of 1400 bytes, its network needs"),
        ("ip link add br0 mtu 1400 type bridge; ip link set br0 up", "br0", "br0 carries frames"),
        (
            "ip link add over link nic type macvlan; ip link set over up",
            "nic",
            "card nic: ",  # the kernel's reason
        ),
    ],
)
def test_devices_that_cannot_be_used(driver, wire, script, uplink, reason) -> None:
    sh(script)
    before = state()
    net, _ = one_network(uplink)
    applied = driver.apply(views.host([net]))
    assert set(applied.errors) == {net.id} and applied.errors[net.id].startswith(reason)
    assert applied.networks == [] and applied.ports == []
    assert state() == before


def test_a_card_carries_one_flat_network(driver, wire) -> None:
    first, _ = one_network()
    second = flat_network("n2", [])
    errors = driver.apply(views.host([first, second])).errors
    assert errors == {second.id: "nic carries another flat network of this host"}
    assert master_of("nic") == first.bridge


def test_a_device_of_the_cloud_is_refused(driver, wire) -> None:
    net, port = one_network()
    assert not driver.apply(views.host([net])).errors
    other = flat_network("n2", [], uplink=port.tap)
    errors = driver.apply(views.host([net, other], generation=2)).errors
    assert errors == {other.id: f"{port.tap} is a device of this cloud"}


def test_vlan_networks_on_the_same_card(driver, guest, wire) -> None:
    net, port = one_network()
    tagged_port = views.port("v1", "10.56.0.10", "n2-subnet", rules=ALL)
    tagged = msgspec.structs.replace(
        views.network("n2", "10.56.0.0/24", ports=[tagged_port]),
        network_type="vlan",
        physical_network="physnet2",
        uplink="nic",
        segmentation_id=200,
    )
    assert not driver.apply(views.host([net, tagged])).errors
    machine, other = guest(port), guest(tagged_port)
    check_wire(wire, machine, port)
    with vlans.Capture(wire) as outside, vlans.Capture(tagged_port.tap) as inside:
        frames.send(other, frames.udp4(tagged_port.mac, "10.56.0.10", 4000, 4001, b"out 200"))
        assert outside.tag_of(b"out 200") == 200
        vlans.send(wire, frames.tagged(from_outside(b"in 200"), (0x8100, 200)))
        assert inside.tag_of(b"in 200") is None
        vlans.send(wire, from_outside(b"plain"))
        assert not inside.sees(b"plain", 0.2)


def test_guests_of_two_hosts_on_one_wire(tmp_path) -> None:
    """Frames of full size pass between them."""
    with two_machines(tmp_path) as machines:
        ports = {}
        for number, machine in enumerate(machines):
            machine.sh(f"ip addr del {machine.address}/24 dev wire")
            port = views.port(f"g{number}", f"10.55.0.1{number}", "n1-subnet", rules=ALL)
            ports[machine] = port
            machine.apply([msgspec.structs.replace(flat_network("n1", [port], "wire"), mtu=1500)])
        guests = [machine.guest(port) for machine, port in ports.items()]
        assert ping(guests[0], ECHO, "10.55.0.11") and ping(guests[1], ECHO, "10.55.0.10")
        with guests[1].answering_udp(5000):
            assert guests[0].asks_udp("10.55.0.11", 5000, b"x" * 1472) == ("10.55.0.11", 1472)


def test_an_external_network_on_a_card(driver, guest, wire) -> None:
    """A router has its gateway and a floating IP on the wire, where another router answers."""
    beyond = f"beyond-{uuid4().hex[:8]}"
    namespaces.create(beyond)
    try:
        sh(f"ip link set wire netns {beyond}; ip -n {beyond} link set wire up")
        sh(f"ip -n {beyond} addr add 203.0.113.1/24 dev wire")
        port = views.port("p1", "10.55.0.11", "n1-subnet", rules=ALL)
        inside = views.network("n1", ports=[port])
        outside = msgspec.structs.replace(
            flat_network("outside", [], mtu=1500), external=True, subnets=[]
        )
        router = views.router("r1", [inside], "203.0.113.10", {"203.0.113.20": "10.55.0.11"})
        gateway = msgspec.structs.replace(
            router.gateway, network_id=outside.id, bridge=outside.bridge
        )
        router = msgspec.structs.replace(router, gateway=gateway, gateway_nexthops=["203.0.113.1"])
        assert not driver.apply(views.host([inside, outside], [router])).errors
        machine = guest(port)
        machine.configure("10.55.0.11/24", "10.55.0.1")
        server = namespaces.run_in(beyond, lambda: socket.create_server(("203.0.113.1", 80)))
        with serve_echo(server) as clients:
            assert machine.reaches("203.0.113.1", 80)
        assert clients == ["203.0.113.20"]
        with (
            machine.serving(22) as clients,
            namespaces.run_in(
                beyond, lambda: socket.create_connection(("203.0.113.20", 22), PATIENCE)
            ) as sock,
        ):
            assert echo(sock)
        assert clients == ["203.0.113.1"]
    finally:
        namespaces.remove(beyond)
