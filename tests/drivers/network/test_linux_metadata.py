"""Who asks for metadata: everything a guest can choose is tried, and none of it counts."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator

import msgspec
import pytest

from stratolith.network.agent.metadata import PER_PORT, MetadataProxy
from stratolith.network.agent.metadata_guests import guests_by_address
from stratolith.network.drivers.base import AddressPair, QosRuleView
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.metadata_mark import OWNER_DSCP
from stratolith.network.drivers.routing import RouteView
from tests.drivers.network import views
from tests.drivers.network.guests import Guest
from tests.drivers.network.metadata_upstream import by_http
from tests.drivers.network.test_routers import Upstream

pytestmark = pytest.mark.root

VICTIM = "10.66.0.5"
METADATA = "169.254.169.254"
Answer = tuple[int, dict[str, str]]


@pytest.fixture
def upstream(sandbox: None) -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.close()


@pytest.fixture
def serve(driver, upstream: Upstream) -> Iterator[Callable[..., None]]:
    """``serve(view)``: the host realises the view and answers metadata."""
    service = by_http(f"http://127.0.0.1:{upstream.server.server_port}")
    proxy = MetadataProxy(service, in_routers=driver.name != "ovn")
    proxy.start()

    def body(view) -> None:
        assert not driver.apply(view).errors
        assert proxy.update(view) == {}

    yield body
    proxy.close()


def ask(
    machine: Guest,
    source: str = "",
    to: tuple[str, int] = (METADATA, 80),
    method: str = "GET",
    service: int = 0,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Status and the headers that reached the metadata service; (0, {}) without an answer."""

    def body() -> Answer:
        sock = socket.socket()
        sock.settimeout(3)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, service)
        connection = http.client.HTTPConnection(*to)
        try:
            if source:
                sock.bind((source, 0))
            sock.connect(to)
            connection.sock = sock
            connection.request(method, "/openstack/latest/password", headers=headers or {})
            reply = connection.getresponse()
            text = reply.read()
        except OSError:
            return 0, {}
        finally:
            sock.close()
        return reply.status, json.loads(text)["headers"] if reply.status == 200 else {}

    return namespaces.run_in(machine.name, body)


def identity(answer: Answer) -> str:
    status, headers = answer
    assert status == 200, answer
    return headers["x-instance-id"]


def pair(address: str, mac: str) -> AddressPair:
    return AddressPair(ip_address=address, mac_address=mac)


def test_an_address_of_another_network_of_the_router(driver, guest, serve):
    """The router joins the attacker's network and one that is shared with the attacker."""
    victim = views.port("victim", VICTIM, "shared-subnet")
    attacker = views.port(
        "attacker", "10.55.0.11", "own-subnet",
        allowed_address_pairs=[pair(f"{VICTIM}/32", views.mac_of("attacker"))],
    )  # fmt: skip
    own = views.network("own", ports=[attacker], dhcp=True)
    shared = views.network("shared", cidr="10.66.0.0/24", ports=[victim], dhcp=True)
    route = RouteView(destination=f"{VICTIM}/32", nexthop="10.55.0.11")
    machine = None
    for routes in ([], [route]):
        serve(views.host([own, shared], [views.router("r1", [own, shared], routes=routes)]))
        if machine is None:
            machine = guest(attacker, "10.55.0.11/24", "10.55.0.1")
            machine.sh(f"ip addr add {VICTIM}/32 dev eth0")
        assert identity(ask(machine)) == attacker.server_id
        # the router takes nothing from one network under an address of another
        for method in ("GET", "POST"):
            assert ask(machine, VICTIM, method=method) == (0, {})
        assert ask(machine, VICTIM, service=OWNER_DSCP << 2) == (0, {}), "its own mark"
    machine.sh(f"ip route replace {METADATA}/32 via 10.55.0.2")
    assert ask(machine, VICTIM)[0] != 200, "by way of the DHCP port"


