"""Guests directly on the external network, and IPv6 on a tenant's."""

from __future__ import annotations

import socket
import subprocess
from uuid import uuid4

import msgspec
import pytest

from stratolith.network.drivers.base import FixedIpView, RuleView
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE, echo, serve_echo

pytestmark = pytest.mark.root


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


def test_guest_on_the_external_network_is_filtered(driver, guest):
    """The host is its neighbour: what it sends is no bridged packet and is judged all the same."""
    one = views.port("e1", "172.31.249.50", "ext", rules=[*views.EGRESS_ALL, views.tcp_in(22)])
    view = views.host(external=True)
    public = msgspec.structs.replace(view.networks[0], ports=[one])
    assert not driver.apply(msgspec.structs.replace(view, networks=[public])).errors
    machine = guest(one, "172.31.249.50/24", "172.31.249.1")
    with machine.serving(22), machine.serving(23):
        with socket.create_connection(("172.31.249.50", 22), PATIENCE) as sock:
            assert echo(sock)
        with pytest.raises(OSError):
            socket.create_connection(("172.31.249.50", 23), 0.7)
    with serve_echo(socket.create_server(("172.31.249.1", 8080))) as clients:
        assert machine.reaches("172.31.249.1", 8080)
    assert clients == ["172.31.249.50"]


def test_ipv6_rules_and_spoofing(driver, guest):
    open22 = RuleView(
        direction="ingress", ethertype="IPv6", protocol="tcp", port_range_min=22, port_range_max=22
    )
    ports = []
    for name, number in (("a", 11), ("b", 12)):
        one = views.port(name, f"10.55.0.{number}", "n1-subnet", rules=[*views.EGRESS_ALL, open22])
        six = FixedIpView(subnet_id="six", ip_address=f"fd00:55::{number}")
        ports.append(msgspec.structs.replace(one, fixed_ips=[*one.fixed_ips, six]))
    assert not driver.apply(views.host([views.network("n1", ports=ports)])).errors
    a, b = (guest(one) for one in ports)
    for machine, number in ((a, 11), (b, 12)):
        machine.sh(f"ip addr add fd00:55::{number}/64 dev eth0 nodad")

    def reaches(address: str, port: int, source: str = "", seconds: float = 1) -> bool:
        def body() -> bool:
            try:
                ends = {"source_address": (source, 0)} if source else {}
                with socket.create_connection((address, port), seconds, **ends) as sock:
                    return echo(sock)
            except OSError:
                return False

        return namespaces.run_in(a.name, body)

    def server(port: int) -> socket.socket:
        return namespaces.run_in(
            b.name, lambda: socket.create_server(("::", port), family=socket.AF_INET6)
        )

    with serve_echo(server(22)), serve_echo(server(23)):
        assert reaches("fd00:55::12", 22, seconds=PATIENCE)
        assert not reaches("fd00:55::12", 23)
        a.sh("ip addr add fd00:55::99/64 dev eth0 nodad")
        assert not reaches("fd00:55::12", 22, "fd00:55::99")
        b.sh("ip addr add fd00:55::98/64 dev eth0 nodad")
        assert not reaches("fd00:55::98", 22)


@pytest.fixture
def world():
    """A machine beyond the host, 198.51.100.2, without a route back to the external network."""
    name = f"world-{uuid4().hex[:6]}"
    namespaces.create(name)
    lines = (
        f"link add world0 type veth peer name eth0 netns {name}", "link set world0 up",
        "addr add 198.51.100.1/24 dev world0", f"-n {name} addr add 198.51.100.2/24 dev eth0",
        f"-n {name} link set eth0 up", f"-n {name} link set lo up",
    )  # fmt: skip
    for line in lines:
        subprocess.run(["ip", *line.split()], check=True)
    yield name
    namespaces.remove(name)


def test_the_world_sees_the_address_of_the_host(driver, guest, world):
    one = views.port("e1", "172.31.249.50", "ext", rules=views.EGRESS_ALL)
    view = views.host(external=True)
    public = msgspec.structs.replace(view.networks[0], ports=[one])
    assert not driver.apply(msgspec.structs.replace(view, networks=[public])).errors
    machine = guest(one, "172.31.249.50/24", "172.31.249.1")
    sock = namespaces.run_in(world, lambda: socket.create_server(("198.51.100.2", 80)))
    with serve_echo(sock) as clients:
        assert machine.reaches("198.51.100.2", 80)
    assert clients == ["198.51.100.1"]


