"""Networks over HTTP."""

from __future__ import annotations

from stratolith.kernel.context import Context
from stratolith.network.managers import address_scopes, placement, visibility
from stratolith.network.managers.routing import zones
from tests.testcloud import TestCloud, statements

from .conftest import Net


def test_create_show_update_delete(net: Net) -> None:
    made = net.network(name="one", description="first")
    assert made["mtu"] == 1450 and made["status"] == "ACTIVE" and made["shared"] is False
    assert "provider:network_type" not in made
    assert net.get(f"/networks/{made['id']}")["network"] == made
    changed = net.put(f"/networks/{made['id']}", "network", name="two", admin_state_up=False)
    assert changed["name"] == "two" and changed["admin_state_up"] is False
    assert changed["revision_number"] > made["revision_number"]
    net.delete(f"/networks/{made['id']}")
    error = net.get(f"/networks/{made['id']}", 404)
    assert error["type"] == "NetworkNotFound"
    assert error["message"] == f"Network {made['id']} could not be found."


def test_the_answer_to_a_create_is_what_is_shown_afterwards(net: Net, boss: Net) -> None:
    vlan = {"provider:network_type": "vlan", "provider:physical_network": "physnet1"}
    several = [{**vlan, "provider:segmentation_id": number} for number in (301, 302)]
    for values in (
        {},
        {"shared": True, "tags": ["b", "a"]},
        {"router:external": True},
        {"router:external": True, "is_default": False, "shared": True},
        {"segments": several},
        {"mtu": 1400, "dns_domain": "example.org."},
    ):
        made = boss.network(**values)
        assert boss.get(f"/networks/{made['id']}")["network"] == made
    made = net.network(tags=["mine"])
    assert net.get(f"/networks/{made['id']}")["network"] == made


def test_a_network_costs_few_statements(cloud: TestCloud, net: Net) -> None:
    net.network()
    sent = statements(cloud.env, net.network)
    assert len(sent) == 8  # limit, usage, ranges, a number, the policy; two rows; tags


def test_bulk_is_all_or_nothing(net: Net) -> None:
    body = {"networks": [{"name": "a"}, {"name": "b"}]}
    found = net.raw("POST", "/networks", 201, body)["networks"]
    assert [one["name"] for one in found] == ["a", "b"]
    net.raw("POST", "/networks", 400, {"networks": [{"name": "c"}, {"name": 5}]})
    assert net.get("/networks?name=c")["networks"] == []


def test_administrators_see_and_choose_segments(net: Net, boss: Net) -> None:
    made = net.network(name="one")
    seen = boss.get(f"/networks/{made['id']}")["network"]
    assert seen["provider:network_type"] == "vxlan"
    assert seen["provider:segmentation_id"] >= 5000
    again = {"provider:network_type": "vxlan"}
    again["provider:segmentation_id"] = seen["provider:segmentation_id"]
    error = boss.post("/networks", "network", 409, **again)
    assert error["type"] == "TunnelIdInUse"
    error = net.post("/networks", "network", 403, **again)
    assert error["type"] == "PolicyNotAuthorized"
    flat = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
    assert boss.post("/networks", "network", 409, **flat)["type"] == "FlatNetworkInUse"
    flat["provider:physical_network"] = "nowhere"
    assert boss.post("/networks", "network", 400, **flat)["type"] == "InvalidInput"


def test_only_administrators_share(net: Net, boss: Net) -> None:
    assert net.post("/networks", "network", 403, shared=True)["type"] == "PolicyNotAuthorized"
    shared = boss.network(name="for all", shared=True)
    assert net.get(f"/networks/{shared['id']}")["network"]["shared"] is True
    net.put(f"/networks/{shared['id']}", "network", 403, name="mine now")
    boss.subnet(shared, "10.7.0.0/24")
    port = net.port(shared)
    error = boss.put(f"/networks/{shared['id']}", "network", 409, shared=False)
    assert error["type"] == "InvalidSharedSetting"
    net.delete(f"/ports/{port['id']}")
    boss.put(f"/networks/{shared['id']}", "network", shared=False)
    net.get(f"/networks/{shared['id']}", 404)


def test_a_private_network_is_not_there_for_others(net: Net, boss: Net) -> None:
    hidden = boss.network(name="hidden")
    net.get(f"/networks/{hidden['id']}", 404)
    net.delete(f"/networks/{hidden['id']}", 404)
    assert net.get("/networks?name=hidden")["networks"] == []


def test_a_policy_shares_with_one_project(net: Net, boss: Net) -> None:
    hidden = boss.network(name="hidden")
    boss.subnet(hidden, "10.8.0.0/24")
    mine = net.network()["project_id"]
    policy = boss.post(
        "/rbac-policies",
        "rbac_policy",
        object_type="network",
        object_id=hidden["id"],
        target_tenant=mine,
        action="access_as_shared",
    )
    assert net.get(f"/networks/{hidden['id']}")["network"]["shared"] is True
    port = net.port(hidden)
    error = boss.delete(f"/rbac-policies/{policy['id']}", 409)
    assert error["type"] == "RbacPolicyInUse"
    net.delete(f"/ports/{port['id']}")
    boss.delete(f"/rbac-policies/{policy['id']}")
    net.get(f"/networks/{hidden['id']}", 404)


