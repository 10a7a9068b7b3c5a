"""Driver ovn on several hosts: tunnels, gateways that move, certificates that end."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.ovn import underlay
from stratolith.network.drivers.ovn.northbound.plan import Placement
from tests.drivers.network import views
from tests.drivers.network.guests import Guest, echo, serve_echo
from tests.drivers.network.ovn_machines import Central, Machine, Space, write

pytestmark = [pytest.mark.root, pytest.mark.timeout(180)]
OPEN = [*views.EGRESS_ALL, views.tcp_in(80)]
MTU = 1442  # GENEVE adds 58 bytes
FLOATING = "172.31.249.20"


def wait(reached: Callable[[], object], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, f"not after {seconds} s: {what}"
        time.sleep(0.1)


@pytest.fixture
def cloud(sandbox: None, tmp_path: Path) -> Iterator[Central]:
    made = Central(tmp_path)
    yield made
    made.close()


@pytest.fixture
def machine(cloud: Central, tmp_path: Path) -> Iterator[Callable[[str], Machine]]:
    made: list[Machine] = []

    def make(key: str) -> Machine:
        made.append(Machine(key, len(made) + 1, tmp_path, cloud))
        return made[-1]

    yield make
    for each in made:
        each.close()


def full_packets(sock: socket.socket) -> bool:
    """Whether a server sends back what fills packets of the largest size."""
    data = bytes(range(256)) * 200
    sock.sendall(data)
    answer = b""
    while len(answer) < len(data):
        answer += sock.recv(65536)
    return answer == data


def heard(space: Space, device: str, act: Callable[[], object]) -> list[bytes]:
    """The frames on a device while ``act`` runs."""

    def listen() -> socket.socket:
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        made.bind((device, 0))
        return made

    sock = space.run(listen)
    act()
    time.sleep(0.2)
    sock.setblocking(False)
    frames = []
    while True:
        try:
            frames.append(sock.recv(65536))
        except BlockingIOError:
            sock.close()
            return frames


def inner(frame: bytes) -> tuple[int, bytes] | None:
    """The number of the network and the frame inside of a GENEVE packet."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    udp = 14 + (frame[14] & 15) * 4
    if struct.unpack("!H", frame[udp + 2 : udp + 4]) != (6081,):
        return None
    head = udp + 8
    options = (frame[head] & 0x3F) * 4
    return int.from_bytes(frame[head + 4 : head + 7], "big"), frame[head + 8 + options :]


