"""QoS policies and their rules over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stratolith.kernel import plugins
from tests.people import person
from tests.plugins import install_broken
from tests.testcloud import TestCloud

from .conftest import Net

NOWHERE = "0e0e0e0e-0000-4000-8000-000000000000"
TYPES: dict[str, dict[str, Any]] = {
    "bandwidth_limit": {"max_kbps": 1000, "max_burst_kbps": 800, "direction": "egress"},
    "dscp_marking": {"dscp_mark": 10},
    "minimum_bandwidth": {"min_kbps": 10, "direction": "egress"},
    "minimum_packet_rate": {"min_kpps": 1, "direction": "any"},
    "packet_rate_limit": {"max_kpps": 2, "max_burst_kpps": 0, "direction": "ingress"},
}
ALIASED = [name for name in TYPES if name != "packet_rate_limit"]


def policy(net: Net, **values: Any) -> Any:
    return net.post("/qos/policies", "policy", **{"name": "q", **values})


def below(made: Any, kind: str) -> str:
    return f"/qos/policies/{made['id']}/{kind}_rules"


def rule(net: Net, made: Any, kind: str, status: int = 201, **values: Any) -> Any:
    return net.post(below(made, kind), f"{kind}_rule", status, **values)


@pytest.fixture
def manager(cloud: TestCloud) -> Net:
    return Net(person(cloud, "maud", "manager", "demo"))


def test_a_policy_from_first_to_last(boss: Net) -> None:
    made = policy(boss, description="about")
    assert made["rules"] == [] and made["revision_number"] == 0
    assert (made["shared"], made["is_default"]) == (False, False)
    assert made["project_id"] == made["tenant_id"]
    path = f"/qos/policies/{made['id']}"
    assert boss.get(path)["policy"] == made
    changed = boss.put(path, "policy", name="new", description="d")
    assert (changed["name"], changed["description"]) == ("new", "d")
    assert changed["revision_number"] == 1
    boss.delete(path)
    assert boss.get(path, 404)["type"] == "QosPolicyNotFound"


@pytest.mark.parametrize("kind", TYPES)
def test_rules_of_each_type(boss: Net, kind: str) -> None:
    made = policy(boss)
    created = rule(boss, made, kind, **TYPES[kind])
    assert created == {**TYPES[kind], "id": created["id"]}
    path = f"{below(made, kind)}/{created['id']}"
    assert boss.get(path)[f"{kind}_rule"] == created
    assert boss.get(below(made, kind))[f"{kind}_rules"] == [created]
    (shown,) = boss.get(f"/qos/policies/{made['id']}")["policy"]["rules"]
    assert shown == {**created, "type": kind, "qos_policy_id": made["id"]}
    again = rule(boss, made, kind, 409, **TYPES[kind])
    assert again["type"] == "QoSRulesConflict" and created["id"] in again["message"]
    name = next(iter(TYPES[kind]))
    assert boss.put(path, f"{kind}_rule", **{name: 20})[name] == 20
    boss.delete(path)
    assert boss.get(path, 404)["type"] == "QosRuleNotFound"
    assert boss.get(f"/qos/policies/{made['id']}")["policy"]["revision_number"] == 3


@pytest.mark.parametrize("kind", ALIASED)
@pytest.mark.parametrize("dashed", [True, False])
def test_rules_by_their_id_alone(boss: Net, kind: str, dashed: bool) -> None:
    made = policy(boss)
    created = rule(boss, made, kind, **TYPES[kind])
    words = kind.replace("_", "-")
    base = f"/qos/alias-{words}-rules" if dashed else f"/qos/alias_{kind}_rules"
    path, name = f"{base}/{created['id']}", f"alias_{kind}_rule"
    assert boss.get(path)[name] == created
    changed = next(iter(TYPES[kind]))
    assert boss.put(path, name, **{changed: 20})[changed] == 20
    boss.delete(path)
    assert boss.get(path, 404)["type"] == "QosRuleNotFound"


def test_several_rules_in_one_request(boss: Net) -> None:
    made = policy(boss)
    both = [{"max_kbps": 5, "direction": way} for way in ("egress", "ingress")]
    body = {"bandwidth_limit_rules": both}
    answer = boss.raw("POST", below(made, "bandwidth_limit"), 201, body)
    assert [one["direction"] for one in answer["bandwidth_limit_rules"]] == ["egress", "ingress"]


@pytest.mark.parametrize(
    ("kind", "values", "type_", "words"),
    [
        ("bandwidth_limit", {"max_kbps": -1}, "HTTPBadRequest", "at least '0'"),
        ("bandwidth_limit", {"max_kbps": 2**31}, "HTTPBadRequest", "no larger than"),
        ("bandwidth_limit", {"max_kbps": "abc"}, "InvalidInput", "'abc' is not an integer"),
        ("bandwidth_limit", {"max_kbps": None}, "InvalidInput", "is not an integer"),
        ("bandwidth_limit", {"max_kbps": [1]}, "InvalidInput", "is not an integer"),
        ("bandwidth_limit", {}, "HTTPBadRequest", "Required attribute 'max_kbps'"),
        ("bandwidth_limit", {"max_kbps": 1, "direction": "any"}, "HTTPBadRequest", "valid_values"),
        ("bandwidth_limit", {"max_kbps": 1, "direction": {}}, "HTTPBadRequest", "valid_values"),
        ("bandwidth_limit", {"max_kbps": 1, "foo": 1}, "HTTPBadRequest", "Unrecognized"),
        ("bandwidth_limit", {"max_kbps": 1, "id": NOWHERE}, "HTTPBadRequest", "not allowed"),
        ("dscp_marking", {"dscp_mark": 11}, "HTTPBadRequest", "11 is not in valid_values"),
        ("packet_rate_limit", {"max_kpps": "x"}, "InvalidInput", "not an integer"),
        ("minimum_packet_rate", {"min_kpps": -5}, "HTTPBadRequest", "too small"),
    ],
)
def test_values_that_are_refused(
    boss: Net, kind: str, values: dict[str, Any], type_: str, words: str
) -> None:
    error = rule(boss, policy(boss), kind, 400, **values)
    assert error["type"] == type_ and words in error["message"]


def test_rules_that_contradict_each_other(boss: Net) -> None:
    made = policy(boss)
    limit = rule(boss, made, "bandwidth_limit", max_kbps=1000)
    error = rule(boss, made, "minimum_bandwidth", 409, min_kbps=2000)
    assert error["type"] == "QoSRuleParameterConflict" and "value 2000" in error["message"]
    rule(boss, made, "minimum_bandwidth", min_kbps=500)
    path = f"{below(made, 'bandwidth_limit')}/{limit['id']}"
    error = boss.put(path, "bandwidth_limit_rule", 409, max_kbps=400)
    assert error["type"] == "QoSRuleParameterConflict"
    rule(boss, made, "minimum_packet_rate", min_kpps=1, direction="any")
    error = rule(boss, made, "minimum_packet_rate", 409, min_kpps=1, direction="egress")
    assert error["type"] == "QoSRuleParameterConflict" and "value any" in error["message"]
    other = rule(boss, made, "bandwidth_limit", max_kbps=1000, direction="ingress")
    path = f"{below(made, 'bandwidth_limit')}/{other['id']}"
    error = boss.put(path, "bandwidth_limit_rule", 409, direction="egress")
    assert error["type"] == "QoSRulesConflict"


def test_a_rule_belongs_to_one_policy_and_type(boss: Net) -> None:
    made, other = policy(boss), policy(boss)
    created = rule(boss, made, "bandwidth_limit", max_kbps=1)
    for path in (below(other, "bandwidth_limit"), below(made, "dscp_marking")):
        assert boss.get(f"{path}/{created['id']}", 404)["type"] == "QosRuleNotFound"
    boss.get(f"/qos/alias_dscp_marking_rules/{created['id']}", 404)
    for kind in TYPES:
        nowhere = f"/qos/policies/{NOWHERE}/{kind}_rules"
        assert boss.get(nowhere, 404)["type"] == "QosPolicyNotFound"
        error = boss.post(nowhere, f"{kind}_rule", 404, **TYPES[kind])
        assert error["type"] == "QosPolicyNotFound"


def test_lists_of_rules(boss: Net) -> None:
    made, path = policy(boss), ""
    one = rule(boss, made, "bandwidth_limit", max_kbps=2, max_burst_kbps=7)
    two = rule(boss, made, "bandwidth_limit", max_kbps=1, direction="ingress")
    rule(boss, policy(boss), "bandwidth_limit", max_kbps=2)
    path = below(made, "bandwidth_limit")

    def listed(query: str) -> list[str]:
        return [found["id"] for found in boss.get(f"{path}?{query}")["bandwidth_limit_rules"]]

    assert listed("max_kbps=2") == listed("max_burst_kbps=7") == [one["id"]]
    assert listed(f"id={two['id']}") == [two["id"]]
    assert listed("sort_key=max_kbps&sort_dir=asc") == [two["id"], one["id"]]
    assert listed("sort_key=max_burst_kbps&sort_dir=desc&limit=1") == [one["id"]]
    first = sorted([one["id"], two["id"]])
    assert listed(f"limit=1&marker={first[0]}") == [first[1]]
    assert boss.get(f"{path}?fields=direction")["bandwidth_limit_rules"][0].keys() == {"direction"}
    assert boss.get(f"{path}?max_kbps=x", 400)["type"] == "InvalidInput"
    for name in ("direction", "tenant_id", "type"):
        assert "invalid attribute for filtering" in boss.get(f"{path}?{name}=y", 400)["message"]
    for name in ("direction", "type"):
        error = boss.get(f"{path}?sort_key={name}&sort_dir=asc", 400)
        assert "invalid attribute for sort_keys" in error["message"]


@pytest.mark.parametrize("kind", ["minimum_bandwidth", "packet_rate_limit", "minimum_packet_rate"])
def test_lists_of_rules_by_direction(boss: Net, kind: str) -> None:
    made, amount = policy(boss), next(iter(TYPES[kind]))
    ids = [
        rule(boss, made, kind, **{amount: 5}, direction=way)["id"] for way in ("ingress", "egress")
    ]

    def listed(query: str) -> list[str]:
        return [found["id"] for found in boss.get(f"{below(made, kind)}?{query}")[f"{kind}_rules"]]

    assert listed("direction=ingress") == ids[:1]
    assert listed("sort_key=direction&sort_dir=desc") == ids
    assert sorted(listed(f"{amount}=5")) == sorted(ids)


def test_lists_of_policies(boss: Net) -> None:
    plain = policy(boss, name="b", description="about")
    open_ = policy(boss, name="a", shared=True)
    usual = policy(boss, name="c", is_default=True)
    boss.client.request("PUT", "network", f"/qos/policies/{plain['id']}/tags/red")

    def listed(query: str) -> set[str]:
        return {found["name"] for found in boss.get(f"/qos/policies?{query}")["policies"]}

    assert listed("shared=true") == {"a"} and listed("shared=false") == {"b", "c"}
    assert listed("is_default=true") == {"c"} and listed("name=b") == {"b"}
    assert listed("description=about") == listed("tags=red") == {"b"}
    assert listed(f"id={open_['id']}") == {"a"}
    assert listed(f"project_id={usual['project_id']}") == {"a", "b", "c"}
    assert listed("revision_number=1") == {"b"}  # tags count
    ordered = boss.get("/qos/policies?sort_key=name&sort_dir=desc&fields=name")["policies"]
    assert [one["name"] for one in ordered] == ["c", "b", "a"]
    for name in ("created_at", "is_default", "shared", "description"):
        error = boss.get(f"/qos/policies?sort_key={name}&sort_dir=asc", 400)
        assert "invalid attribute for sort_keys" in error["message"]
    assert "for filtering" in boss.get("/qos/policies?rules=x", 400)["message"]
    assert boss.get(f"/qos/policies/{plain['id']}/tags")["tags"] == ["red"]


def test_one_default_policy_is_applied_to_new_networks(boss: Net) -> None:
    made = policy(boss, is_default=True)
    assert policy_error(boss, 409, is_default=True)["type"] == "QoSPolicyDefaultAlreadyExists"
    other = policy(boss)
    path = f"/qos/policies/{other['id']}"
    assert boss.put(path, "policy", 409, is_default=True)["type"] == "QoSPolicyDefaultAlreadyExists"
    network = boss.network(name="n")
    assert network["qos_policy_id"] == made["id"]
    assert boss.network(qos_policy_id=other["id"])["qos_policy_id"] == other["id"]
    error = boss.delete(f"/qos/policies/{made['id']}", 409)
    assert error["type"] == "QosPolicyInUse" and f"network {network['id']}" in error["message"]
    boss.put(f"/qos/policies/{made['id']}", "policy", is_default=False)
    assert boss.network(name="m")["qos_policy_id"] is None
    boss.put(path, "policy", is_default=True)
    boss.put(f"/networks/{network['id']}", "network", qos_policy_id=None)
    boss.delete(f"/qos/policies/{made['id']}")


def policy_error(net: Net, status: int, **values: Any) -> Any:
    return net.post("/qos/policies", "policy", status, **values)


def test_types_of_rules(boss: Net, net: Net) -> None:
    def names(query: str = "") -> list[str]:
        return [one["type"] for one in net.get(f"/qos/rule-types{query}")["rule_types"]]

    assert names() == names("?all_supported=true") == sorted(TYPES)
    assert names("?all_rules=true") == sorted(TYPES)
    assert "for filtering" in net.get("/qos/rule-types?type=x", 400)["message"]
    shown = boss.get("/qos/rule-types/bandwidth_limit")["rule_type"]
    (driver,) = shown["drivers"]
    parameters = {one["parameter_name"]: one for one in driver["supported_parameters"]}
    assert parameters.keys() == {"max_kbps", "max_burst_kbps", "direction"}
    assert parameters["max_kbps"]["parameter_values"] == {"start": 0, "end": 2147483647}
    assert parameters["direction"]["parameter_type"] == "choices"
    (driver,) = boss.get("/qos/rule_types/minimum_packet_rate")["rule_type"]["drivers"]
    assert [one["parameter_name"] for one in driver["supported_parameters"]] == [
        "min_kpps",
        "direction",
    ]
    assert net.get("/qos/rule-types/dscp_marking", 403)["type"] == "NotAuthorized"
    boss.get("/qos/rule-types/nothing", 404)


# -- who may do what ---------------------------------------------------------------------------


def test_managers_make_policies_and_members_use_them(net: Net, manager: Net) -> None:
    error = policy_error(net, 403, name="q")
    assert error["message"] == "rule:create_policy is disallowed by policy"
    made = policy(manager)
    path = f"/qos/policies/{made['id']}"
    created = rule(manager, made, "bandwidth_limit", max_kbps=1)
    assert net.get(path)["policy"]["rules"]
    assert net.get(below(made, "bandwidth_limit"))["bandwidth_limit_rules"] == [created]
    net.put(path, "policy", 403, name="x")
    net.delete(path, 403)
    rule(net, made, "dscp_marking", 403, dscp_mark=10)
    item = f"{below(made, 'bandwidth_limit')}/{created['id']}"
    net.put(item, "bandwidth_limit_rule", 403, max_kbps=2)
    net.delete(item, 403)
    net.put(
        f"/qos/alias_bandwidth_limit_rules/{created['id']}",
        "alias_bandwidth_limit_rule", 403, max_kbps=2,
    )  # fmt: skip
    assert net.network(qos_policy_id=made["id"])["qos_policy_id"] == made["id"]


def test_policies_of_others(boss: Net, manager: Net) -> None:
    hidden, shared = policy(boss), policy(boss, shared=True)
    created = rule(boss, shared, "bandwidth_limit", max_kbps=1)
    path = f"/qos/policies/{hidden['id']}"
    assert manager.get(path, 404)["type"] == "QosPolicyNotFound"
    manager.get(below(hidden, "bandwidth_limit"), 404)
    rule(manager, hidden, "bandwidth_limit", 404, max_kbps=1)
    listed = manager.get("/qos/policies")["policies"]
    assert [one["id"] for one in listed] == [shared["id"]] and listed[0]["shared"]
    assert manager.get(f"/qos/policies/{shared['id']}")["policy"]["rules"]
    assert manager.get(below(shared, "bandwidth_limit"))["bandwidth_limit_rules"] == []
    item = f"{below(shared, 'bandwidth_limit')}/{created['id']}"
    manager.get(item, 403)
    manager.put(item, "bandwidth_limit_rule", 403, max_kbps=2)
    manager.delete(item, 403)
    rule(manager, shared, "dscp_marking", 403, dscp_mark=10)
    manager.put(f"/qos/policies/{shared['id']}", "policy", 403, name="x")
    manager.delete(f"/qos/policies/{shared['id']}", 403)
    for path in ("/networks", "/ports"):
        network = manager.network()
        values = {"network_id": network["id"]} if path == "/ports" else {}
        error = manager.post(path, path[1:-1], 404, qos_policy_id=hidden["id"], **values)
        assert error["type"] == "QosPolicyNotFound"


def test_sharing_with_one_project(boss: Net, manager: Net) -> None:
    made = policy(boss)
    project = manager.network()["project_id"]
    values = {"object_type": "qos_policy", "object_id": made["id"], "target_tenant": project}
    wrong = boss.post("/rbac-policies", "rbac_policy", 400, action="access_as_external", **values)
    assert wrong["type"] == "InvalidInput"
    grant = boss.post("/rbac-policies", "rbac_policy", action="access_as_shared", **values)
    assert boss.get("/rbac-policies?object_type=qos_policy")["rbac_policies"] == [grant]
    assert manager.get(f"/qos/policies/{made['id']}")["policy"]["shared"]
    listed = manager.get("/qos/policies?shared=true")["policies"]
    assert [one["id"] for one in listed] == [made["id"]]
    network = manager.network(qos_policy_id=made["id"])
    path = f"/rbac-policies/{grant['id']}"
    assert boss.delete(path, 409)["type"] == "RbacPolicyInUse"
    manager.delete(f"/networks/{network['id']}")
    boss.delete(path)
    manager.get(f"/qos/policies/{made['id']}", 404)


def test_unsharing_what_others_use(boss: Net, net: Net) -> None:
    made = policy(boss, shared=True)
    (grant,) = boss.get(f"/rbac-policies?object_id={made['id']}")["rbac_policies"]
    assert grant["target_tenant"] == "*"
    network = net.network(qos_policy_id=made["id"])
    path = f"/qos/policies/{made['id']}"
    assert boss.put(path, "policy", 409, shared=False)["type"] == "RbacPolicyInUse"
    assert boss.delete(f"/rbac-policies/{grant['id']}", 409)["type"] == "RbacPolicyInUse"
    net.put(f"/networks/{network['id']}", "network", qos_policy_id=None)
    assert not boss.put(path, "policy", shared=False)["shared"]
    assert boss.get(f"/rbac-policies?object_id={made['id']}")["rbac_policies"] == []
    assert boss.put(path, "policy", shared=True)["shared"]
    (grant,) = boss.get(f"/rbac-policies?object_id={made['id']}")["rbac_policies"]
    boss.delete(f"/rbac-policies/{grant['id']}")
    assert not boss.get(path)["policy"]["shared"]


# -- what has a policy --------------------------------------------------------------------------


def test_ports_have_their_own_and_their_networks_policy(boss: Net) -> None:
    own, common = policy(boss), policy(boss)
    network = boss.network(qos_policy_id=common["id"])
    port = boss.port(network, qos_policy_id=own["id"])
    assert (port["qos_policy_id"], port["qos_network_policy_id"]) == (own["id"], common["id"])
    assert boss.get(f"/ports/{port['id']}")["port"]["qos_network_policy_id"] == common["id"]
    (listed,) = boss.get(f"/ports?network_id={network['id']}")["ports"]
    assert listed == port
    error = boss.delete(f"/qos/policies/{own['id']}", 409)
    assert error["message"] == f"QoS Policy {own['id']} is used by port {port['id']}."
    changed = boss.put(f"/ports/{port['id']}", "port", qos_policy_id=None)
    assert changed["qos_policy_id"] is None
    boss.delete(f"/qos/policies/{own['id']}")
    path = f"/ports/{port['id']}"
    assert boss.put(path, "port", 404, qos_policy_id=own["id"])["type"] == "QosPolicyNotFound"
    assert boss.put(path, "port", 400, qos_policy_id="x")["type"] == "HTTPBadRequest"
    boss.put(path, "port", 400, qos_network_policy_id=common["id"])
    for collection in ("ports", "networks"):
        error = boss.get(f"/{collection}?qos_policy_id={own['id']}", 400)
        assert "invalid attribute for filtering" in error["message"]


def test_a_policy_that_an_administrator_set_stays(boss: Net, net: Net) -> None:
    hidden, shared = policy(boss), policy(boss, shared=True)
    network = net.network()
    port = net.port(network)
    for path, name in ((f"/networks/{network['id']}", "network"), (f"/ports/{port['id']}", "port")):
        boss.put(path, name, qos_policy_id=hidden["id"])
        for wanted in (None, shared["id"]):
            error = net.put(path, name, 403, qos_policy_id=wanted)
            assert error["type"] == "PolicyRemoveAuthorizationError"
        boss.put(path, name, qos_policy_id=shared["id"])
        net.put(path, name, qos_policy_id=None)


def test_rules_that_no_driver_enforces_limit_nothing_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a driver of a package, of which nothing is known."""
    site, group = tmp_path / "site", plugins.NETWORKS
    install_broken(site, group, "other", "broken_one:make", "def make(*_): return None")
    monkeypatch.syspath_prepend(str(site))
    plugins.forget()
    try:
        cloud = TestCloud(tmp_path / "other", cloud={"fake": False}, network={"driver": "other"})
        try:
            _refuse_rules(Net(cloud.client("admin")))
        finally:
            cloud.close()
    finally:
        plugins.forget()


