"""Address groups over HTTP, and the rules that name them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import Client

from .conftest import Net

NOWHERE = "0e0e0e0e-0000-4000-8000-000000000000"


def make(net: Net, *addresses: str, **values: Any) -> Any:
    return net.post("/address-groups", "address_group", addresses=list(addresses), **values)


def act(net: Net, group: Any, verb: str, addresses: Any, status: int = 200) -> Any:
    path = f"/address-groups/{group['id']}/{verb}"
    answer = net.raw("PUT", path, status, {"addresses": addresses})
    return answer if status >= 400 else answer["address_group"]


def rule(net: Net, status: int = 201, **values: Any) -> Any:
    return net.post("/security-group-rules", "security_group_rule", status, **values)


def test_groups_change_and_go(net: Net) -> None:
    made = make(net, "10.1.2.3/8", "fd00::5/128", name="g", description="d")
    assert made["addresses"] == ["10.0.0.0/8", "fd00::5/128"]
    path = f"/address-groups/{made['id']}"
    assert net.put(path, "address_group", name="h", description="")["name"] == "h"
    assert net.get(path)["address_group"]["revision_number"] > made["revision_number"]
    changed = act(net, made, "add_addresses", ["10.3.9.9/16", "10.3.0.0/16", "192.0.2.1"])
    assert changed["addresses"] == ["10.0.0.0/8", "10.3.0.0/16", "192.0.2.1/32", "fd00::5/128"]
    changed = act(net, made, "remove_addresses", ["10.77.1.1/8", "192.0.2.1/32"])
    assert changed["addresses"] == ["10.3.0.0/16", "fd00::5/128"]
    assert act(net, made, "add_addresses", [])["addresses"] == changed["addresses"]
    net.delete(path)
    assert net.get(path, 404)["type"] == "AddressGroupNotFound"


def test_many_at_once(net: Net) -> None:
    body = {"address_groups": [{"name": "a"}, {"name": "b", "addresses": ["1.1.1.1/32"]}]}
    made = net.raw("POST", "/address-groups", 201, body)["address_groups"]
    assert [(one["name"], one["addresses"]) for one in made] == [("a", []), ("b", ["1.1.1.1/32"])]
    assert len(net.get("/address-groups?name=b&description=")["address_groups"]) == 1


TWICE = ["10.0.0.0/8", "10.0.0.0/8"]


@pytest.mark.parametrize(
    "addresses",
    [["x"], ["10.0.0.1"], [5], "10.0.0.0/8", ["10.0.0.0/33"], ["fe80::1%eth0/64"], TWICE],
)
def test_bad_addresses(net: Net, addresses: Any) -> None:
    error = net.post("/address-groups", "address_group", 400, addresses=addresses)
    assert error["type"] == "HTTPBadRequest"
    assert error["message"].startswith("Invalid input for addresses. Reason: ")


@pytest.mark.parametrize(
    ("verb", "addresses", "status", "type_"),
    [
        ("add_addresses", ["10.0.0.0/8"], 400, "AddressesAlreadyExist"),
        ("add_addresses", ["10.9.9.9/8"], 400, "AddressesAlreadyExist"),
        ("remove_addresses", ["10.0.0.0/9"], 404, "AddressesNotFound"),
        ("add_addresses", ["x"], 400, "AddrFormatError"),
        ("add_addresses", [None], 400, "AddrFormatError"),
        ("remove_addresses", [{}], 400, "AddrFormatError"),
        ("add_addresses", None, 400, "HTTPBadRequest"),
        ("add_addresses", "10.0.0.0/8", 400, "HTTPBadRequest"),
    ],
)
def test_bad_changes(net: Net, verb: str, addresses: Any, status: int, type_: str) -> None:
    group = make(net, "10.0.0.0/8")
    assert act(net, group, verb, addresses, status)["type"] == type_
    shown = net.get(f"/address-groups/{group['id']}")["address_group"]
    assert shown["addresses"] == ["10.0.0.0/8"]
    error = net.put(f"/address-groups/{group['id']}", "address_group", 400, addresses=[])
    assert error["message"] == "Cannot update read-only attribute addresses"


def test_rules_name_groups(net: Net) -> None:
    group, of = make(net, "10.0.0.0/8"), net.post("/security-groups", "security_group", name="g")
    values = {"security_group_id": of["id"], "direction": "ingress"}
    made = rule(net, remote_address_group_id=group["id"], **values)
    assert made["remote_address_group_id"] == group["id"] and not made["belongs_to_default_sg"]
    again = rule(net, 409, remote_address_group_id=group["id"], **values)
    assert again["type"] == "SecurityGroupRuleExists"
    both = {"remote_address_group_id": group["id"], "remote_ip_prefix": "10.0.0.0/8"}
    assert rule(net, 400, **values, **both)["type"] == "SecurityGroupMultipleRemoteEntites"
    for unknown in (NOWHERE, "x", ""):
        error = rule(net, 404, remote_address_group_id=unknown, **values)
        assert error["type"] == "AddressGroupNotFound"
    shown = net.get(f"/security-group-rules?remote_address_group_id={group['id']}")
    assert [one["id"] for one in shown["security_group_rules"]] == [made["id"]]
    net.get("/security-group-rules?sort_key=remote_address_group_id&sort_dir=asc")
    error = net.delete(f"/address-groups/{group['id']}", 409)
    assert error["type"] == "AddressGroupInUse"
    net.delete(f"/security-group-rules/{made['id']}")
    net.delete(f"/address-groups/{group['id']}")


def test_other_projects_need_a_policy(net: Net, boss: Net) -> None:
    """A shared group is seen and named by rules, never changed."""
    group = make(boss, "10.0.0.0/8", name="shared")
    path = f"/address-groups/{group['id']}"
    of = net.post("/security-groups", "security_group", name="g")
    values = {"security_group_id": of["id"], "direction": "ingress"}
    assert net.get(path, 404)["type"] == "AddressGroupNotFound"
    assert net.get("/address-groups?name=shared")["address_groups"] == []
    error = rule(net, 404, remote_address_group_id=group["id"], **values)
    assert error["type"] == "AddressGroupNotFound"
    policy = {"object_type": "address_group", "object_id": group["id"], "target_tenant": "*"}
    wrong = boss.post("/rbac-policies", "rbac_policy", 400, action="access_as_external", **policy)
    assert "access_as_external" in wrong["message"]
    shared = boss.post("/rbac-policies", "rbac_policy", action="access_as_shared", **policy)
    assert net.get(path)["address_group"]["addresses"] == ["10.0.0.0/8"]
    assert len(net.get("/address-groups?name=shared")["address_groups"]) == 1
    made = rule(net, remote_address_group_id=group["id"], **values)
    for verb in ("add_addresses", "remove_addresses"):
        act(net, group, verb, ["10.0.0.0/8"], 403)
    net.put(path, "address_group", 403, name="mine")
    net.delete(path, 403)
    error = boss.delete(f"/rbac-policies/{shared['id']}", 409)
    assert error["type"] == "RbacPolicyInUse"
    net.delete(f"/security-group-rules/{made['id']}")
    boss.delete(f"/rbac-policies/{shared['id']}")
    net.get(path, 404)


def test_a_reader_may_only_look(net: Net, demo: Client) -> None:
    group = make(net, "10.0.0.0/8")
    assert [one["id"] for one in net.get(f"/address-groups?id={group['id']}")["address_groups"]]
    wrong = net.get("/address-groups?addresses=10.0.0.0/8", 400)
    assert wrong["message"] == "['addresses'] is invalid attribute for filtering"
