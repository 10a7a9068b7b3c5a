"""Security groups and isolation, with real packets."""

from __future__ import annotations

import socket
import subprocess

import pytest

from stratolith.network.drivers.base import AddressPair, RuleView
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE, echo, ping

pytestmark = pytest.mark.root


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


def pair(driver, guest, rules=None, **fields):
    """Two guests on one network; the second has the rules and fields given."""
    a = views.port("a", "10.55.0.11", "n1-subnet")
    b = views.port("b", "10.55.0.12", "n1-subnet", rules=rules or views.EGRESS_ALL, **fields)
    applied = driver.apply(views.host([views.network("n1", ports=[a, b])]))
    assert applied.errors == {}
    assert set(applied.ports) == {a.id, b.id}
    return guest(a, "10.55.0.11/24"), guest(b, "10.55.0.12/24")


def test_open_port_answers_and_closed_port_does_not(driver, guest):
    a, b = pair(driver, guest, rules=[*views.EGRESS_ALL, views.tcp_in(22)])
    with b.serving(22), b.serving(23):
        assert a.reaches("10.55.0.12", 22)
        assert not a.reaches("10.55.0.12", 23, 0.5)
    with a.serving(22):  # a has no ingress rule
        assert not b.reaches("10.55.0.11", 22, 0.5)


def test_no_rules_lets_nothing_out(driver, guest):
    a, b = pair(driver, guest, rules=[views.tcp_in(22)])
    with b.serving(22):
        assert a.reaches("10.55.0.12", 22), "replies need no egress rule"
    everything = RuleView(direction="ingress", ethertype="IPv4")
    pa = views.port("a", "10.55.0.11", "n1-subnet", rules=[everything])
    pb = views.port("b", "10.55.0.12", "n1-subnet", rules=[views.tcp_in(22)])
    assert not driver.apply(views.host([views.network("n1", ports=[pa, pb])])).errors
    with a.serving(22):
        assert not b.reaches("10.55.0.11", 22, 0.5), "b may not start a connection"


def test_remote_addresses_are_honoured(driver, guest):
    a, b = pair(driver, guest, rules=[views.tcp_in(22, ["10.55.0.99"]), views.tcp_in(23, [])])
    with b.serving(22), b.serving(23):
        assert not a.reaches("10.55.0.12", 22, 0.5)
        assert not a.reaches("10.55.0.12", 23, 0.5)
    a, b = (
        views.port(n, ip, "n1-subnet", rules=[*views.EGRESS_ALL, *rules])
        for n, ip, rules in (
            ("a", "10.55.0.11", []),
            ("b", "10.55.0.12", [views.tcp_in(22, ["10.55.0.8/29"])]),
        )
    )
    assert not driver.apply(views.host([views.network("n1", ports=[a, b])])).errors


def test_remote_block_admits_its_members(driver, guest):
    a, b = pair(driver, guest, rules=[views.tcp_in(22, ["10.55.0.8/29", "10.55.0.10"])])
    with b.serving(22):
        assert a.reaches("10.55.0.12", 22)


def test_icmp_type_and_code(driver, guest):
    request = RuleView(direction="ingress", ethertype="IPv4", protocol="icmp", port_range_min=8)
    a, b = pair(driver, guest, rules=[request])
    assert ping(a, b"\x08", "10.55.0.12")
    assert not ping(b, b"\x08", "10.55.0.11", 0.7)


@pytest.mark.parametrize("what", ["ip", "mac", "arp"])
def test_spoofed_source_is_dropped(driver, guest, what):
    a, b = pair(driver, guest, rules=[*views.EGRESS_ALL, views.tcp_in(22)])
    with b.serving(22):
        assert a.reaches("10.55.0.12", 22)
        if what == "mac":
            a.sh("ip link set eth0 address fa:16:3e:00:00:99")
        else:
            a.sh(
                "ip addr add 10.55.0.77/24 dev eth0; ip addr del 10.55.0.11/24 dev eth0;"
                "ip addr add 10.55.0.77/24 dev eth0 || true"
            )
        if what == "ip":  # with the neighbours known, no ARP is needed
            a.sh(f"ip neigh replace 10.55.0.12 lladdr {b.mac} dev eth0")
            b.sh(f"ip neigh replace 10.55.0.77 lladdr {a.mac} dev eth0")
        assert not a.reaches("10.55.0.12", 22, 0.7)
    if what == "arp":
        assert "10.55.0.77" not in b.sh("ip neigh")


def test_allowed_address_pairs(driver, guest):
    rules = [*views.EGRESS_ALL, views.tcp_in(22)]
    mac = views.mac_of("b")
    pairs = [
        AddressPair(ip_address="10.55.0.200", mac_address=mac),
        AddressPair(ip_address="10.55.0.64/28", mac_address=mac),
    ]
    a, b = pair(driver, guest, rules=rules, allowed_address_pairs=pairs)
    b.sh("for i in 200 70 99; do ip addr add 10.55.0.$i/24 dev eth0; done")
    with b.serving(22):
        assert a.reaches("10.55.0.200", 22)
        assert a.reaches("10.55.0.70", 22)
        assert not a.reaches("10.55.0.99", 22, 0.7)


def test_port_without_security_is_unfiltered(driver, guest):
    a, b = pair(driver, guest, rules=[], port_security=False)
    b.sh("ip addr add 10.55.0.99/24 dev eth0; ip link set eth0 address fa:16:3e:00:00:77")
    with b.serving(4444):
        assert a.reaches("10.55.0.99", 4444)