def _refuse_rules(boss: Net) -> None:
    shown = boss.get("/qos/rule-types/minimum_bandwidth")["rule_type"]
    assert shown["drivers"] == [] and boss.get("/qos/rule-types")["rule_types"] == []
    promise = policy(boss)
    rule(boss, promise, "minimum_bandwidth", min_kbps=10)
    network = boss.network()
    values = {"network_id": network["id"], "qos_policy_id": promise["id"]}
    error = boss.post("/ports", "port", 409, **values)
    assert error["type"] == "QosRuleNotSupported" and "minimum_bandwidth" in error["message"]
    assert boss.get(f"/ports?network_id={network['id']}")["ports"] == []
    path = f"/networks/{network['id']}"
    error = boss.put(path, "network", 409, qos_policy_id=promise["id"])
    assert error["type"] == "QosRuleNotSupportedByNetwork"
    used = policy(boss)
    port = boss.port(network, qos_policy_id=used["id"])
    error = rule(boss, used, "minimum_packet_rate", 409, min_kpps=1)
    assert error["type"] == "QosRuleNotSupported" and port["id"] in error["message"]
    boss.put(path, "network", qos_policy_id=used["id"])
    boss.put(f"/ports/{port['id']}", "port", qos_policy_id=None)
    rule(boss, used, "minimum_bandwidth", 409, min_kbps=1)


