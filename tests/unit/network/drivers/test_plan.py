"""The plan of a host: pure text and values, nothing of the machine."""

from __future__ import annotations

import msgspec
import pytest

from stratolith.network.drivers.base import DhcpHostView, FixedIpView, SubnetView, TunnelPeerView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.plan import build_plan, zone_owners
from stratolith.network.drivers.linux.tables import changes, text
from stratolith.network.drivers.routing import RouteView
from tests.drivers.network import views


def plan(view, native=False):
    zones = {owner: 20001 + i for i, owner in enumerate(zone_owners(view))}
    return build_plan(view, zones, "strato", native)


def small(**fields):
    one = views.port("p1", "10.55.0.11", "n1-subnet", **fields)
    net = views.network("n1", ports=[one], dhcp=True)
    router = views.router("r1", [net], "172.31.249.10", {"172.31.249.20": "10.55.0.11"})
    return views.host([net], [router], external=True)


def test_objects_of_a_small_cloud():
    made = plan(small())
    assert [bridge.name for bridge in made.bridges] == ["st-ext", f"brq{views.uid('n1')[:11]}"]
    assert made.bridges[0].addresses == ("172.31.249.1/24",)
    assert made.bridges[1].addresses == ()
    assert [space.name.split("-")[0] for space in made.namespaces] == ["qrouter", "qdhcp"]
    assert made.sysctls == (("net/ipv4/ip_forward", "1"),)
    assert made.broken == {}


def test_order_of_the_view_does_not_matter_for_the_rules():
    one = views.port("p1", "10.55.0.11", "n1-subnet", rules=[views.tcp_in(22)])
    two = views.port("p2", "10.55.0.12", "n1-subnet")
    forth = plan(views.host([views.network("n1", ports=[one, two])]))
    back = plan(views.host([views.network("n1", ports=[two, one])]))
    assert forth.ruleset == back.ruleset


def test_ports_with_the_same_rules_share_a_chain():
    ports = [views.port(f"p{i}", f"10.55.0.{i + 10}", "n1-subnet") for i in range(50)]
    made = plan(views.host([views.network("n1", ports=ports)]))
    assert text(made.ruleset).count("chain egress_") == 1
    assert text(made.ruleset).count("chain ingress_") == 1


def group_of_50(rules):
    ports = [
        views.port(f"p{i}", f"10.55.0.{i + 10}", "n1-subnet", groups=["g"], rules=rules)
        for i in range(50)
    ]
    return views.network("n1", ports=ports)


def test_one_rule_more_in_a_group_changes_one_chain():
    for native in (False, True):
        before = plan(views.host([group_of_50([views.tcp_in(22)])]), native)
        after = plan(views.host([group_of_50([views.tcp_in(22), views.tcp_in(23)])]), native)
        script = changes(before.ruleset, after.ruleset)
        assert "dport 23" in script
        assert {line.split()[0] for line in script.splitlines()} == {"flush", "add"}
        assert "element" not in script


def test_ports_of_one_group_with_other_rules_have_their_own_chain():
    """As when one of them is told of a new rule before the others."""
    net = group_of_50([views.tcp_in(22)])
    other = views.port("z", "10.55.0.99", "n1-subnet", groups=["g"], rules=[views.tcp_in(23)])
    made = plan(views.host([msgspec.structs.replace(net, ports=[*net.ports, other])]))
    rules = text(made.ruleset)
    assert rules.count("chain ingress_") == 2
    assert rules.count("dport 22 ") == rules.count("dport 23 ") == 1


def test_tables_are_only_ours_and_replaced_whole():
    for native in (False, True):
        lines = text(plan(small(), native).ruleset).splitlines()
        tables = {line.split(" ", 1)[1].rstrip(" {") for line in lines if line.startswith("table")}
        expected = {"bridge strato", "bridge strato_qos", "bridge strato_owners", "ip strato_nat"}
        expected |= set() if native else {"inet strato"}
        limits = "bridge strato_limits" if native else "inet strato_limits"
        assert tables == expected | {limits}
        deleted = {line.removeprefix("delete table ") for line in lines if "delete" in line}
        assert deleted == expected  # counting must not begin again with every change
        assert f"flush table {limits}" in lines


def test_native_layout_needs_no_marks():
    whole = text(plan(small(), native=True).ruleset)
    filters = whole[whole.index("table bridge strato {") :]
    assert "mark" not in filters
    assert "ct zone set iifname" in whole


def test_external_network_has_no_zone():
    view = small()
    assert zone_owners(view) == [views.uid("n1")]
    assert '"st-ext" : 20001' not in text(plan(view).ruleset)


