"""Security groups and rules over HTTP."""

from __future__ import annotations

import pytest

from .conftest import Net


def test_the_default_group_of_a_newcomer_admits_ping_and_login(net: Net) -> None:
    (group,) = net.get("/security-groups?name=default")["security_groups"]
    rules = group["security_group_rules"]
    open_to_all = {(r["protocol"], r["port_range_min"]) for r in rules if r["protocol"]}
    assert open_to_all == {("icmp", None), ("tcp", 22)}
    members = [r for r in rules if r["remote_group_id"] == group["id"]]
    assert {r["ethertype"] for r in members} == {"IPv4", "IPv6"}
    assert len([r for r in rules if r["direction"] == "egress"]) == 2


def test_the_default_group_is_one_and_stays(net: Net) -> None:
    (group,) = net.get("/security-groups?name=default")["security_groups"]
    error = net.post("/security-groups", "security_group", 409, name="default")
    assert error["type"] == "SecurityGroupDefaultAlreadyExists"
    path = f"/security-groups/{group['id']}"
    assert net.put(path, "security_group", 409, name="x")["type"]
    assert net.delete(path, 409)["type"] == "SecurityGroupCannotRemoveDefault"


def test_groups_change_and_go(net: Net) -> None:
    made = net.post("/security-groups", "security_group", name="g", description="d")
    assert len(made["security_group_rules"]) == 2
    path = f"/security-groups/{made['id']}"
    assert net.put(path, "security_group", name="h")["name"] == "h"
    net.delete(path)
    assert net.get(path, 404)["type"] == "SecurityGroupNotFound"


@pytest.mark.parametrize(
    ("values", "status", "type_"),
    [
        ({"protocol": "tcp", "port_range_min": 1, "port_range_max": 65535}, 201, ""),
        ({"protocol": "6", "port_range_min": 80, "port_range_max": 80}, 201, ""),
        ({"protocol": 17}, 201, ""),
        ({"protocol": "icmp", "port_range_min": 8, "port_range_max": 0}, 201, ""),
        ({"protocol": "ipv6-icmp", "ethertype": "IPv6"}, 201, ""),
        ({"ethertype": "ipv6", "remote_ip_prefix": "fd00::/8"}, 201, ""),
        ({"remote_ip_prefix": "10.0.0.5"}, 201, ""),
        ({"protocol": "bad"}, 400, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": "256"}, 400, "SecurityGroupRuleInvalidProtocol"),
        ({"ethertype": "IPv5"}, 400, "SecurityGroupRuleInvalidEtherType"),
        ({"direction": "sideways"}, 400, "HTTPBadRequest"),
        ({"port_range_min": 1, "port_range_max": 2}, 400, "SecurityGroupProtocolRequired"),
        ({"protocol": "tcp", "port_range_min": 9, "port_range_max": 1}, 400, "SecurityGroup"),
        ({"protocol": "tcp", "port_range_min": 1}, 400, "SecurityGroupInvalidPortRange"),
        ({"protocol": "tcp", "port_range_min": 80, "port_range_max": 65536}, 400, "Security"),
        ({"protocol": "tcp", "port_range_min": -16, "port_range_max": 80}, 400, "Security"),
        ({"protocol": "icmp", "port_range_min": 256}, 400, "SecurityGroupInvalidIcmpValue"),
        ({"protocol": "icmp", "port_range_max": 3}, 400, "SecurityGroupMissingIcmpType"),
        ({"protocol": "ah", "port_range_min": 1, "port_range_max": 2}, 400, "Security"),
        ({"remote_ip_prefix": "fd00::/8"}, 400, "SecurityGroupRuleParameterConflict"),
        ({"remote_group_id": ""}, 404, "SecurityGroupNotFound"),
        ({"remote_ip_prefix": "10.0.0.0/33"}, 400, "HTTPBadRequest"),
        ({"protocol": "ipv6-icmp", "ethertype": "IPv4"}, 400, "SecurityGroupEthertype"),
        ({"remote_group_id": "nope"}, 404, "SecurityGroupNotFound"),
    ],
)
def test_rules(net: Net, values: dict[str, object], status: int, type_: str) -> None:
    group = net.post("/security-groups", "security_group", name="g")
    body = {"security_group_id": group["id"], "direction": "ingress", **values}
    answer = net.raw("POST", "/security-group-rules", status, {"security_group_rule": body})
    if status >= 400:
        assert answer["type"].startswith(type_)
        return
    rule = answer["security_group_rule"]
    again = net.raw("POST", "/security-group-rules", 409, {"security_group_rule": body})
    assert again["type"] == "SecurityGroupRuleExists" and rule["id"] in again["message"]
    net.delete(f"/security-group-rules/{rule['id']}")
    net.get(f"/security-group-rules/{rule['id']}", 404)


def test_groups_of_others_are_not_there(net: Net, boss: Net) -> None:
    foreign = boss.post("/security-groups", "security_group", name="foreign")
    net.get(f"/security-groups/{foreign['id']}", 404)
    body = {"security_group_id": foreign["id"], "direction": "ingress"}
    net.post("/security-group-rules", "security_group_rule", 404, **body)
    network = net.network()
    net.subnet(network)
    body = {"network_id": network["id"], "security_groups": [foreign["id"]]}
    assert net.post("/ports", "port", 404, **body)["type"] == "SecurityGroupNotFound"
