"""Whatever text a view has, it becomes no statement of nft, no line of a file, no argument.

Every text of a view, one after the other, is replaced by hostile ones. The API refuses most of
them before; here is what the driver does when it gets them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratolith.network.drivers import base, routing
from stratolith.network.drivers.base import HostNetworkView
from stratolith.network.drivers.linux.plan import build_plan, zone_owners
from stratolith.network.drivers.ovn.northbound import plan as northbound
from stratolith.network.drivers.ovn.northbound.rows import Row
from tests.drivers.network import views, views6

CANARY = "canary7"
# before the canary: what ends a word, a line, a quotation or a statement in one of the formats
BREAKERS = ["\n", "\r", "\0", ",", ";", " ", '"', "'", "}", "#", "$(", "../", "\u2028"]
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
DATA = ("name", "external_ids")  # columns that OVN compares only
Path = tuple[Any, ...]


def full_view() -> HostNetworkView:
    """A view in which every field of a struct has a value somewhere."""
    rules = [
        *views.EGRESS_ALL,
        views.tcp_in(22, ["192.0.2.0/24"]),
        base.RuleView(direction="ingress", ethertype="IPv4", protocol="udp", remote_group="g1"),
        base.RuleView(direction="ingress", ethertype="IPv4", address_group=views.uid("a1")),
    ]
    port = views.port(
        "p1",
        "10.55.0.11",
        "n1-subnet",
        rules=rules,
        rule_counts=[len(rules)],
        groups=[views.uid("g0")],
        extra_dhcp_opts=[("ntp-server", "192.0.2.1"), ("option6:23", "2001:db8::1")],
        allowed_address_pairs=[
            base.AddressPair(ip_address="10.55.0.200/30", mac_address="fa:16:3e:00:00:09")
        ],
        qos_policy="q1",
        local_ips=[
            base.LocalIpView(id=views.uid("lip"), address="10.55.0.100", fixed_ip="10.55.0.11"),
            base.LocalIpView(
                id=views.uid("lip2"),
                address="10.55.0.101",
                fixed_ip="10.55.0.11",
                passthrough=True,
            ),
        ],
        logs=[
            base.LogView(
                id=views.uid("l1"), project_id="", event="ALL", group=views.uid("g0"), port=""
            )
        ],
    )
    routes = [routing.RouteView(destination="198.51.100.0/24", nexthop="10.55.0.9")]
    subnet = {"dns_nameservers": ["192.0.2.53"], "host_routes": routes}
    far = views.uid("far")
    peer = base.TunnelPeerView(
        address="192.0.2.7",
        ports={far: "fa:16:3e:00:00:07"},
        addresses={far: ["10.55.0.77"]},
        servers={far: (views.uid("far server"), views.uid("project"))},
    )
    net = views.network(
        "n1", ports=[port], dhcp=True, subnet=subnet, dns_domain="cloud.example.", peers=[peer]
    )
    net = msgspec.structs.replace(
        net,
        network_type="vxlan",
        segmentation_id=5001,
        moving={"fa:16:3e:00:00:08": ["10.55.0.78"]},
    )
    six = views6.network(
        "n6",
        [views6.subnet("s6", "2001:db8:6::", "dhcpv6-stateful", dns_nameservers=["2001:db8::53"])],
        [views6.port("p6", ("s6", "2001:db8:6::11"))],
    )
    router = views.router(
        "r1",
        [net],
        "172.31.249.10",
        {"172.31.249.20": "10.55.0.11"},
        routes=routes,
        port_forwardings=[
            routing.PortForwardingView(
                id=views.uid("pf"), floating_ip_id=views.uid("f2"), floating_ip="172.31.249.21",
                protocol="tcp", external_ports=(80, 80), fixed_ip="10.55.0.11",
                internal_ports=(8080, 8080), qos_policy="q1",
            )
        ],
        conntrack_helpers=[
            routing.ConntrackHelperView(id=views.uid("h"), protocol="tcp", port=21, helper="ftp")
        ],
        enable_ndp_proxy=True,
        ndp_proxies=[routing.NdpProxyView(id=views.uid("np"), ip_address="2001:db8:6::11")],
        meters=[
            routing.MeterView(
                label=views.uid("m"),
                rules=[routing.MeterRuleView(direction="ingress", source="10.55.0.0/24")],
            )
        ],
    )  # fmt: skip
    advertised = routing.AdvertisedView(
        subnet_id=views.uid("s6"), cidr="2001:db8:6::/64", mode="slaac",
        dns_nameservers=["2001:db8::53"],
    )  # fmt: skip
    inside = msgspec.structs.replace(
        router.interfaces[0], scope_v4=views.uid("v4"), scope_v6=views.uid("v6"),
        advertised=[advertised],
    )  # fmt: skip
    outside = msgspec.structs.replace(
        inside, port_id=views.uid("gw2"), network_id=views.uid("n2"), bridge="st-second",
        addresses=["172.31.250.10/24"], advertised=[],
    )  # fmt: skip
    further = routing.ExtraGatewayView(port=outside, nexthops=["172.31.250.1"])
    there = routing.FloatingIpView(
        id=views.uid("f3"), floating_ip="172.31.250.20", fixed_ip="10.55.0.12",
        network_id=outside.network_id,
    )  # fmt: skip
    router = msgspec.structs.replace(
        router, interfaces=[inside], extra_gateways=[further],
        floating_ips=[*router.floating_ips, there],
    )  # fmt: skip
    elected = msgspec.structs.replace(
        inside, port_id=views.uid("e"), addresses=["169.254.192.1/18"], advertised=[]
    )
    election = routing.ElectionView(port=elected, number=1, priority=50)
    router = msgspec.structs.replace(router, election=election)
    sub_port = views.port("p2", "10.55.0.12", "n1-subnet", parent=views.uid("p6"), tag=7)
    net = msgspec.structs.replace(net, ports=[*net.ports, sub_port])
    whole = views.host([net, six], [router], external=True)
    return msgspec.structs.replace(
        whole,
        tunnel_address="192.0.2.1",
        southbound=base.SouthboundView(port=6642, admitted="digest"),
        groups={"g1": {views.uid("far"): ["10.55.0.77"]}},
        qos={"q1": [base.QosRuleView(type="bandwidth_limit", direction="egress", amount=1000)]},
        address_groups={views.uid("a1"): ["192.0.2.128/25"]},
    )


VIEW = full_view()
AS_DATA = msgspec.to_builtins(VIEW)


def texts_of(data: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all texts in nested lists and dictionaries."""
    if isinstance(data, str):
        yield path
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from texts_of(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from texts_of(value, (*path, index))


def changed(path: Path, text: str) -> HostNetworkView:
    data = msgspec.json.decode(msgspec.json.encode(AS_DATA))
    inside = data
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = text
    return msgspec.convert(data, HostNetworkView)


def linux_output(view: HostNetworkView) -> list[str]:
    """Everything that goes to nft, files, command lines and the kernel."""
    zones = {owner: 20001 + index for index, owner in enumerate(zone_owners(view))}
    made = build_plan(view, zones, "strato", True)
    return list(leaves(msgspec.structs.replace(made, broken={})))


def ovn_rows(view: HostNetworkView) -> list[Row]:
    named, groups = northbound.groups_of(view)
    return northbound.whole(named, groups, northbound.Placement(default=("h1",))).rows


def leaves(value: Any) -> Iterator[str]:
    """All texts in a value, also the keys of dictionaries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from leaves(getattr(value, name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(key)
            yield from leaves(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from leaves(inner)


def name_of(path: Path) -> str:
    return ".".join(str(step) for step in path if not (isinstance(step, str) and len(step) > 30))


PATHS = list(texts_of(AS_DATA))
ODD = [
    "", "::", "::/0", "0.0.0.0/0", "0.0.0.0", "255.255.255.255", "10.55.0.0/33", "fe80::%eth0",
    "-1", "0", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "10.55.0.11/24", "2001:db8::1",
    "169.254.169.254",
    "fe80::a9fe:a9fe", "224.0.0.1", "ingress", "IPv6", "icmp", "255", "256", "." * 64, "a" * 300,
]  # fmt: skip


def test_the_view_has_every_field() -> None:
    """A new field of a view must be in this test."""
    seen = {step for path in PATHS for step in path if isinstance(step, str)}
    structs = [kind for kind in vars(base).values() if isinstance(kind, type)]
    structs = [kind for kind in structs if issubclass(kind, msgspec.Struct)]
    fields = {
        field.name
        for kind in structs
        if kind.__name__.endswith("View")
        for field in msgspec.structs.fields(kind)
        if field.type is str or field.type == list[str]
    }
    assert fields - seen == set()


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_linux(path: Path) -> None:
    for breaker in BREAKERS:
        hostile = f"x{breaker}{CANARY}"
        for text in linux_output(changed(path, hostile)):
            check(path, breaker, hostile, text)


def check(path: Path, breaker: str, hostile: str, text: str) -> None:
    """A text that is nothing but the hostile one is data, such as the id of an object.

    The values of DHCP options are the guest's own: a line of the file may have them as text.
    """
    if "extra_dhcp_opts" in path and CANARY in text:
        for line in text.splitlines():
            assert CANARY not in line or line.startswith(f"tag:port-{views.uid('p1')},")
        assert ord(min(breaker)) >= 32
        return
    assert f"{breaker}{CANARY}" not in text or text == hostile


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_ovn(path: Path) -> None:
    """Columns that OVN parses; quoted words of its expressions are JSON strings."""
    for breaker in BREAKERS:
        for row in ovn_rows(changed(path, f"x{breaker}{CANARY}")):
            parsed = {name: row.columns[name] for name in row.columns if name not in DATA}
            for text in leaves(parsed):
                check(path, breaker, f"x{breaker}{CANARY}", QUOTED.sub("", text))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PATHS), st.one_of(st.sampled_from(ODD), st.text(max_size=40)))
def test_any_text_leaves_the_rest_as_it_was(path: Path, text: str) -> None:
    """Compiling never fails as a whole, and no text adds a line to a script or file."""
    if path[0] in ("generation", "host"):
        return
    lines = max(line_count(VIEW), line_count(changed(path, "x")))
    assert line_count(changed(path, text)) <= lines + 4
    assert ovn_rows(changed(path, text))


def line_count(view: HostNetworkView) -> int:
    return sum(text.count("\n") for text in linux_output(view))
