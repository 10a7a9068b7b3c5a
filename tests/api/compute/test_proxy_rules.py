"""A route of compute that stands for one of the network API is no weaker than that one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import Client

from .conftest import World, error_of

GROUP = {"security_group": {"name": "mine-now", "description": "taken"}}
RULE = {
    "parent_group_id": "{group}",
    "ip_protocol": "tcp",
    "from_port": 22,
    "to_port": 22,
    "cidr": "0.0.0.0/0",
}

# what compute is asked, and what the network API is asked for the same
ASKED: list[tuple[str, str, Any, str, str, Any]] = [
    ("GET", "/os-security-groups/{group}", None, "GET", "/security-groups/{group}", None),
    ("PUT", "/os-security-groups/{group}", GROUP, "PUT", "/security-groups/{group}", GROUP),
    ("DELETE", "/os-security-groups/{group}", None, "DELETE", "/security-groups/{group}", None),
    (
        "POST",
        "/os-security-group-rules",
        {"security_group_rule": RULE},
        "POST",
        "/security-group-rules",
        {"security_group_rule": {"security_group_id": "{group}", "direction": "ingress"}},
    ),
    (
        "DELETE",
        "/os-security-group-rules/{rule}",
        None,
        "DELETE",
        "/security-group-rules/{rule}",
        None,
    ),
    ("GET", "/os-floating-ips/{floating}", None, "GET", "/floatingips/{floating}", None),
    ("DELETE", "/os-floating-ips/{floating}", None, "DELETE", "/floatingips/{floating}", None),
    ("GET", "/os-networks/{network}", None, "GET", "/networks/{network}", None),
    ("GET", "/os-networks/{hidden}", None, "GET", "/networks/{hidden}", None),
]


def filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return value.format(**names)
    if isinstance(value, dict):
        return {key: filled(one, names) for key, one in value.items()}
    return value


@pytest.fixture
def stranger(world: World) -> Client:
    return world.person("stranger", "member", "other")


@pytest.fixture
def names(world: World) -> dict[str, str]:
    """Ids of things of demo's project."""
    post = world.demo.post
    group = post("network", "/security-groups", json={"security_group": {"name": "lent"}}).json()
    rule = {"security_group_id": group["security_group"]["id"], "direction": "ingress"}
    made = post("network", "/security-group-rules", json={"security_group_rule": rule}).json()
    floating = post("compute", "/os-floating-ips", json={}).json()["floating_ip"]
    hidden = post("network", "/networks", json={"network": {"name": "hidden"}}).json()
    return {
        "group": rule["security_group_id"],
        "rule": made["security_group_rule"]["id"],
        "floating": floating["id"],
        "address": floating["ip"],
        "network": world.network,
        "hidden": hidden["network"]["id"],
    }


def lend(world: World, names: dict[str, str], project: str = "*") -> None:
    body = {
        "object_type": "security_group",
        "object_id": names["group"],
        "action": "access_as_shared",
        "target_tenant": project,
    }
    answer = world.admin.post("network", "/rbac-policies", json={"rbac_policy": body})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("shared", [False, True])
def test_compute_answers_as_the_network_api(
    world: World, stranger: Client, names: dict[str, str], shared: bool
) -> None:
    """For a stranger and for a reader of the project, with and without a lent group."""
    if shared:
        lend(world, names)
    reader = world.person("onlooker", "reader", "demo")
    before = world.demo.get("network", f"/security-groups/{names['group']}").json()
    for client in (stranger, reader):
        for method, path, body, real_method, real_path, real_body in ASKED:
            real = client.request(
                real_method, "network", filled(real_path, names), json=filled(real_body, names)
            )
            ours = client.request(method, "compute", filled(path, names), json=filled(body, names))
            assert (ours.status_code < 300) == (real.status_code < 300), f"{method} {path}"
            assert real.status_code < 300 or ours.status_code in (403, 404), ours.text
            assert method == "GET" or ours.status_code >= 300, f"{method} {path}: {ours.text}"
    assert world.demo.get("network", f"/security-groups/{names['group']}").json() == before
    assert world.demo.get("network", f"/floatingips/{names['floating']}").status_code == 200


def test_acts_of_servers_reach_no_foreign_rows(
    world: World, stranger: Client, names: dict[str, str]
) -> None:
    server = world.create("theirs", client=stranger, networks="none")
    for action, value in (
        ("addSecurityGroup", {"name": names["group"]}),
        ("removeSecurityGroup", {"name": names["group"]}),
        ("addSecurityGroup", {"name": "lent"}),
        ("addFloatingIp", {"address": names["address"]}),
        ("removeFloatingIp", {"address": names["address"]}),
        ("addFixedIp", {"networkId": names["hidden"]}),
    ):
        answer = world.act(server, action, value, client=stranger)
        assert answer.status_code in (400, 403, 404), f"{action}: {answer.text}"


