"""Values that no row can have: refused where the real service refuses them.

Recorded from release 2026.2 with the value ``x`` for every filter of every list. Where a filter is
not named here, ``x`` is a value like others that nothing has.
"""

from __future__ import annotations

import pytest

from stratolith.network.api import agents, availability_zones
from stratolith.network.service import SERVICE

from .conftest import Net

BOOLEANS = {
    "admin_state_up", "alive", "belongs_to_default_sg", "enable_dhcp", "enabled", "excluded",
    "is_default",
    "router:external", "shared", "stateful", "used_in_default_sg", "used_in_non_default_sg",
}  # fmt: skip
_OF_RULES = {
    "ethertype": "Security group rule for ethertype 'x' not supported.",
    "protocol": "Security group rule protocol x not supported.",
    "remote_ip_prefix": "Invalid CIDR x given as IP prefix.",
    "port_range_min": "Invalid value for port x",
    "port_range_max": "Invalid value for port x",
}
REFUSED: dict[str, dict[str, str]] = {
    "networks": {
        "mtu": "'x' is not an integer.",
        "provider:segmentation_id": "'x' is not an integer.",
    },
    "subnets": {"cidr": "x is not in a CIDR format.", "ip_version": "'x' is not an integer."},
    "ports": {"fixed_ips": "'x'"},
    "security-group-rules": _OF_RULES,
    "default-security-group-rules": _OF_RULES,
    "subnetpools": {
        "default_prefixlen": "'x' is not an integer.",
        "min_prefixlen": "'x' is not an integer.",
        "max_prefixlen": "'x' is not an integer.",
    },
    "address-scopes": {"ip_version": "'x' is not an integer."},
    "rbac-policies": {"object_type": "'x' is not a valid RBAC object type."},
}
# Filters of extensions that the recorded service did not have
EXTENSIONS = {"changed_since": "Invalid time 'x'", "port_security_enabled": "'x'"}
LISTS = {
    **{
        route.path[1:]: sorted(route.listing.filters)
        for route in SERVICE.routes
        if route.listing is not None and "{" not in route.path  # those have stories of their own
    },
    "agents": [*agents.TEXTS, *agents.FLAGS],
    "availability_zones": list(availability_zones.ATTRIBUTES),
}


@pytest.mark.parametrize("collection", sorted(LISTS))
def test_a_value_of_the_wrong_kind(collection: str, boss: Net) -> None:
    refused = {**dict.fromkeys(BOOLEANS, "'x'"), **EXTENSIONS, **REFUSED.get(collection, {})}
    for name in LISTS[collection]:
        status = 400 if name in refused else 200
        answer = boss.get(f"/{collection}?{name}=x", status)
        if status == 400:
            assert refused[name] in answer["message"], name
            # one wrong value among right ones as well
            boss.get(f"/{collection}?{name}=x&{name}=x", 400)


@pytest.mark.parametrize(
    "query",
    [
        "networks?mtu=99999999999999999999",
        "networks?mtu=%205",
        "networks?mtu=-1",
        "networks?revision_number=99999999999999999999",
        "subnets?cidr=10.0.0.1",
        "subnets?ip_version=5",
        "security-group-rules?protocol=255",
        "security-group-rules?remote_ip_prefix=10.0.0.1",
        "rbac-policies?object_type=qos_policy",
    ],
)
def test_values_that_only_match_nothing(query: str, boss: Net) -> None:
    (rows,) = boss.get(f"/{query}").values()
    assert rows == []


@pytest.mark.parametrize(
    "query",
    [
        "networks?mtu=1.5",
        "networks?mtu=1500&mtu=x",
        "subnets?cidr=10/8",
        "security-group-rules?protocol=256",
        "security-group-rules?protocol=-1",
        "security-group-rules?port_range_min=65536",
        "routers?status=ACTIVE",
        "availability_zones?nope=1",
        "agents?limit=abc",
        "agents?limit=",
        "agents?limit=-1",
        "agents?sort_key=nope",
        "agents?sort_key=nope&sort_dir=asc",
        "agents?sort_key=host&sort_dir=x",
        "networks?limit=",
        "networks?limit=-1",
    ],
)
def test_what_is_refused(query: str, boss: Net) -> None:
    boss.get(f"/{query}", 400)


def test_other_spellings_of_values(net: Net) -> None:
    group = net.post("/security-groups", "security_group", name="g")["id"]
    for prefix, protocol in (("10.0.0.5", "tcp"), (None, None)):
        values = {"remote_ip_prefix": prefix, "protocol": protocol}
        named = {"security_group_id": group, "direction": "ingress", "ethertype": "IPv4"}
        net.post("/security-group-rules", "security_group_rule", **named, **values)
    here = f"/security-group-rules?security_group_id={group}&direction=ingress"
    for query, count in (
        ("ethertype=ipv4", 2),
        ("protocol=TCP", 1),
        ("protocol=any", 1),
        ("remote_ip_prefix=10.0.0.5", 1),
        ("remote_ip_prefix=10.0.0.5/32", 1),
    ):
        assert len(net.get(f"{here}&{query}")["security_group_rules"]) == count, query
    subnet = net.subnet(net.network(), "fd00:0:0::/64")
    found = net.get("/subnets?cidr=FD00:0::/64")["subnets"]
    assert [one["id"] for one in found] == [subnet["id"]]


def test_a_limit_of_any_size(boss: Net) -> None:
    everything = boss.get("/networks")["networks"]
    assert boss.get("/networks?limit=99999999999999999999")["networks"] == everything
    assert boss.get("/networks?limit=" + "9" * 5000)["networks"] == everything
    assert boss.get("/networks?limit=" + "0" * 20 + "1")["networks"] == everything[:1]


def test_agents_come_in_the_order_asked_for(boss: Net) -> None:
    shown = boss.get("/agents?sort_key=binary&sort_dir=desc&fields=binary")["agents"]
    assert shown == sorted(shown, key=lambda one: str(one["binary"]), reverse=True)
