"""What new security groups get: rules of templates, statefulness."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Net

NOWHERE = "0e0e0e0e-0000-4000-8000-000000000000"
RULES = "/default-security-group-rules"
SETTINGS = "/security-groups-default-statefulness"
SETTING = "security_groups_default_statefulness"


def template(boss: Net, status: int = 201, **values: Any) -> Any:
    uses = {"used_in_default_sg": False, "used_in_non_default_sg": True}
    body = {"direction": "ingress", **uses, **values}
    return boss.post(RULES, "default_security_group_rule", status, **body)


def group(net: Net, **values: Any) -> Any:
    return net.post("/security-groups", "security_group", name="g", **values)


def test_four_templates_are_there_from_the_beginning(net: Net) -> None:
    shown = net.get(RULES)["default_security_group_rules"]
    assert sorted(
        (one["direction"], one["ethertype"], one["remote_group_id"], one["used_in_non_default_sg"])
        for one in shown
    ) == [
        ("egress", "IPv4", None, True),
        ("egress", "IPv6", None, True),
        ("ingress", "IPv4", "PARENT", False),
        ("ingress", "IPv6", "PARENT", False),
    ]
    assert all(one["used_in_default_sg"] for one in shown)


def test_new_groups_get_what_the_administrator_set(net: Net, boss: Net) -> None:
    (egress,) = net.get(f"{RULES}?direction=egress&ethertype=IPv6")["default_security_group_rules"]
    boss.delete(f"{RULES}/{egress['id']}")
    own = template(boss, remote_group_id="PARENT", protocol="udp", description="own")
    ssh = template(boss, protocol="tcp", port_range_min=22, port_range_max=22)
    template(boss, remote_group_id=NOWHERE, protocol="icmp")  # that group does not exist
    template(boss, remote_address_group_id=NOWHERE, protocol="icmp")
    made = group(net)
    rules = made["security_group_rules"]
    assert sorted((r["direction"], r["protocol"] or "", r["remote_group_id"]) for r in rules) == [
        ("egress", "", None),
        ("ingress", "tcp", None),
        ("ingress", "udp", made["id"]),
    ]
    assert all(not r["description"] and not r["belongs_to_default_sg"] for r in rules)
    boss.delete(f"{RULES}/{ssh['id']}")
    boss.delete(f"{RULES}/{own['id']}")
    assert len(group(net)["security_group_rules"]) == 1
    assert len(net.get(f"/security-groups/{made['id']}")["security_group"]["security_group_rules"])


def test_templates_that_are_refused(net: Net, boss: Net) -> None:
    made = template(boss, protocol="tcp")
    error = template(boss, 409, protocol="6")
    assert error["type"] == "DefaultSecurityGroupRuleExists" and made["id"] in error["message"]
    # for other groups it is no repetition
    template(boss, protocol="tcp", used_in_default_sg=True, used_in_non_default_sg=False)
    error = template(boss, 400, protocol="tcp", port_range_min=9, port_range_max=1)
    assert error["type"] == "SecurityGroupInvalidPortRange"
    assert template(boss, 400, used_in_default_sg="x")["type"] == "InvalidInput"
    half = {"direction": "ingress", "used_in_default_sg": True}
    error = boss.post(RULES, "default_security_group_rule", 400, **half)
    assert "Required attribute 'used_in_non_default_sg'" in error["message"]
    for method in ("get", "delete"):
        error = getattr(boss, method)(f"{RULES}/{NOWHERE}", 404)
        assert error["type"] == "DefaultSecurityGroupRuleNotFound"
    template(net, 403)
    net.delete(f"{RULES}/{made['id']}", 403)
    assert net.get(f"{RULES}/{made['id']}")["default_security_group_rule"]["protocol"] == "tcp"
    found = net.get(f"{RULES}?used_in_default_sg=false&protocol=TCP&sort_key=protocol&sort_dir=asc")
    assert [one["id"] for one in found["default_security_group_rules"]] == [made["id"]]


def test_quota_counts_the_rules_of_templates(net: Net, boss: Net) -> None:
    project = group(net)["project_id"]
    used = boss.get(f"/quotas/{project}/details")["quota"]["security_group_rule"]["used"]
    boss.put(f"/quotas/{project}", "quota", security_group_rule=used + 2)
    template(boss, protocol="tcp")
    error = net.post("/security-groups", "security_group", 409, name="x")
    assert error["type"] == "OverQuota"


def test_statefulness_of_a_project_and_of_all(net: Net, boss: Net) -> None:
    project = group(net)["project_id"]
    assert group(net)["stateful"] is True
    general = boss.post(SETTINGS, SETTING, stateful=False, project_id=None)
    assert general["project_id"] is None and group(net)["stateful"] is False
    assert group(net, stateful=True)["stateful"] is True
    own = boss.post(SETTINGS, SETTING, stateful=True, project_id=project)
    assert group(net)["stateful"] is True
    for of in (project, None):
        error = boss.post(SETTINGS, SETTING, 409, project_id=of)
        assert error["type"] == "SecurityGroupDefaultStatefulnessAlreadyExists"
    path = f"{SETTINGS}/{own['id']}"
    assert boss.put(path, SETTING, stateful=False)["stateful"] is False
    assert group(net)["stateful"] is False
    # the project sees its own
    assert [one["id"] for one in net.get(SETTINGS)[SETTING]] == [own["id"]]
    net.get(f"{SETTINGS}/{general['id']}", 404)
    found = boss.get(f"{SETTINGS}?stateful=false&sort_key=stateful&sort_dir=asc")[SETTING]
    assert len(found) == 2
    boss.delete(path)
    boss.delete(f"{SETTINGS}/{general['id']}")
    assert group(net)["stateful"] is True
    assert boss.get(path, 404)["type"] == "SecurityGroupDefaultStatefulnessNotFound"


def test_members_may_not_set_it(net: Net) -> None:
    net.post(SETTINGS, SETTING, 403, stateful=False)
    error = net.post(SETTINGS, SETTING, 400, stateful=False, project_id=None)
    assert "requires admin privileges" in error["message"]


def test_a_group_becomes_stateless_only_while_no_port_is_in_it(net: Net) -> None:
    made, other = group(net), group(net)
    path = f"/security-groups/{made['id']}"
    assert net.put(path, "security_group", stateful=False)["stateful"] is False
    network = net.network(name="n")
    net.subnet(network)
    port = net.port(network, security_groups=[made["id"]])
    error = net.put(path, "security_group", 409, stateful=True)
    assert error["type"] == "SecurityGroupInUse"
    both = [made["id"], other["id"]]
    text = "Cannot apply both stateful and stateless security groups on the same port"
    error = net.put(f"/ports/{port['id']}", "port", 409, security_groups=both)
    assert error["type"] == "SecurityGroupConflict" and text in error["message"]
    values = {"network_id": network["id"], "security_groups": both}
    assert net.post("/ports", "port", 409, **values)["type"] == "SecurityGroupConflict"
    assert net.put(f"/ports/{port['id']}", "port", security_groups=[other["id"]])
    assert net.put(path, "security_group", stateful=True)["stateful"] is True
    error = net.put(path, "security_group", 400, stateful="perhaps")
    assert error["type"] == "InvalidInput"
    assert len(net.get("/security-groups?stateful=false")["security_groups"]) == 0


def test_rules_say_whether_they_are_of_the_default_group(net: Net) -> None:
    group(net)
    (default,) = net.get("/security-groups?name=default")["security_groups"]
    assert all(rule["belongs_to_default_sg"] for rule in default["security_group_rules"])
    for wanted, number in (("true", len(default["security_group_rules"])), ("false", 2)):
        found = net.get(f"/security-group-rules?belongs_to_default_sg={wanted}")
        assert len(found["security_group_rules"]) == number
        assert {str(r["belongs_to_default_sg"]).lower() for r in found["security_group_rules"]} == {
            wanted
        }


@pytest.mark.parametrize("name", ["Default", "DEFAULT"])
def test_the_name_of_default_groups_in_any_case(net: Net, name: str) -> None:
    error = net.post("/security-groups", "security_group", 409, name=name)
    assert error["type"] == "SecurityGroupDefaultAlreadyExists"