def test_an_address_of_a_lent_network_is_chosen_by_its_owner(
    world: World, stranger: Client
) -> None:
    """The network API's rule create_port:fixed_ips:ip_address holds for servers too."""
    body = {
        "object_type": "network",
        "object_id": world.network,
        "action": "access_as_shared",
        "target_tenant": "*",
    }
    assert (
        world.admin.post("network", "/rbac-policies", json={"rbac_policy": body}).status_code == 201
    )
    chosen = {"uuid": world.network, "fixed_ip": "10.0.0.77"}
    port = {"network_id": world.network, "fixed_ips": [{"ip_address": "10.0.0.77"}]}
    assert stranger.post("network", "/ports", json={"port": port}).status_code == 403
    assert world.post("x", client=stranger, networks=[chosen]).status_code == 403
    server = world.create("theirs", client=stranger)
    attach = {"net_id": world.network, "fixed_ips": [{"ip_address": "10.0.0.77"}]}
    path = f"/servers/{server}/os-interface"
    answer = stranger.post("compute", path, json={"interfaceAttachment": attach})
    assert answer.status_code == 403, answer.text
    assert world.post("x", networks=[chosen]).status_code == 202


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cidr": "not-a-cidr"}, "cidr"),
        ({"cidr": "10.0.0.0/33"}, "10.0.0.0/33"),
        ({"cidr": "10.0.0.0"}, "cidr"),
        ({"cidr": "fe80::%x/64"}, "fe80"),
        ({"cidr": "10.0.0.0/0"}, "prefix"),
        ({"cidr": "1" * 64}, "cidr"),
        ({"cidr": 7}, "cidr"),
        ({"ip_protocol": "sctp"}, "sctp"),
        ({"ip_protocol": None}, "ip_protocol"),
        ({"ip_protocol": 6}, "ip_protocol"),
        ({"from_port": "many"}, "from_port"),
        ({"from_port": 23}, "port"),
        ({"from_port": 0}, "port"),
        ({"to_port": 70000}, "port"),
        ({"to_port": None}, "to_port"),
        ({"from_port": True}, "from_port"),
        ({"ip_protocol": "icmp", "from_port": 256}, "ICMP"),
        ({"group_id": "none"}, "uuid"),
        ({"parent_group_id": "none"}, "uuid"),
        ({"parent_group_id": None}, "uuid"),
        ({"group_id": [], "cidr": None}, "group_id"),
    ],
)
def test_rules_that_cannot_be(demo: Client, change: dict[str, Any], said: str) -> None:
    groups = demo.get("compute", "/os-security-groups").json()["security_groups"]
    rule = {**RULE, "parent_group_id": groups[0]["id"], **change}
    body = {"security_group_rule": rule}
    answer = demo.post("compute", "/os-security-group-rules", json=body)
    assert answer.status_code == 400, answer.text
    assert said in error_of(answer)


@pytest.mark.parametrize(
    ("change", "low", "high"),
    [
        ({"cidr": "10.1.0.0%2F16"}, 22, 22),
        ({"cidr": "2001:db8::/32"}, 22, 22),
        ({"cidr": None}, 22, 22),
        ({"from_port": "22", "to_port": "23"}, 22, 23),
        ({"ip_protocol": "ICMP", "from_port": -1, "to_port": -1}, -1, -1),
        ({"ip_protocol": "icmp", "from_port": 8, "to_port": 0}, 8, 0),
        ({"group_id": "own", "from_port": None, "to_port": None}, 1, 65535),
        ({"group_id": "own", "from_port": None, "to_port": None, "ip_protocol": None}, None, None),
    ],
)
def test_rules_that_can(
    demo: Client, change: dict[str, Any], low: int | None, high: int | None
) -> None:
    group = {"security_group": {"name": "fresh", "description": ""}}
    own = demo.post("compute", "/os-security-groups", json=group).json()["security_group"]["id"]
    rule = {**RULE, "parent_group_id": own, **change}
    if "group_id" in rule:
        rule["group_id"] = own
    answer = demo.post("compute", "/os-security-group-rules", json={"security_group_rule": rule})
    assert answer.status_code == 200, answer.text
    made = answer.json()["security_group_rule"]
    assert (made["from_port"], made["to_port"]) == (low, high)
    listed = demo.get("compute", f"/os-security-groups/{own}").json()["security_group"]["rules"]
    assert made in listed
    again = demo.post("compute", "/os-security-group-rules", json={"security_group_rule": rule})
    assert again.status_code == 400 and "exists" in error_of(again)
