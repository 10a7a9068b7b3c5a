"""QoS policies on a host, measured with real packets."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from stratolith.network.drivers.base import QosRuleView, RuleView
from stratolith.network.drivers.linux.host_kernel import namespaces, nft
from stratolith.network.drivers.linux.qos import enforcement as qos
from tests.drivers.network import views

pytestmark = pytest.mark.root

ONLY_LINUX = pytest.mark.parametrize("driver", ["linux"], indirect=True)


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


POLICY = "policy-1"
WORLD, PORT = "172.31.249.1", 5000
OPEN = [*views.EGRESS_ALL, RuleView(direction="ingress", ethertype="IPv4", protocol="udp")]
HEADERS = 14 + 20 + 8  # what a frame has beside its UDP payload
PAYLOAD = 1400


def bandwidth(direction, kbps, burst=0):
    return QosRuleView(type="bandwidth_limit", direction=direction, amount=kbps, burst=burst)


def packets(direction, kpps, burst=0):
    return QosRuleView(type="packet_rate_limit", direction=direction, amount=kpps, burst=burst)


def mark(value):
    return QosRuleView(type="dscp_marking", direction="egress", amount=value)


def pair(policy=POLICY):
    """Two guests of a network; the first has the policy."""
    a = views.port("a", "10.55.0.11", "n1-subnet", rules=OPEN, qos_policy=policy)
    b = views.port("b", "10.55.0.12", "n1-subnet", rules=OPEN)
    return a, b, views.network("n1", ports=[a, b])


def limited(networks, rules, **fields):
    view = views.host(networks, fields.pop("routers", []), **fields)
    return msgspec.structs.replace(view, qos={POLICY: rules})


def udp(namespace: str) -> socket.socket:
    """A socket in a guest, or in the host for ""."""

    def made() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        sock.settimeout(0.1)
        return sock

    return namespaces.run_in(namespace, made) if namespace else made()


@contextlib.contextmanager
def flood(namespace: str, address: str, size: int, per_second: float) -> Iterator[None]:
    """Send packets of ``size`` at an even rate meanwhile."""
    stopping, sock = threading.Event(), udp(namespace)

    def send() -> None:
        began, sent = time.monotonic(), 0
        while not stopping.is_set():
            while sent < (time.monotonic() - began) * per_second:
                with contextlib.suppress(OSError):
                    sock.sendto(b"x" * size, (address, PORT))
                sent += 1
            time.sleep(0.002)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        sock.close()


def arriving(
    sender: str, receiver: str, address: str, size: int, per_second: float, settle: float = 1.5
) -> float:
    """Packets that arrive in a second, after the buckets are empty."""
    sock = udp(receiver)
    sock.bind(("", PORT))
    count, window = 0, 2.0
    with sock, flood(sender, address, size, per_second):
        began = time.monotonic()
        while (now := time.monotonic()) < began + settle + window:
            try:
                sock.recv(2048)
            except TimeoutError:
                continue
            count += now >= began + settle
    return count / window


def kbps_arriving(sender: str, receiver: str, address: str, limit: int) -> float:
    """kbit/s of frames that arrive of three times the limit."""
    frame = (PAYLOAD + HEADERS) * 8 / 1000
    return arriving(sender, receiver, address, PAYLOAD, 3 * limit / frame) * frame


def together(*measured: tuple[str, str, str, int]) -> list[float]:
    """``kbps_arriving`` of each at the same time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda each: kbps_arriving(*each), measured))


def near(value):
    return pytest.approx(value, rel=0.1)


def test_bandwidth_of_a_guest_in_both_directions(driver, guest):
    a, b, net = pair()
    rules = [bandwidth("egress", 4000), bandwidth("ingress", 2000)]
    assert driver.apply(limited([net], rules)).errors == {}
    first, second = guest(a, "10.55.0.11/24"), guest(b, "10.55.0.12/24")
    sent, got = together(
        (first.name, second.name, "10.55.0.12", 4000), (second.name, first.name, "10.55.0.11", 2000)
    )
    assert (sent, got) == (near(4000), near(2000))
    # another rate takes the place of the first
    assert driver.apply(limited([net], [bandwidth("egress", 1000)])).errors == {}
    assert kbps_arriving(first.name, second.name, "10.55.0.12", 1000) == near(1000)
    # without a policy nothing is limited
    _, _, free = pair(policy="")
    assert driver.apply(views.host([free])).errors == {}
    assert kbps_arriving(first.name, second.name, "10.55.0.12", 1000) == near(3000)


def test_tcp_reaches_the_limit(driver, guest):
    a, b, net = pair()
    tcp = RuleView(direction="ingress", ethertype="IPv4", protocol="tcp")
    b = msgspec.structs.replace(b, rules=[*views.EGRESS_ALL, tcp])
    net = msgspec.structs.replace(net, ports=[a, b])
    assert driver.apply(limited([net], [bandwidth("egress", 8000)])).errors == {}
    first, second = guest(a, "10.55.0.11/24"), guest(b, "10.55.0.12/24")
    for machine in (first, second):
        machine.sh("ip link set eth0 mtu 1450")  # as DHCP tells a guest
    server = namespaces.run_in(second.name, lambda: socket.create_server(("", PORT)))
    client = namespaces.run_in(
        first.name, lambda: socket.create_connection(("10.55.0.12", PORT), 10)
    )
    sending = threading.Thread(target=_fill, args=(client,))
    with server, client:
        peer, _ = server.accept()
        sending.start()
        with peer:
            _count(peer, 2.5)
            received = _count(peer, 3.0) / 3.0 * 8 / 1000
        sending.join()
    assert received == near(8000)


