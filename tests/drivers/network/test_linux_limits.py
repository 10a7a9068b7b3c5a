"""One port cannot fill the host's one table of connections."""

from __future__ import annotations

import socket
import struct
import subprocess
from pathlib import Path

import msgspec
import pytest

from stratolith.network.drivers.base import ConnectionLimits, HostNetworkView
from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces, netlink
from tests.drivers.network import frames, views
from tests.drivers.network.guests import PATIENCE

pytestmark = pytest.mark.root

LIMIT, PROJECT = 20, 50
OPEN = [
    *views.EGRESS_ALL,
    *(msgspec.structs.replace(rule, direction="ingress") for rule in views.EGRESS_ALL),
]


@pytest.fixture
def driver(sandbox, tmp_path):
    made = LinuxNetworkDriver(tmp_path, instance="stratotest")
    yield made
    made.remove_all()


def host(*parts) -> HostNetworkView:
    few = ConnectionLimits(port=LIMIT, project=PROJECT)
    return msgspec.structs.replace(views.host(*parts), connections=few)


def tables() -> str:
    done = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True)
    return done.stdout


def segment(source: str, target: str, sport: int, dport: int, flags: int, seq: int, ack: int):
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 60000, 0, 0)
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!HH", 6, 20)
    total = sum(struct.unpack("!16H", pseudo + head))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return head[:16] + struct.pack("!H", ~total & 0xFFFF) + head[18:]


def forged(mac: str, router_mac: str, number: int) -> list[bytes]:
    """Both sides of a handshake that nobody has."""
    one, two, here, there = "10.55.0.251", "10.55.0.250", 1000 + number, 80
    steps = [
        (one, two, here, there, 0x02, 100, 0),
        (two, one, there, here, 0x12, 500, 101),
        (one, two, here, there, 0x10, 101, 501),
    ]
    return [frames.ip4(mac, step[0], 6, segment(*step), to=(router_mac, step[1])) for step in steps]


def tracked(*addresses: str) -> int:
    wanted = set(addresses)
    return sum(1 for flow in netlink.flows() if {flow.source, flow.destination} & wanted)


def seconds_left() -> list[int]:
    """How long each established connection of this namespace may be idle."""
    table = Path("/proc/thread-self/net/nf_conntrack")
    if not table.exists():
        pytest.skip("this kernel does not list its connections")
    fields = [line.split() for line in table.read_text().splitlines() if "ESTABLISHED" in line]
    return [int(one[4]) for one in fields]


def test_forged_connections_are_held_and_others_go_on(driver, guest) -> None:
    flooding = views.port("flooding", "10.55.0.11", "n1-subnet", port_security=False)
    rules = [*views.EGRESS_ALL, views.tcp_in(22)]
    server = views.port("server", "10.55.0.12", "n1-subnet", rules=rules)
    client = views.port("client", "10.55.0.13", "n1-subnet")
    network = views.network("n1", ports=[flooding, server, client])
    router = views.router("r1", [network])
    leg = views.mac_of(f"r1-{network.id}")
    assert not driver.apply(host([network], [router])).errors
    attacker, there = guest(flooding, "10.55.0.11/24"), guest(server, "10.55.0.12/24")
    here = guest(client, "10.55.0.13/24")
    with there.serving(22):
        kept = here.connect("10.55.0.12", 22)
        for number in range(3 * LIMIT):
            frames.send(attacker, *forged(attacker.mac, leg, number))
        assert here.reaches("10.55.0.12", 22)
        assert LIMIT / 2 < tracked("10.55.0.251", "10.55.0.250") <= LIMIT
        assert 0 < max(seconds_left()) <= 7440
        # a change of somebody's port does not begin the counting again
        other = views.port("other", "10.55.0.14", "n1-subnet")
        network = views.network("n1", ports=[flooding, server, client, other])
        assert not driver.apply(host([network], [router])).errors
        before = tracked("10.55.0.251", "10.55.0.250")
        for number in range(3 * LIMIT, 5 * LIMIT):
            frames.send(attacker, *forged(attacker.mac, leg, number))
        assert here.reaches("10.55.0.12", 22)
        assert tracked("10.55.0.251", "10.55.0.250") <= before + 2
        kept.sendall(b"hello")
        assert kept.recv(5) == b"hello"
        kept.close()


@pytest.mark.parametrize("security", [True, False])
def test_a_port_opens_no_more_than_its_limit(driver, guest, security) -> None:
    """With real connections to others who answer; the other direction and others stay free."""
    greedy = views.port("greedy", "10.55.0.11", "n1-subnet", rules=OPEN, port_security=security)
    servers = [
        views.port(f"server{n}", f"10.55.0.{20 + n}", "n1-subnet", rules=OPEN) for n in range(2)
    ]
    network = views.network("n1", ports=[greedy, *servers])
    assert not driver.apply(host([network])).errors
    opener = guest(greedy, "10.55.0.11/24")
    first, second = (guest(port, f"10.55.0.{20 + n}/24") for n, port in enumerate(servers))
    with first.serving(22), second.serving(22), opener.serving(22):
        held = [opener.connect(f"10.55.0.{20 + number % 2}", 22) for number in range(LIMIT)]
        with pytest.raises(TimeoutError):
            opener.connect("10.55.0.20", 22, timeout=1.5)
        assert second.reaches("10.55.0.20", 22)
        assert second.reaches("10.55.0.11", 22)
        for sock in held:
            sock.sendall(b"hello")
            assert sock.recv(5) == b"hello"
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        # what ended is not counted
        assert opener.reaches("10.55.0.20", 22)