def test_what_ports_need_of_a_host_is_shown_to_administrators(
    boss: Net, net: Net, manager: Net
) -> None:
    own, common = policy(manager), policy(manager)
    rule(manager, own, "minimum_bandwidth", min_kbps=10)
    rule(manager, own, "minimum_bandwidth", min_kbps=20, direction="ingress")
    rule(manager, common, "minimum_packet_rate", min_kpps=3, direction="ingress")
    network = net.network(qos_policy_id=common["id"])
    with_own, without = net.port(network, qos_policy_id=own["id"]), net.port(network)
    assert "resource_request" not in with_own and "binding:profile" not in with_own
    assert "resource_request" not in net.get(f"/ports/{with_own['id']}")["port"]
    path = f"/ports?network_id={network['id']}&fields=id&fields=resource_request"
    shown = {one["id"]: one["resource_request"] for one in boss.get(path)["ports"]}
    (group,) = shown[with_own["id"]]["request_groups"]
    assert group["resources"] == {
        "NET_BW_EGR_KILOBIT_PER_SEC": 10,
        "NET_BW_IGR_KILOBIT_PER_SEC": 20,
    }
    (other,) = shown[without["id"]]["request_groups"]
    assert other["resources"] == {"NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC": 3}
    assert group["id"] != other["id"] and shown[without["id"]]["same_subtree"] == [other["id"]]
    net.put(f"/ports/{with_own['id']}", "port", qos_policy_id=None)
    net.put(f"/networks/{network['id']}", "network", qos_policy_id=None)
    assert boss.get(f"/ports/{with_own['id']}")["port"]["resource_request"] is None
    made = boss.port(network, qos_policy_id=own["id"], **{"binding:vnic_type": "direct"})
    (group,) = made["resource_request"]["request_groups"]
    assert group["required"][1] == "CUSTOM_VNIC_TYPE_DIRECT"
    boss.put(f"/ports/{made['id']}", "port", 400, resource_request={})