def test_networks_of_two_tenants_between_two_hosts(
    cloud: Central, machine: Callable[[str], Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = {"a": machine("a"), "b": machine("b")}
    ports = {
        (net, key): views.port(f"{net}{key}", f"10.55.0.{number}", f"{net}-subnet", rules=OPEN)
        for net in ("n1", "n2")
        for number, key in ((11, "a"), (12, "b"))
    }
    of_all = [views.network(n, ports=[ports[n, "a"], ports[n, "b"]], mtu=MTU) for n in ("n1", "n2")]
    places = Placement(ports={port.id: key for (_, key), port in ports.items()})
    write(cloud, views.host(of_all), places)
    for key, host in hosts.items():
        own = [views.network(n, ports=[ports[n, key]], mtu=MTU) for n in ("n1", "n2")]
        assert host.apply(own).errors == {}
    wait(lambda: cloud.chassis() == {"a", "b"}, 10, "both hosts are in OVN")
    guests = {where: hosts[where[1]].guest(port) for where, port in ports.items()}
    for host in hosts.values():
        wait(host.has_way, 10, "tunnels")

    for guest in guests.values():
        guest.sh(f"ip link set eth0 mtu {MTU}")
    with guests["n1", "b"].serving(80):
        with guests["n1", "a"].connect("10.55.0.12", 80) as sock:
            assert full_packets(sock)
        assert guests["n1", "a"].reaches("10.55.0.12", 80)
        # the other tenant has a guest of this address, which does not listen
        assert not guests["n2", "a"].reaches("10.55.0.12", 80, 1)

    answers: list[bool] = []

    def talk() -> None:
        for net in ("n1", "n2"):
            with guests[net, "b"].serving(80):
                answers.append(guests[net, "a"].reaches("10.55.0.12", 80))

    frames = heard(hosts["a"], "wire", talk)
    assert answers == [True, True]
    macs = {bytes.fromhex(port.mac.replace(":", "")): net for (net, _), port in ports.items()}
    assert not [f for f in frames if f[6:12] in macs], "a guest's frame outside of a tunnel"
    numbers: dict[str, set[int]] = {"n1": set(), "n2": set()}
    for number, frame in filter(None, map(inner, frames)):
        if frame[6:12] in macs:
            numbers[macs[frame[6:12]]].add(number)
    assert all(numbers.values()), "no traffic of a tenant in tunnels"
    assert numbers["n1"].isdisjoint(numbers["n2"]), numbers
    # the kernel knows nothing of tunnels and must not refuse their packets
    assert not [f for f in frames if f[12:14] == b"\x08\x00" and f[23] == 1 and f[34] == 3]

    # what others change is repaired
    bridge, switch = underlay.BRIDGE, hosts["a"].folder / "network" / "ovs"
    hosts["a"].sh(
        f"ovs-ofctl del-flows unix:{switch}/{bridge}.mgmt; ip addr flush dev {bridge}; "
        f"ovs-vsctl --db=unix:{switch}/db.sock del-port wire; "
        "nft delete table netdev stratotest_tunnels"
    )
    monkeypatch.setattr(underlay, "REPAIR_SECONDS", 0.0)
    own = [views.network(n, ports=[ports[n, "a"]], mtu=MTU) for n in ("n1", "n2")]
    assert hosts["a"].apply(own).errors == {}
    assert "udp dport 6081" in hosts["a"].sh("nft list table netdev stratotest_tunnels")
    with guests["n1", "b"].serving(80):
        assert guests["n1", "a"].reaches("10.55.0.12", 80)


def test_a_card_of_two_purposes_is_refused_with_the_reason(
    cloud: Central, machine: Callable[[str], Machine]
) -> None:
    a, b = machine("a"), machine("b")
    office = msgspec.structs.replace(
        views.network("office"), network_type="vlan", physical_network="office", uplink="wire",
        segmentation_id=7,
    )  # fmt: skip
    for host in (a, b):
        host.apply([])
    wait(a.has_way, 10, "tunnels")
    applied = a.apply([office, views.network("n1")])
    assert list(applied.errors) == [office.id]
    assert "need a card each" in applied.errors[office.id]


def test_a_removed_host_is_shut_out(cloud: Central, machine: Callable[[str], Machine]) -> None:
    a, b = machine("a"), machine("b")
    for host in (a, b):
        host.apply([])
    wait(lambda: cloud.chassis() == {"a", "b"}, 10, "both hosts are in OVN")
    stolen = b.folder / "network" / "ovs" / "southbound.pem"
    assert "PRIVATE KEY" in stolen.read_text()
    cloud.remove("b")
    time.sleep(5)  # its controller tries to connect each second
    assert cloud.chassis() == {"a"}
    log = (cloud.directory / "sb.log").read_text()
    assert "certificate verify failed" in log
    # the others come back, and so does a host that joins again
    port = views.port("p", "10.55.0.11", "n1-subnet")
    network = views.network("n1", ports=[port])
    write(cloud, views.host([network]), Placement(ports={port.id: "a"}))
    assert port.id in a.apply([network]).ports
    b.start()
    b.apply([])
    wait(lambda: cloud.chassis() == {"a", "b"}, 15, "the host is back")


def test_a_prepared_port_takes_over(cloud: Central, machine: Callable[[str], Machine]) -> None:
    """On the host to which a guest will move, its port is there, and no frame passes before."""
    hosts = {"a": machine("a"), "b": machine("b")}
    moving = views.port("m", "10.55.0.11", "n1-subnet", rules=OPEN)
    other = views.port("p", "10.55.0.12", "n1-subnet", rules=OPEN)

    def apply(here: str, there: str) -> None:
        network = views.network("n1", ports=[moving, other], mtu=MTU)
        places = Placement(ports={moving.id: here, other.id: "a"}, prepared={moving.id: [there]})
        write(cloud, views.host([network]), places)
        for key, host in hosts.items():
            is_prepared = key == there
            port = msgspec.structs.replace(
                moving, is_prepared=is_prepared, admin_state_up=not is_prepared
            )
            own = [port, other] if key == "a" else [port]
            applied = host.apply([views.network("n1", ports=own, mtu=MTU)])
            assert applied.errors == {} and moving.id in applied.ports
        assert cloud.northbound.wait_for_hosts()

    apply("a", "b")
    for host in hosts.values():
        wait(host.has_way, 10, "tunnels")
    caller = hosts["a"].guest(other)
    old, new = hosts["a"].guest(moving), hosts["b"].guest(moving)
    with caller.serving(80):
        with old.serving(80) as here, new.serving(80) as there:
            assert caller.reaches("10.55.0.11", 80)
            assert not new.reaches("10.55.0.12", 80, 1)
            assert (len(here), len(there)) == (1, 0)
        old.sh("ip link set eth0 down")
        # as the hypervisor does when the guest goes on there, before we hear of it
        announce(new, moving.mac)
        wait(lambda: new.reaches("10.55.0.12", 80, 1), 10, "the guest is there")
        apply("b", "a")
        with new.serving(80):
            assert caller.reaches("10.55.0.11", 80)
            assert new.reaches("10.55.0.12", 80)


def announce(guest: Guest, mac: str) -> None:
    """Send a RARP request for the guest's own address."""
    own = bytes.fromhex(mac.replace(":", ""))
    body = b"\x00\x01\x08\x00\x06\x04\x00\x03" + own + bytes(4) + own + bytes(4)

    def send() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind(("eth0", 0))
            sock.send(b"\xff" * 6 + own + b"\x80\x35" + body + bytes(18))

    namespaces.run_in(guest.name, send)


@pytest.fixture
def world() -> Iterator[Space]:
    """What is outside, with the gateway of the external network."""
    made = Space("world")
    made.switch("172.31.249.1/24")
    yield made
    made.sh("ip link del sw")
    namespaces.remove(made.name)


def give_card(host: Machine) -> None:
    """Let the host's external bridge have the card to the outside."""
    database = host.folder / "network" / "ovs" / "db.sock"
    host.sh(f"ovs-vsctl --db=unix:{database} --may-exist add-port {views.EXTERNAL_BRIDGE} ext")


def test_a_floating_ip_on_its_guests_host_does_not_need_the_gateways(
    cloud: Central, machine: Callable[[str], Machine], world: Space
) -> None:
    hosts = {key: machine(key) for key in ("a", "b")}
    ports = [views.port(f"p{n}", f"10.55.0.1{n}", "n1-subnet", rules=OPEN) for n in (1, 2)]
    network = views.network("n1", ports=ports)
    router = views.router("r", [network], "172.31.249.10", {FLOATING: "10.55.0.11"})
    mac = views.mac_of("floating")
    (floating,) = router.floating_ips
    floating = msgspec.structs.replace(floating, port_id=ports[0].id, mac=mac)
    router = msgspec.structs.replace(router, floating_ips=[floating])
    places = Placement(ports={port.id: "b" for port in ports}, gateways={router.id: ["a"]})
    write(cloud, views.host([network], [router], external=True), places)
    for key, host in hosts.items():
        world.cable(host, "ext")
        assert host.apply([network] if key == "b" else [], external=True).errors == {}
        give_card(host)
    guests = [hosts["b"].guest(port, "10.55.0.1") for port in ports]
    for host in hosts.values():
        wait(host.has_way, 10, "tunnels")
    wait(lambda: cloud.gateway() == "a", 15, "the gateway is on its host")
    server = world.run(lambda: socket.create_server(("172.31.249.1", 8080)))
    with guests[0].serving(80) as clients, serve_echo(server) as seen:
        frames = heard(world, "sw", lambda: world.run(lambda: _connect(FLOATING)))
        answers = [f for f in frames if f[12:14] == b"\x08\x06" and f[21] == 2]
        assert {f[6:12].hex(":") for f in answers if f[28:32] == _packed(FLOATING)} == {mac}
        assert clients == ["172.31.249.1"]
        assert all(guest.reaches("172.31.249.1", 8080) for guest in guests)
        assert seen == [FLOATING, "172.31.249.10"]
        assert guests[1].reaches(FLOATING, 80)
        hosts["a"].die()
        world.run(lambda: _connect(FLOATING))
        assert guests[0].reaches("172.31.249.1", 8080)
        assert not guests[1].reaches("172.31.249.1", 8080, 1), "without a gateway"


def _packed(address: str) -> bytes:
    return socket.inet_aton(address)


def test_a_gateway_moves_when_its_host_dies(
    cloud: Central, machine: Callable[[str], Machine], world: Space
) -> None:
    hosts = {key: machine(key) for key in ("a", "b", "c")}
    port = views.port("p", "10.55.0.11", "n1-subnet", rules=OPEN)
    network = views.network("n1", ports=[port])
    router = views.router("r", [network], "172.31.249.10", {FLOATING: "10.55.0.11"})
    places = Placement(ports={port.id: "c"}, gateways={router.id: ["a", "b", "c"]})
    write(cloud, views.host([network], [router], external=True), places)

    def bring_up(key: str) -> None:
        own = [network] if key == "c" else []
        assert hosts[key].apply(own, external=True).errors == {}
        give_card(hosts[key])

    for key, host in hosts.items():
        world.cable(host, "ext")
        bring_up(key)
    guest = hosts["c"].guest(port, "10.55.0.1")
    for host in hosts.values():
        wait(host.has_way, 10, "tunnels")
    wait(lambda: cloud.gateway() == "a", 15, "the gateway is on its first host")
    with guest.serving(80):
        sock = world.run(lambda: socket.create_connection((FLOATING, 80), 15))
        assert echo(sock)
        time.sleep(3)  # so that the hosts watch each other
        hosts["a"].die()
        started = time.monotonic()
        sock.settimeout(15)
        assert echo(sock)
        assert time.monotonic() - started < 10
        assert cloud.gateway() == "b"
        # back, it takes its gateway again, and no other host answers for it
        hosts["a"].sh("ip link set wire up; ip link set ext up")
        bring_up("a")
        wait(lambda: cloud.gateway() == "a", 30, "the gateway is back")
        wait(hosts["a"].has_way, 10, "tunnels")
        time.sleep(2)
        assert echo(sock)
        world.sh("ip neigh flush all")
        frames = heard(world, "sw", lambda: world.run(lambda: _connect(FLOATING)))
        answers = [f for f in frames if f[12:14] == b"\x08\x06" and f[21] == 2]
        assert len({f[6:12] for f in answers}) == 1 and len(answers) == 1
        sock.close()


def _connect(address: str) -> None:
    with socket.create_connection((address, 80), 10) as sock:
        assert echo(sock)