@pytest.mark.parametrize("how", ["own MAC", "the other's MAC", "no port security"])
@pytest.mark.parametrize("way", ["router", "dhcp"])
def test_an_address_of_a_neighbour(driver, guest, serve, how, way):
    mac = views.mac_of("victim" if how == "the other's MAC" else "attacker")
    fields = {"port_security": False}
    if how != "no port security":
        fields = {"allowed_address_pairs": [pair(VICTIM, mac)]}
    victim = views.port("victim", VICTIM, "net-subnet")
    attacker = views.port("attacker", "10.66.0.9", "net-subnet", **fields)
    net = views.network("net", cidr="10.66.0.0/24", ports=[victim, attacker], dhcp=True)
    net.ports.remove(victim)  # were it on this host, it would have the answers
    serve(views.host([net], [views.router("r1", [net])] if way == "router" else []))
    machine = guest(attacker, "10.66.0.9/24")
    machine.sh(f"ip route add {METADATA}/32 via 10.66.0.{1 if way == 'router' else 2}")
    assert identity(ask(machine)) == attacker.server_id
    machine.sh(f"ip addr add {VICTIM}/32 dev eth0")
    if how == "the other's MAC":
        machine.sh(f"ip link set eth0 address {mac}")
    assert ask(machine, VICTIM) == (404, {})
    assert ask(machine, VICTIM, service=OWNER_DSCP << 2) == (404, {})
    assert ask(machine, VICTIM, method="POST") == (404, {})


def test_the_same_address_in_two_networks_and_two_routers(driver, guest, serve):
    one = views.port("one", VICTIM, "n1-subnet")
    two = views.port("two", VICTIM, "n2-subnet")
    third = views.port("third", "10.77.0.3", "n3-subnet")
    n1 = views.network("n1", cidr="10.66.0.0/24", ports=[one], dhcp=True)
    n2 = views.network("n2", cidr="10.66.0.0/24", ports=[two], dhcp=True)
    n3 = views.network("n3", cidr="10.77.0.0/24", ports=[third])
    routers = [views.router("r1", [n1, n3]), views.router("r2", [n2])]
    serve(views.host([n1, n2, n3], routers))
    machines = [guest(port, f"{VICTIM}/24", "10.66.0.1") for port in (one, two)]
    machines.append(guest(third, "10.77.0.3/24", "10.77.0.1"))
    for machine, port in zip(machines, (one, two, third), strict=True):
        assert identity(ask(machine)) == port.server_id


def test_headers_do_not_count(driver, guest, serve):
    one = views.port("one", "10.55.0.11", "n1-subnet")
    net = views.network("n1", ports=[one], dhcp=True)
    serve(views.host([net], [views.router("r1", [net])]))
    machine = guest(one, "10.55.0.11/24", "10.55.0.1")
    names = """
        X-Instance-ID x_instance_id X-Tenant-ID X-Instance-ID-Signature X-Forwarded-For Forwarded
        X-Real-IP X-Metadata-Provider X-OVN-Network-ID X-Neutron-Network-ID X-Neutron-Router-ID
        X-Auth-Token
    """
    forged = dict.fromkeys(names.split(), "forged")
    status, headers = ask(machine, headers=forged)
    assert status == 200
    assert "forged" not in headers.values()
    assert headers["x-instance-id"] == one.server_id
    assert headers["x-forwarded-for"] == "10.55.0.11"


def test_only_the_metadata_address_is_answered(driver, guest, serve):
    """A request to the port behind it has not passed the bridge as one for metadata."""
    one = views.port("one", "10.55.0.11", "n1-subnet")
    net = views.network("n1", ports=[one], dhcp=True)
    floating = {"172.31.249.20": "10.55.0.11"}
    router = views.router("r1", [net], "172.31.249.10", floating)
    serve(views.host([net], [router], external=True))
    machine = guest(one, "10.55.0.11/24", "10.55.0.1")
    assert ask(machine)[0] == 200
    mark = OWNER_DSCP << 2
    for to in [
        ("10.55.0.1", 9697), ("10.55.0.2", 80), ("10.55.0.2", 9697), ("172.31.249.10", 9697),
        ("172.31.249.20", 9697), (METADATA, 9697),
    ]:  # fmt: skip
        assert ask(machine, to=to, service=mark)[0] != 200, to
    with pytest.raises(OSError):
        socket.create_connection(("172.31.249.10", 9697), 1)