def _fill(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            sock.sendall(b"x" * 16384)


def _count(sock: socket.socket, seconds: float) -> int:
    end, total = time.monotonic() + seconds, 0
    sock.settimeout(0.2)
    while time.monotonic() < end:
        with contextlib.suppress(TimeoutError):
            total += len(sock.recv(65536))
    return total


@ONLY_LINUX
def test_packet_rate(driver, guest):
    a, b, net = pair()
    rules = [packets("egress", 1), packets("ingress", 1)]
    assert driver.apply(limited([net], rules)).errors == {}
    first, second = guest(a, "10.55.0.11/24"), guest(b, "10.55.0.12/24")
    assert arriving(first.name, second.name, "10.55.0.12", 10, 2500) == near(1000)
    assert arriving(second.name, first.name, "10.55.0.11", 10, 2500) == near(1000)


def test_marks_of_what_a_guest_sends(driver, guest):
    a, b, net = pair()
    assert driver.apply(limited([net], [mark(46)])).errors == {}
    first, second = guest(a, "10.55.0.11/24"), guest(b, "10.55.0.12/24")
    assert _mark_seen(first.name, second.name, "10.55.0.12") == 46
    assert _mark_seen(second.name, first.name, "10.55.0.11") == 0


def _mark_seen(sender: str, receiver: str, address: str) -> int:
    sock = udp(receiver)
    sock.bind(("", PORT))
    sock.settimeout(10)
    with sock, flood(sender, address, 10, 20):
        _, (ancillary,), _, _ = sock.recvmsg(100, 100)
    return int(ancillary[2][0]) >> 2


def test_floating_ip_and_gateway(driver, guest):
    a, b, net = pair(policy="")
    router = views.router("r1", [net], "172.31.249.10", {"172.31.249.20": "10.55.0.11"})
    floating = [msgspec.structs.replace(router.floating_ips[0], qos_policy=POLICY)]
    router = msgspec.structs.replace(router, floating_ips=floating)
    rules = [bandwidth("egress", 2000), bandwidth("ingress", 3000)]
    view = limited([net], rules, routers=[router], external=True)
    assert driver.apply(view).errors == {}
    first = guest(a, "10.55.0.11/24", "10.55.0.1")
    second = guest(b, "10.55.0.12/24", "10.55.0.1")
    sent, got = together((first.name, "", WORLD, 2000), ("", first.name, "172.31.249.20", 3000))
    assert (sent, got) == (near(2000), near(3000))
    # the router's own address is not that floating IP
    assert kbps_arriving(second.name, "", WORLD, 1000) == near(3000)
    # now the gateway has the policy, and the floating IP none
    gateway = msgspec.structs.replace(router.gateway, qos_policy=POLICY)
    floating = [msgspec.structs.replace(floating[0], qos_policy="")]
    router = msgspec.structs.replace(router, floating_ips=floating, gateway=gateway)
    view = limited([net], rules, routers=[router], external=True)
    assert driver.apply(view).errors == {}
    assert kbps_arriving(second.name, "", WORLD, 2000) == near(2000)
    assert kbps_arriving(first.name, "", WORLD, 1000) == near(3000)


@ONLY_LINUX
def test_what_somebody_removes_comes_back(driver):
    _, _, net = pair()
    view = limited([net], [bandwidth("egress", 1000), mark(10)])
    driver.apply(view)
    table = qos.table_name(driver.instance)
    loaded = nft.listing(table)
    assert loaded is not None and "125000 bytes/second" in loaded and "dscp set af11" in loaded
    nft.remove([table])
    assert driver.wait_for_change(5)
    driver.apply(view)
    assert nft.listing(table) == loaded
    subprocess.run(["nft", "flush", "table", *table.split()], check=True)
    assert driver.wait_for_change(5)
    driver.apply(view)
    assert nft.listing(table) == loaded


@ONLY_LINUX
def test_a_change_of_a_policy_reloads_no_filter(driver, monkeypatch):
    _, _, net = pair()
    driver.apply(limited([net], [bandwidth("egress", 1000)]))
    loaded: list[str] = []
    original = nft.load
    monkeypatch.setattr(nft, "load", lambda text: (loaded.append(text), original(text)))
    driver.apply(limited([net], [bandwidth("egress", 2000)]))
    (script,) = loaded
    assert all("stratotest_qos" in line for line in script.splitlines())
    assert len(script.splitlines()) == 2


def test_a_bad_rule_is_reported_and_the_port_works(driver):
    _, _, net = pair()
    applied = driver.apply(limited([net], [bandwidth("sideways", 1)]))
    assert list(applied.errors) == [POLICY]
    assert set(applied.ports) == {port.id for port in net.ports}