@pytest.mark.parametrize(
    ("field", "value"),
    [("tap", 'x" drop'), ("mac", "fa:16:3e:00:00"), ("tap", "a" * 16), ("tap", "../x")],
)
def test_bad_port_is_broken_alone(field, value):
    bad = msgspec.structs.replace(views.port("bad", "10.55.0.11", "n1-subnet"), **{field: value})
    good = views.port("good", "10.55.0.12", "n1-subnet")
    made = plan(views.host([views.network("n1", ports=[bad, good])]))
    assert list(made.broken) == [bad.id]
    assert [tap.port_id for tap in made.taps] == [good.id]
    assert value not in text(made.ruleset)


def test_bad_fixed_ip_is_broken():
    bad = views.port("bad", "10.55.0.11", "n1-subnet")
    bad = msgspec.structs.replace(bad, fixed_ips=[FixedIpView(subnet_id="s", ip_address="x")])
    assert bad.id in plan(views.host([views.network("n1", ports=[bad])])).broken


def test_bad_router_address_is_broken_alone():
    net = views.network("n1")
    bad = views.router("r1", [net], routes=[RouteView(destination="x", nexthop="10.0.0.1")])
    made = plan(views.host([net], [bad, views.router("r2", [net])]))
    assert list(made.broken) == [bad.id]
    assert [space.owner for space in made.namespaces] == [views.uid("r2")]


def test_shared_fixed_ip_of_two_floating_ips_leaves_by_one():
    net = views.network("n1")
    floating = {"172.31.249.21": "10.55.0.11", "172.31.249.20": "10.55.0.11"}
    router = views.router("r1", [net], "172.31.249.10", floating)
    made = plan(views.host([net], [router], external=True))
    text = next(space.ruleset for space in made.namespaces)
    assert "172.31.249.20 : 10.55.0.11, 172.31.249.21 : 10.55.0.11" in text
    assert text.count("10.55.0.11 : 172.31.249.20") == 1
    assert "10.55.0.11 : 172.31.249.21" not in text


@pytest.mark.parametrize(
    ("mode", "reserved"),
    [
        ("slaac", ""),
        ("dhcpv6-stateless", ""),
        ("dhcpv6-stateful", "fa:16:3e:00:00:01,tag:dhcpv6,[fd00:1::5],h.openstacklocal\n"),
        (None, "fa:16:3e:00:00:01,tag:dhcpv6,[fd00:1::5],h.openstacklocal\n"),
    ],
)
def test_reservations_of_ipv6_subnets(mode, reserved):
    net = views.network("n1", dhcp=True)
    six = SubnetView(
        id=views.uid("six"), cidr="fd00:1::/64", ip_version=6, gateway_ip="fd00:1::1",
        enable_dhcp=True, dhcp_ip="fd00:1::2", ipv6_address_mode=mode,
    )  # fmt: skip
    host6 = DhcpHostView(
        port_id="p", mac="fa:16:3e:00:00:01", ip_address="fd00:1::5", subnet_id=six.id, hostname="h"
    )
    net = msgspec.structs.replace(net, subnets=[*net.subnets, six], dhcp_hosts=[host6])
    made = plan(views.host([net]))
    assert "fd00:1::2/64" in made.namespaces[0].devices[0].addresses
    assert made.dhcp[0].hosts == reserved
    assert made.broken == {}


def test_hostname_that_is_no_name_is_replaced():
    one = views.port("p1", "10.55.0.11", "n1-subnet")
    one = msgspec.structs.replace(one, hostname="a b,set:x")
    made = plan(views.host([views.network("n1", ports=[one], dhcp=True)]))
    assert "host-10-55-0-11.openstacklocal" in made.dhcp[0].hosts
    assert "set:x" not in made.dhcp[0].hosts


def test_marks_are_stable_and_never_zero():
    few = names.packet_marks(["a", "b"])
    more = names.packet_marks(["a", "b", "c"])
    assert all(more[key] == mark for key, mark in few.items())
    assert 0 not in more.values()
    assert len(set(more.values())) == 3


@pytest.mark.parametrize("kind", ["gre", "geneve"])
def test_tunnels_that_the_driver_does_not_make(kind):
    """Nothing of such a network is made, and the reason says what the driver makes instead."""
    port = views.port("p1", "10.55.0.11", "n1-subnet")
    peer = TunnelPeerView(address="192.0.2.2", ports={"p2": "fa:16:3e:00:00:02"})
    net = msgspec.structs.replace(
        views.network("n1", ports=[port], dhcp=True),
        network_type=kind,
        segmentation_id=7,
        peers=[peer],
    )
    view = msgspec.structs.replace(views.host([net]), tunnel_address="192.0.2.1")
    made = plan(view)
    assert made.broken == {
        net.id: f"the driver linux makes no {kind} networks on this host, "
        "only local, flat, vlan, vxlan"
    }
    empty = plan(msgspec.structs.replace(view, networks=[]))
    assert msgspec.structs.replace(made, broken={}) == empty