def on_the_external_network(driver, guest, nat=True, **fields):
    """A guest with an address of the external network, and the host as its gateway."""
    one = views.port("e1", "172.31.249.50", "ext", rules=views.EGRESS_ALL, **fields)
    view = views.host(external=True)
    public = msgspec.structs.replace(view.networks[0], ports=[one])
    external = msgspec.structs.replace(views.EXTERNAL, nat=nat)
    view = msgspec.structs.replace(view, networks=[public], externals=[external])
    assert not driver.apply(view).errors
    return guest(one, "172.31.249.50/24", "172.31.249.1")


def say(machine, to: str, source: str = "", from_port: int = 0) -> None:
    """Send a datagram to an address and port."""
    address, port = to.split(":")

    def body() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((source, from_port))
            sock.sendto(b"word", (address, int(port)))

    namespaces.run_in(machine.name, body)


def datagrams(world: str | None, address: str, port: int) -> socket.socket:
    def body() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, port))
        sock.settimeout(PATIENCE)
        return sock

    return namespaces.run_in(world, body) if world else body()


def is_silent(sock: socket.socket) -> bool:
    """Whether nothing has come; what was sent after it has."""
    sock.settimeout(0.3)
    try:
        sock.recv(99)
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize("port", [4789, 6081])
def test_no_guest_sends_into_the_tunnels_of_hosts(driver, guest, world, port):
    """Other hosts take tunnel packets from the host's address, which guests get by NAT."""
    machine = on_the_external_network(driver, guest)
    with (
        datagrams(world, "198.51.100.2", 5000) as other,
        datagrams(world, "198.51.100.2", port) as tunnel,
        datagrams(None, "172.31.249.1", port) as own_tunnel,
    ):
        say(machine, f"198.51.100.2:{port}")
        say(machine, f"172.31.249.1:{port}")
        say(machine, "198.51.100.2:5000")
        assert other.recvfrom(99)[1][0] == "198.51.100.1"
        assert is_silent(tunnel) and is_silent(own_tunnel)


@pytest.mark.parametrize("port", [4789, 6081])
def test_without_nat_only_forged_packets_to_tunnels_are_dropped(driver, guest, world, port):
    machine = on_the_external_network(driver, guest, nat=False, port_security=False)
    namespaces.run_in(
        world,
        lambda: subprocess.run(
            ["ip", "route", "add", "default", "via", "198.51.100.1"], check=True
        ),
    )
    machine.sh("ip addr add 198.51.100.77/32 dev eth0")  # that of another host
    with datagrams(world, "198.51.100.2", port) as tunnel:
        say(machine, f"198.51.100.2:{port}", source="198.51.100.77")
        say(machine, f"198.51.100.2:{port}", source="172.31.249.50")
        assert tunnel.recvfrom(99)[1][0] == "172.31.249.50"
        assert is_silent(tunnel)


@pytest.mark.parametrize("port", [4789, 6081, 8702])
def test_no_guest_gets_answers_at_a_port_of_the_host(driver, guest, world, port):
    """A packet of another host to this port would match the answers to the guest."""
    machine = on_the_external_network(driver, guest)
    with (
        datagrams(world, "198.51.100.2", 5000) as other,
        datagrams(None, "198.51.100.1", port) as own,
    ):
        say(machine, "198.51.100.2:5000", from_port=port)
        address, source_port = other.recvfrom(99)[1]
        assert address == "198.51.100.1" and source_port >= 32768
        other.sendto(b"for the host", ("198.51.100.1", port))
        assert own.recv(99) == b"for the host"


@pytest.fixture
def hosts_own_network():
    """The host has 172.31.0.0/16 by a device of somebody else."""
    for line in ("link add foreign0 type veth peer name foreign1", "link set foreign0 up",
                 "link set foreign1 up", "addr add 172.31.7.7/16 dev foreign0"):  # fmt: skip
        subprocess.run(["ip", *line.split()], check=True)
    yield
    subprocess.run(["ip", "link", "del", "foreign0"], check=True)


def test_the_hosts_own_networks_stay_its_own(driver, hosts_own_network):
    def way() -> str:
        command = ["ip", "route", "get", "172.31.249.1"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    before = way()
    applied = driver.apply(views.host(external=True))
    (reason,) = set(applied.errors.values())
    assert "172.31.249.0/24 overlaps with 172.31.0.0/16, which this host reaches by foreign0" in (
        reason
    )
    assert way().split("uid")[0] == before.split("uid")[0]
    addresses = subprocess.run(
        ["ip", "-o", "addr", "show", views.EXTERNAL_BRIDGE], capture_output=True, text=True
    )
    assert "172.31.249.1" not in addresses.stdout