def test_no_guest_is_the_metadata_service_of_its_neighbours(driver, guest, serve):
    liar = views.port(
        "liar", "10.55.0.11", "n1-subnet",
        allowed_address_pairs=[pair(f"{METADATA}/32", views.mac_of("liar"))],
    )  # fmt: skip
    victim = views.port("victim", "10.55.0.12", "n1-subnet")
    net = views.network("n1", ports=[liar, victim], gateway=False)
    serve(views.host([net]))
    bad = guest(liar, "10.55.0.11/24")
    bad.sh(f"ip addr add {METADATA}/32 dev eth0")
    good = guest(victim, "10.55.0.12/24")
    good.sh(f"ip route add {METADATA}/32 dev eth0")
    with bad.serving(80):
        assert not good.reaches(METADATA, 80, 0.7)
        good.sh(f"ip neigh replace {METADATA} lladdr {liar.mac} dev eth0")
        assert not good.reaches(METADATA, 80, 0.7), "its answers do not leave, either"


def test_a_qos_policy_that_marks_packets(driver, guest, serve):
    """It leaves alone the mark that proves who asks, and no guest can make another's."""
    a = views.port("a", VICTIM, "n1-subnet", qos_policy="p")
    net = views.network("n1", cidr="10.66.0.0/24", ports=[a])
    router = views.router("r1", [net], "172.31.249.10")
    view = views.host([net], [router], external=True)
    mark = QosRuleView(type="dscp_marking", direction="egress", amount=46)
    serve(msgspec.structs.replace(view, qos={"p": [mark]}))
    machine = guest(a, f"{VICTIM}/24", "10.66.0.1")
    assert identity(ask(machine)) == a.server_id


def test_what_two_ports_claim_belongs_to_nobody():
    ports = [views.port(name, "10.55.0.11", "n1-subnet") for name in ("one", "two")]
    ports.append(views.port("three", "10.55.0.13", "n1-subnet"))
    assert list(guests_by_address(views.network("n1", ports=ports, dhcp=True))) == ["10.55.0.13"]


def test_a_port_that_is_nobodys_has_no_metadata(driver, guest, serve):
    one = views.port("one", "10.55.0.11", "n1-subnet")
    bare = msgspec.structs.replace(one, server_id="")
    net = views.network("n1", ports=[bare], dhcp=True)
    serve(views.host([net]))
    machine = guest(bare, "10.55.0.11/24")
    machine.sh(f"ip route add {METADATA}/32 via 10.55.0.2")
    assert ask(machine) == (404, {})


@pytest.mark.parametrize("sources", ["one address", "many addresses"])
def test_one_guest_cannot_keep_the_others_waiting(driver, guest, serve, sources):
    greedy = views.port(
        "greedy", "10.55.0.11", "n1-subnet",
        allowed_address_pairs=[pair("10.55.0.128/25", views.mac_of("greedy"))],
    )  # fmt: skip
    other = views.port("other", "10.55.0.12", "n1-subnet")
    net = views.network("n1", ports=[greedy, other], dhcp=True)
    serve(views.host([net], [views.router("r1", [net])]))
    bad = guest(greedy, "10.55.0.11/24", "10.55.0.1")
    good = guest(other, "10.55.0.12/24", "10.55.0.1")
    addresses = ["10.55.0.11"]
    if sources == "many addresses":
        addresses = [f"10.55.0.{128 + number}" for number in range(100)]
        bad.sh(";".join(f"ip addr add {address}/32 dev eth0" for address in addresses))

    def drip(number: int) -> socket.socket:
        source = addresses[number % len(addresses)], 0
        sock = socket.create_connection((METADATA, 80), 5, source_address=source)
        sock.sendall(b"GET / HTTP/1.1\r\nx: ")
        return sock

    held: list[socket.socket] = []
    try:
        for number in range(100):
            try:
                held.append(namespaces.run_in(bad.name, lambda n=number: drip(n)))
            except OSError:
                continue
        for method in ("GET", "POST", "GET"):
            assert identity(ask(good, method=method)) == other.server_id
        assert open_ones(held) <= PER_PORT
        if sources == "many addresses":
            assert identity(ask(bad, "10.55.0.11")) == greedy.server_id, "strangers stand apart"
        else:
            assert ask(bad)[0] == 503
    finally:
        for sock in held:
            sock.close()
    deadline = time.monotonic() + 20
    while ask(bad, "10.55.0.11")[0] != 200:
        assert time.monotonic() < deadline, "places become free again"


def open_ones(socks: list[socket.socket]) -> int:
    """How many were not hung up on."""
    found = 0
    for sock in socks:
        sock.settimeout(0.5)
        try:
            while sock.recv(4096):
                pass
        except TimeoutError:
            found += 1
        except OSError:
            pass
    return found
