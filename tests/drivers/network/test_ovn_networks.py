"""Networks of the driver ovn, with real packets: leases, and guests that reach each other."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
import time
from collections import Counter

import msgspec
import pytest

from stratolith.network.drivers.base import ConnectionLimits, RuleView
from stratolith.network.drivers.linux.guard import link_local
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.ovn import guard
from stratolith.network.drivers.ovn.northbound import plan
from stratolith.network.drivers.ovn.northbound.matches import GroupsView
from stratolith.network.drivers.ovn.northbound.plan import Placement
from stratolith.network.drivers.routing import RouteView
from tests.drivers.network import dhcp_client, frames, views, views6, vlans
from tests.drivers.network.guests import ping

pytestmark = pytest.mark.root
PING = RuleView(direction="ingress", ethertype="IPv4", protocol="icmp")


def lease(made, mac: str):
    return namespaces.run_in(made.name, lambda: dhcp_client.lease("eth0", mac))


def test_two_guests_get_leases_and_ping(ovn, guest):
    rules = [*views.EGRESS_ALL, PING, views.tcp_in(22)]
    a, b = (
        views.port(name, address, "n1-subnet", rules=rules)
        for name, address in (("a", "10.55.0.11"), ("b", "10.55.0.12"))
    )
    route = RouteView(destination="10.99.0.0/16", nexthop="10.55.0.9")
    subnet = {"dns_nameservers": ["10.55.0.53", "192.0.2.53"], "host_routes": [route]}
    network = views.network(
        "n1", ports=[a, b], dhcp=True, mtu=1400, dns_domain="cloud.test", subnet=subnet
    )
    applied = ovn.apply(views.host([network]))
    assert applied.errors == {}
    assert set(applied.ports) == {a.id, b.id}
    first, second = guest(a), guest(b)
    address, options = lease(first, a.mac)
    assert address == "10.55.0.11"
    assert options[51] == (86400).to_bytes(4, "big")
    assert options[26] == (1400).to_bytes(2, "big")
    assert options[12] == b"a"
    assert options[15] == b"cloud.test"
    assert options[6] == bytes([10, 55, 0, 53, 192, 0, 2, 53])
    assert options[3] == bytes([10, 55, 0, 1])
    assert dhcp_client.static_routes(options[121]) == {
        "169.254.169.254/32": "10.55.0.2",
        "10.99.0.0/16": "10.55.0.9",
        "0.0.0.0/0": "10.55.0.1",
    }
    assert lease(second, b.mac)[0] == "10.55.0.12"
    first.configure("10.55.0.11/24")
    second.configure("10.55.0.12/24")
    assert ping(first, b"\x08", "10.55.0.12")
    with second.serving(22):
        assert first.reaches("10.55.0.12", 22)


def test_groups_whose_rules_name_themselves(ovn, guest):
    """As each project's default one. Their names must not be those that OVN gives to its sets."""
    ports, rules, members = [], {}, {}
    for number, group in enumerate((views.uid("g1"), views.uid("g2"))):
        from_itself = RuleView(
            direction="ingress", ethertype="IPv4", remote_group=group, remote_cidrs=[]
        )
        rules[group] = [*views.EGRESS_ALL, from_itself]
        own = [
            views.port(f"{number}{end}", f"10.55.0.{number + 1}{end}", "n1-subnet", groups=[group])
            for end in (1, 2)
        ]
        members[group] = {port.id: [port.fixed_ips[0].ip_address] for port in own}
        ports += own
        # one group after the other: northd works incrementally
        view = views.host([views.network("n1", ports=list(ports))])
        groups = GroupsView(dict(rules), dict(members))
        ovn.northbound.write(plan.whole(view, groups, Placement()).rows)
        assert ovn.driver.apply(view).errors == {}
        assert ovn.northbound.wait_for_hosts()
    guests = [guest(port, f"{port.fixed_ips[0].ip_address}/24") for port in ports]
    with guests[1].serving(22):
        assert guests[0].reaches("10.55.0.12", 22)
        assert not guests[2].reaches("10.55.0.12", 22, 0.5)


def test_what_cannot_be_is_reported(ovn, guest):
    """By the host, with the reason; the rest of the port and of the view works."""
    option = [("99", "x"), ("bootfile-name", "b")]
    a = views.port("a", "10.55.0.11", "n1-subnet", extra_dhcp_opts=option)
    n1 = views.network("n1", ports=[a], dhcp=True)
    b = views.port("b", "10.56.0.11", "n2-subnet")
    n2 = views.network("n2", cidr="10.56.0.0/24", ports=[b])
    n2 = msgspec.structs.replace(n2, network_type="vlan", physical_network="p", uplink="")
    applied = ovn.apply(views.host([n1, n2]))
    assert applied.errors.keys() == {a.id, n2.id}
    assert "'99'" in applied.errors[a.id]
    assert (applied.networks, applied.ports) == ([n1.id], [a.id])
    assert lease(guest(a), a.mac)[1][67].rstrip(b"\0") == b"b"