def test_port_that_is_down_passes_nothing(driver, guest):
    a, b = pair(driver, guest, rules=[*views.EGRESS_ALL, views.tcp_in(22)], admin_state_up=False)
    with b.serving(22):
        assert not a.reaches("10.55.0.12", 22, 0.7)
    assert "10.55.0.12 dev eth0 lladdr" not in a.sh("ip neigh")


def test_guest_may_not_answer_dhcp(driver, guest):
    a, b = pair(driver, guest, rules=[*views.EGRESS_ALL, views.tcp_in(22)])

    def heard(source_port: int) -> bool:
        def sock(port: int) -> socket.socket:
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            made.bind(("0.0.0.0", port))
            made.settimeout(0.5)
            return made

        client = namespaces.run_in(b.name, lambda: sock(68))
        server = namespaces.run_in(a.name, lambda: sock(source_port))
        with client, server:
            server.sendto(b"offer", ("10.55.0.12", 68))
            try:
                return client.recv(10) == b"offer"
            except TimeoutError:
                return False

    assert not heard(67)


def test_rule_change_ends_what_it_forbids_and_keeps_the_rest(driver, guest):
    both = [*views.EGRESS_ALL, views.tcp_in(22), views.tcp_in(23)]
    anything = [*views.EGRESS_ALL, RuleView(direction="ingress", ethertype="IPv4")]
    pa = views.port("a", "10.55.0.11", "n1-subnet", rules=anything)

    def apply(rules):
        pb = views.port("b", "10.55.0.12", "n1-subnet", rules=rules)
        assert not driver.apply(views.host([views.network("n1", ports=[pa, pb])])).errors
        return pb

    pb = apply(both)
    a, b = guest(pa, "10.55.0.11/24"), guest(pb, "10.55.0.12/24")
    late = namespaces.run_in(b.name, lambda: socket.create_server(("0.0.0.0", 23)))
    with b.serving(22), late:
        kept, ended = a.connect("10.55.0.12", 22), a.connect("10.55.0.12", 23)
        other_end = late.accept()[0]
        with kept, ended, other_end:
            apply([*both, views.tcp_in(80)])
            assert echo(kept)
            other_end.sendall(b"once")
            assert ended.recv(10) == b"once"
            apply([*views.EGRESS_ALL, views.tcp_in(22)])
            assert echo(kept)
            ended.settimeout(1)
            if driver.name == "ovn":  # the next packet of the client ends it
                ended.sendall(b"last")
                assert echo(kept)
            # the guest may open connections of its own, but this one was not
            other_end.sendall(b"more")
            with pytest.raises(TimeoutError):
                ended.recv(10)


def test_equal_cidr_and_equal_addresses_stay_apart(driver, guest):
    """Same addresses, same ports, at the same time: conntrack must keep two worlds."""
    rules = [*views.EGRESS_ALL, views.tcp_in(22)]
    ports = {
        (net, side): views.port(
            f"{net}-{side}",
            f"10.55.0.{number}",
            f"{net}-subnet",
            rules=rules if side == "b" and net == "n1" else views.EGRESS_ALL,
        )
        for net in ("n1", "n2")
        for side, number in (("a", 11), ("b", 12))
    }
    nets = [views.network(n, ports=[ports[n, "a"], ports[n, "b"]]) for n in ("n1", "n2")]
    assert not driver.apply(views.host(nets)).errors
    made = {key: guest(one, f"{one.fixed_ips[0].ip_address}/24") for key, one in ports.items()}

    def dial(net: str, source_port: int, seconds: float = PATIENCE):
        return namespaces.run_in(
            made[net, "a"].name,
            lambda: socket.create_connection(
                ("10.55.0.12", 22), seconds, source_address=("0.0.0.0", source_port)
            ),
        )

    with made["n1", "b"].serving(22) as first, made["n2", "b"].serving(22) as second:
        with dial("n1", 40001) as sock:
            assert echo(sock)
            # the very same five-tuple on the other network is not "established" there
            with pytest.raises(OSError):
                dial("n2", 40001, 0.7)
            assert echo(sock)
        assert len(first) == 1
        assert second == []


def test_host_is_no_neighbour_of_tenants(driver, guest):
    """A guest must not reach the machine's own services over its bridge."""
    a, _ = pair(driver, guest)
    subprocess.run(["ip", "addr", "add", "10.99.0.1/32", "dev", "lo"], check=True)
    a.sh("ip route add 10.99.0.1/32 dev eth0")
    with socket.create_server(("10.99.0.1", 8080)):
        assert not a.reaches("10.99.0.1", 8080, 0.7)


def test_foreign_translation_does_not_touch_tenants(driver, guest):
    """A container runtime on the same host masquerades the very range a tenant uses."""
    a, b = pair(driver, guest, rules=[*views.EGRESS_ALL, views.tcp_in(22)])
    foreign = """table ip foreign {
      chain out { type nat hook postrouting priority 100;
        ip saddr 10.55.0.0/24 oifname != "docker0" masquerade
      }
      chain in { type nat hook prerouting priority -100;
        ip daddr 10.55.0.12 tcp dport 22 dnat to 10.55.0.99
      }
    }"""
    subprocess.run(["nft", "-f", "-"], input=foreign, text=True, check=True)
    with b.serving(22) as clients:
        assert a.reaches("10.55.0.12", 22)
    assert clients == ["10.55.0.11"]