def test_a_network_opened_as_external_is_listed_and_shown(net: Net, boss: Net) -> None:
    hidden = boss.network(name="outside")
    shown = [one["id"] for one in net.get("/networks")["networks"]]
    assert hidden["id"] not in shown
    boss.post(
        "/rbac-policies",
        "rbac_policy",
        object_type="network",
        object_id=hidden["id"],
        target_tenant=net.network()["project_id"],
        action="access_as_external",
    )
    shown = [one["id"] for one in net.get("/networks")["networks"]]
    assert hidden["id"] in shown
    assert net.get(f"/networks/{hidden['id']}")["network"]["shared"] is False


def test_a_network_in_use_stays(net: Net) -> None:
    made = net.network()
    net.subnet(made)
    port = net.port(made)
    error = net.delete(f"/networks/{made['id']}", 409)
    assert error["type"] == "NetworkInUse" and port["id"] in error["message"]
    net.delete(f"/ports/{port['id']}")
    net.delete(f"/networks/{made['id']}")


def test_lists_filter_sort_page_and_choose_fields(net: Net) -> None:
    for name in "cab":
        net.network(name=f"list-{name}", description="listed")
    path = "/networks?description=listed&sort_key=name&sort_dir=desc&fields=name"
    found = net.get(path)["networks"]
    assert found == [{"name": "list-c"}, {"name": "list-b"}, {"name": "list-a"}]
    first = net.get(path + "&fields=id&limit=2")
    assert [one["name"] for one in first["networks"]] == ["list-c", "list-b"]
    link, back_link = first["networks_links"]
    assert (link["rel"], back_link["rel"]) == ("next", "previous")
    rest = net.client.cloud.http.get(link["href"], headers={"X-Auth-Token": net.client.token})
    assert [one["name"] for one in rest.json()["networks"]] == ["list-a"]
    marker = rest.json()["networks"][0]["id"]
    back = net.get(path + f"&limit=1&page_reverse=True&marker={marker}")["networks"]
    assert back == [{"name": "list-b"}]


def test_bad_questions_are_named(net: Net) -> None:
    assert "bogus" in net.get("/networks?bogus=1", 400)["message"]
    assert "bogus" in net.get("/networks?sort_key=bogus&sort_dir=asc", 400)["message"]
    assert net.get("/networks?limit=x", 400)["type"]
    assert net.get("/networks?marker=x&limit=1", 404)["type"] == "NetworkNotFound"
    assert "bogus" in net.post("/networks", "network", 400, bogus=1)["message"]
    assert "boolean" in net.post("/networks", "network", 400, admin_state_up="x")["message"]
    assert "MTU" in net.post("/networks", "network", 400, mtu=9000)["message"]
    net.raw("POST", "/networks", 400, {"network": []})
    net.raw("POST", "/networks", 400, {"networks": []})
    net.raw("POST", "/networks", 400, {})


def test_the_quota_holds(net: Net, boss: Net) -> None:
    project = net.network()["project_id"]
    boss.put(f"/quotas/{project}", "quota", network=3, force=True)
    net.network()
    error = net.post("/networks", "network", 409)
    assert error["type"] == "OverQuota" and "network" in error["message"]
    details = boss.get(f"/quotas/{project}/details")["quota"]["network"]
    assert details == {"limit": 3, "used": 3, "reserved": 0}
    assert boss.put(f"/quotas/{project}", "quota", 400, network=1)["type"] == "InvalidQuotaValue"
    boss.delete(f"/quotas/{project}")
    assert boss.get(f"/quotas/{project}")["quota"]["network"] == 100


def test_revisions_guard_changes(net: Net) -> None:
    made = net.network()
    answer = net.client.put(
        "network",
        f"/networks/{made['id']}",
        json={"network": {"name": "x"}},
        headers={"If-Match": f"revision_number={made['revision_number'] + 5}"},
    )
    assert answer.status_code == 412
    assert answer.json()["NeutronError"]["type"] == "RevisionNumberConstraintFailed"


def test_a_list_may_be_longer_than_a_statement_has_parameters(cloud: TestCloud) -> None:
    ctx = Context(cloud.env, cloud.env.service("network"), identity=None)
    ids = [f"{number:036x}" for number in range(70_000)]
    try:
        for described in (zones.of_networks, zones.of_routers, address_scopes.of_networks):
            assert described(ctx, ids) == {}
        assert visibility.external_for_all(ctx, ids) == set()
        assert placement.having(ctx, ids) == {}
    finally:
        ctx.close()