def test_advertisements_of_guests_stay_out(ovn, guest, monkeypatch):
    """Also of sub-ports, and after the controller connected again, which removes all flows."""
    monkeypatch.setattr(guard, "LOOK_SECONDS", 0.3)
    a, b = (views6.port(name, ("s1", f"2001:db8:1::{name}")) for name in "ab")
    sub = views6.port("s", ("s2", "2001:db8:2::a"), parent=a.id, tag=5)
    c = views6.port("c", ("s2", "2001:db8:2::c"))
    networks = [views6.network("n1", [], [a, b]), views6.network("n2", [], [sub, c])]
    assert not ovn.apply(views.host(networks)).errors
    bad, good = guest(a), guest(b)
    guest(c)  # a tap without a guest gets no frame
    message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0x0BADCAFE, 0x5EED5EED)
    plain = frames.ip6(a.mac, link_local(a.mac), 58, message)
    tagged = frames.tagged(frames.ip6(sub.mac, link_local(sub.mac), 58, message), (0x8100, 5))

    def pass_by() -> tuple[bool, bool]:
        with vlans.Capture(c.tap) as capture:
            frames.send(bad, tagged)
            return frames.passes(bad, good, plain), capture.sees(message[-8:], 0.2)

    assert pass_by() == (False, False)
    control = f"unix:{ovn.directory.parent}/network/ovs/br-stl-int.mgmt"
    remove = ["ovs-ofctl", "del-flows", control, "cookie=0x53744c/-1"]
    subprocess.run(remove, check=True)
    ovn.wait_for_switch()
    assert pass_by() == (True, True)
    stopping = threading.Event()
    watch = threading.Thread(target=ovn.keep_watch, args=(stopping,))
    watch.start()
    time.sleep(1)
    stopping.set()
    watch.join()
    ovn.wait_for_switch()
    assert pass_by() == (False, False)
    opened = msgspec.structs.replace(a, port_security=False)
    networks[0] = views6.network("n1", [], [opened, b])
    assert not ovn.apply(views.host(networks, generation=2)).errors
    assert pass_by() == (True, False)


def test_a_port_cannot_fill_the_table_of_connections(ovn, guest):
    rules = [*views.EGRESS_ALL, RuleView(direction="ingress", ethertype="IPv4")]
    a, b, c, d = (
        views.port(name, f"10.55.0.{number}", "n1-subnet", rules=rules)
        for number, name in enumerate("abcd", 11)
    )
    view = views.host([views.network("n1", ports=[a, b, c, d])])
    few = ConnectionLimits(port=20, project=1000)
    assert not ovn.apply(msgspec.structs.replace(view, connections=few)).errors
    flooding, _ = guest(a, "10.55.0.11/24"), guest(b, "10.55.0.12/24")
    here, there = guest(c, "10.55.0.13/24"), guest(d, "10.55.0.14/24")
    flooding.sh(f"ip neigh replace 10.55.0.12 lladdr {b.mac} dev eth0")

    def flood() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for number in range(100):
                sock.sendto(b"x", ("10.55.0.12", 1000 + number))

    namespaces.run_in(flooding.name, flood)
    with there.serving(22):
        assert here.reaches("10.55.0.14", 22)
    lines = ovn.ask_switch("dpctl/dump-conntrack").splitlines()
    zones = Counter(
        line.partition("zone=")[2].split(",")[0] for line in lines if "src=10.55.0.11," in line
    )
    assert zones and max(zones.values()) <= 20
    more = ConnectionLimits(port=1000, project=1000)
    assert not ovn.apply(msgspec.structs.replace(view, connections=more, generation=2)).errors
    namespaces.run_in(flooding.name, flood)
    lines = ovn.ask_switch("dpctl/dump-conntrack").splitlines()
    assert len([line for line in lines if "src=10.55.0.11," in line]) > 80
    assert ovn.ask_switch("dpctl/ct-get-limits").count("zone=") == 4
    alone = views.host([views.network("n1", ports=[a])], generation=3)
    assert not ovn.apply(alone).errors
    assert ovn.ask_switch("dpctl/ct-get-limits").count("zone=") == 1