def test_no_more_are_open_to_a_port_from_elsewhere(driver, guest) -> None:
    """By way of a router; others on the network and what the port opens stay free."""
    server = views.port("server", "10.55.0.12", "n1-subnet", rules=OPEN)
    other = views.port("other", "10.55.0.13", "n1-subnet", rules=OPEN)
    network = views.network("n1", ports=[server, other])
    router = views.router("r1", [network])
    assert not driver.apply(host([network], [router])).errors
    there, here = guest(server, "10.55.0.12/24"), guest(other, "10.55.0.13/24")
    space = f"qrouter-{views.uid('r1')}"

    def connect(address: str, timeout: float = PATIENCE) -> socket.socket:
        return namespaces.run_in(space, lambda: socket.create_connection((address, 22), timeout))

    with there.serving(22), here.serving(22):
        held = [connect("10.55.0.12") for _ in range(LIMIT)]
        with pytest.raises(TimeoutError):
            connect("10.55.0.12", 1.5)
        held.append(connect("10.55.0.13"))
        assert here.reaches("10.55.0.12", 22)
        assert there.reaches("10.55.0.13", 22)
        for sock in held:
            sock.close()


def test_what_a_filter_refuses_uses_nothing_up(driver, guest) -> None:
    sender = views.port("sender", "10.55.0.11", "n1-subnet", port_security=False)
    rules = [*views.EGRESS_ALL, views.tcp_in(22)]
    server = views.port("server", "10.55.0.12", "n1-subnet", rules=rules)
    friend = views.port("friend", "10.55.0.13", "n1-subnet", port_security=False)
    network = views.network("n1", ports=[sender, server, friend])
    assert not driver.apply(host([network])).errors
    noisy, there = guest(sender, "10.55.0.11/24"), guest(server, "10.55.0.12/24")
    other = guest(friend, "10.55.0.13/24")
    for port in range(1000, 1000 + 3 * LIMIT):
        frames.send(
            noisy, frames.udp4(noisy.mac, "10.55.0.11", 5555, port, to=(there.mac, "10.55.0.12"))
        )
    with there.serving(22):
        assert other.reaches("10.55.0.12", 22)


def test_an_endless_stream_of_datagrams_is_one_connection(driver, guest) -> None:
    sender = views.port("sender", "10.55.0.11", "n1-subnet", rules=OPEN)
    receiver = views.port("receiver", "10.55.0.12", "n1-subnet", rules=OPEN)
    network = views.network("n1", ports=[sender, receiver])
    assert not driver.apply(host([network])).errors
    here, there = guest(sender, "10.55.0.11/24"), guest(receiver, "10.55.0.12/24")
    stream = frames.udp4(here.mac, "10.55.0.11", 5555, 6666, to=(there.mac, "10.55.0.12"))
    with namespaces.run_in(there.name, frames.raw) as sock:
        frames.send(here, *[stream] * (5 * LIMIT))
        sock.settimeout(PATIENCE)
        seen = 0
        while seen < 5 * LIMIT:
            seen += sock.recv(2000)[: len(stream)] == stream
    with there.serving(22):
        assert here.reaches("10.55.0.12", 22)


def test_a_project_cannot_do_it_with_many_ports(driver, guest) -> None:
    """Its own ports are held, another project's on the same network are not."""
    names = [f"p{number}" for number in range(4)]
    many = [
        views.port(name, f"10.55.0.{20 + number}", "n1-subnet", port_security=False)
        for number, name in enumerate(names)
    ]
    others = [
        msgspec.structs.replace(
            views.port(f"o{number}", f"10.55.0.{40 + number}", "n1-subnet", rules=OPEN),
            project_id=views.uid("another project"),
        )
        for number in range(2)
    ]
    network = views.network("n1", ports=[*many, *others])
    assert not driver.apply(host([network])).errors
    machines = [guest(port, f"{port.fixed_ips[0].ip_address}/24") for port in network.ports]
    *flooding, client, server = machines
    # each forges what the client seems to be opened to: none of that counts for the client
    for number, machine in enumerate(flooding):
        for step in range(number * 100, number * 100 + LIMIT):
            frames.send(machine, *forged(machine.mac, client.mac, step))
    # the handshake's answer is a connection of its own where its first frame was dropped
    assert LIMIT < tracked("10.55.0.251") <= PROJECT + 2
    with server.serving(22):
        assert client.reaches("10.55.0.41", 22)
        assert not flooding[0].reaches("10.55.0.41", 22, timeout=1.5)


def test_the_table_goes_with_the_rest(driver) -> None:
    network = views.network("n1", ports=[views.port("a", "10.55.0.11", "n1-subnet")])
    assert not driver.apply(host([network])).errors
    assert "stratotest_limits" in tables()
    driver.remove_all()
    assert "stratotest" not in tables()