def test_floating_ips_with_a_policy(boss: Net, net: Net) -> None:
    hidden, shared = policy(boss), policy(boss, shared=True)
    public = net.public()["id"]
    values = {"floating_network_id": public}
    error = net.post("/floatingips", "floatingip", 404, qos_policy_id=hidden["id"], **values)
    assert error["type"] == "QosPolicyNotFound"
    made = net.post("/floatingips", "floatingip", qos_policy_id=shared["id"], **values)
    assert made["qos_policy_id"] == shared["id"]
    path = f"/floatingips/{made['id']}"
    net.put(path, "floatingip", 404, qos_policy_id=hidden["id"])
    error = boss.delete(f"/qos/policies/{shared['id']}", 409)
    assert error["message"].endswith(f"is used by fip {made['id']}.")
    assert net.put(path, "floatingip", qos_policy_id=None)["qos_policy_id"] is None
    assert net.get(path)["floatingip"]["qos_policy_id"] is None
    boss.delete(f"/qos/policies/{shared['id']}")


def test_gateways_with_a_policy(boss: Net, net: Net) -> None:
    hidden, shared = policy(boss), policy(boss, shared=True)
    public = net.public()["id"]

    def info(**values: Any) -> Any:
        return {"external_gateway_info": {"network_id": public, **values}}

    error = net.post("/routers", "router", 404, **info(qos_policy_id=hidden["id"]))
    assert error["type"] == "QosPolicyNotFound"
    router = net.post("/routers", "router", **info())
    path = f"/routers/{router['id']}"
    changed = net.put(path, "router", **info(qos_policy_id=shared["id"]))
    assert changed["external_gateway_info"]["qos_policy_id"] == shared["id"]
    kept = net.put(path, "router", **info())
    assert kept["external_gateway_info"]["qos_policy_id"] == shared["id"]
    error = boss.delete(f"/qos/policies/{shared['id']}", 409)
    assert error["message"].endswith(f"is used by router {router['id']}.")
    assert net.put(path, "router", 400, **info(qos_policy_id="x"))["type"] == "HTTPBadRequest"
    boss.put(path, "router", **info(qos_policy_id=hidden["id"]))
    assert net.put(path, "router", 404, **info(qos_policy_id=None))["type"] == "QosPolicyNotFound"
    boss.put(path, "router", **info(qos_policy_id=shared["id"]))
    net.put(path, "router", external_gateway_info={})
    boss.delete(f"/qos/policies/{shared['id']}")
