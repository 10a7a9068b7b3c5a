"""Networks, groups, pools and scopes that one project opens to others, and what that allows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import TestCloud

from ...people import made, person
from .conftest import Net

SHARED, EXTERNAL = "access_as_shared", "access_as_external"


@pytest.fixture
def other(cloud: TestCloud) -> Net:
    """A member of a second project."""
    return Net(person(cloud, "bob", "member", "other"))


@pytest.fixture
def other_id(cloud: TestCloud, other: Net) -> str:
    return made(cloud.client("admin"), "projects", "other")


def share(owner: Net, kind: str, thing: Any, target: str, action: str = SHARED) -> Any:
    named = {"object_type": kind, "object_id": thing["id"], "action": action}
    return owner.post("/rbac-policies", "rbac_policy", target_tenant=target, **named)


def join(who: Net, router: Any, status: int = 200, **what: str) -> Any:
    return who.raw("PUT", f"/routers/{router['id']}/add_router_interface", status, what)


# -- router interfaces -----------------------------------------------------------------------------


def test_a_router_does_not_take_the_gateway_of_a_foreign_subnet(other: Net, boss: Net) -> None:
    router = other.post("/routers", "router", name="r")
    public = boss.public()["subnets"][0]
    error = join(other, router, 400, subnet_id=public)
    assert "not owned by the project" in error["message"]
    shared = boss.network(shared=True)
    subnet = boss.subnet(shared, "10.5.0.0/24")
    join(other, router, 400, subnet_id=subnet["id"])
    inside = other.port(shared)
    join(other, router, port_id=inside["id"])


def test_a_router_may_join_what_is_shared_with_its_project_by_name(
    net: Net, other: Net, other_id: str
) -> None:
    network = net.network()
    subnet = net.subnet(network, "10.5.0.0/24")
    share(net, "network", network, other_id)
    router = other.post("/routers", "router", name="r")
    assert join(other, router, subnet_id=subnet["id"])["subnet_id"] == subnet["id"]


def test_an_address_out_of_the_pools_of_a_foreign_subnet_is_no_interface(
    net: Net, other: Net, boss: Net, other_id: str
) -> None:
    network = net.network()
    subnet = net.subnet(
        network, "10.5.0.0/24", allocation_pools=[{"start": "10.5.0.9", "end": "10.5.0.99"}]
    )
    share(net, "network", network, other_id)
    address = [{"subnet_id": subnet["id"], "ip_address": "10.5.0.200"}]
    port = boss.port(network, fixed_ips=address, project_id=other_id)
    router = other.post("/routers", "router", name="r")
    error = join(other, router, 400, port_id=port["id"])
    assert "allocation pools" in error["message"]


# -- external for one project ----------------------------------------------------------------------


def test_a_network_that_is_external_for_one_project(
    net: Net, other: Net, boss: Net, other_id: str
) -> None:
    network = net.network(name="uplink")
    net.subnet(network, "10.5.0.0/24")
    other.get(f"/networks/{network['id']}", 404)
    policy = share(net, "network", network, other_id, EXTERNAL)
    assert net.get(f"/networks/{network['id']}")["network"]["router:external"] is True
    seen = other.get("/networks?router:external=true")["networks"]
    assert network["id"] in [one["id"] for one in seen]
    third = Net(person(net.client.cloud, "carol", "member", "third"))
    third.get(f"/networks/{network['id']}", 404)
    assert network["id"] not in [one["id"] for one in third.get("/networks")["networks"]]
    gateway = {"network_id": network["id"]}
    third.post("/routers", "router", 404, external_gateway_info=gateway)
    third.post("/floatingips", "floatingip", 404, floating_network_id=network["id"])
    router = other.post("/routers", "router", external_gateway_info=gateway)
    floating = other.post("/floatingips", "floatingip", floating_network_id=network["id"])
    error = net.delete(f"/rbac-policies/{policy['id']}", 409)
    assert error["type"] == "RbacPolicyInUse"
    net.put(f"/rbac-policies/{policy['id']}", "rbac_policy", 409, target_tenant="0" * 32)
    other.delete(f"/floatingips/{floating['id']}")
    other.put(f"/routers/{router['id']}", "router", external_gateway_info={})
    net.delete(f"/rbac-policies/{policy['id']}")
    assert net.get(f"/networks/{network['id']}")["network"]["router:external"] is False
    other.get(f"/networks/{network['id']}", 404)


def test_an_external_network_shows_its_policy_for_everybody(net: Net, boss: Net) -> None:
    network = boss.network(**{"router:external": True})
    where = f"/rbac-policies?object_id={network['id']}"
    policy = boss.get(where)["rbac_policies"][0]
    assert (policy["action"], policy["target_tenant"]) == (EXTERNAL, "*")
    net.get(f"/networks/{network['id']}")
    boss.delete(f"/rbac-policies/{policy['id']}")
    assert boss.get(f"/networks/{network['id']}")["network"]["router:external"] is False
    net.get(f"/networks/{network['id']}", 404)
    boss.put(f"/networks/{network['id']}", "network", **{"router:external": True})
    assert len(boss.get(where)["rbac_policies"]) == 1
    boss.put(f"/networks/{network['id']}", "network", **{"router:external": False})
    assert boss.get(where)["rbac_policies"] == []


def test_the_policy_of_the_default_external_network_stays(boss: Net) -> None:
    public = boss.public()["id"]
    policy = boss.get(f"/rbac-policies?object_id={public}")["rbac_policies"][0]
    assert boss.delete(f"/rbac-policies/{policy['id']}", 409)["type"] == "RbacPolicyInUse"


def test_a_network_shared_with_everybody_shows_its_policy(net: Net, boss: Net) -> None:
    network = boss.network(shared=True)
    where = f"/rbac-policies?object_id={network['id']}"
    policy = boss.get(where)["rbac_policies"][0]
    assert (policy["action"], policy["target_tenant"]) == (SHARED, "*")
    boss.delete(f"/rbac-policies/{policy['id']}")
    assert boss.get(f"/networks/{network['id']}")["network"]["shared"] is False
    net.get(f"/networks/{network['id']}", 404)


# -- security groups -------------------------------------------------------------------------------


def test_subnets_of_a_network_shared_by_name_are_listed(
    net: Net, other: Net, other_id: str
) -> None:
    network = net.network()
    subnet = net.subnet(network, "10.5.0.0/24")
    assert other.get("/subnets")["subnets"] == [
        one for one in other.get("/subnets")["subnets"] if one["id"] != subnet["id"]
    ]
    share(net, "network", network, other_id)
    for query in ("", f"?network_id={network['id']}", f"?id={subnet['id']}&fields=id"):
        assert subnet["id"] in [one["id"] for one in other.get(f"/subnets{query}")["subnets"]]
    assert other.get(f"/subnets/{subnet['id']}")["subnet"]["cidr"] == "10.5.0.0/24"


def test_a_shared_security_group_is_shown_and_no_more(net: Net, other: Net, other_id: str) -> None:
    group = net.post("/security-groups", "security_group", name="lent")
    place = f"/security-groups/{group['id']}"
    other.get(place, 404)
    share(net, "security_group", group, other_id)
    assert other.get(place)["security_group"]["shared"] is True
    assert group["id"] in [one["id"] for one in other.get("/security-groups")["security_groups"]]
    other.put(place, "security_group", 403, name="mine")
    other.delete(place, 403)
    rule = {"security_group_id": group["id"], "direction": "ingress"}
    other.post("/security-group-rules", "security_group_rule", 403, **rule)


# -- pools and scopes ------------------------------------------------------------------------------


def pool(who: Net, prefixes: list[str], status: int = 201, **values: Any) -> Any:
    return who.post("/subnetpools", "subnetpool", status, name="p", prefixes=prefixes, **values)


def test_prefixes_of_one_scope_do_not_overlap(net: Net) -> None:
    scope = net.post("/address-scopes", "address_scope", name="s", ip_version=4)["id"]
    first = pool(net, ["10.0.0.0/16"], address_scope_id=scope)
    error = pool(net, ["10.0.128.0/17"], 409, address_scope_id=scope)
    assert error["type"] == "AddressScopePrefixConflict"
    second = pool(net, ["10.1.0.0/16"], address_scope_id=scope)
    place = f"/subnetpools/{second['id']}"
    error = net.put(place, "subnetpool", 409, prefixes=["10.0.0.0/15"])
    assert error["type"] == "AddressScopePrefixConflict"
    loose = pool(net, ["10.0.0.0/24"])
    net.put(f"/subnetpools/{loose['id']}", "subnetpool", 409, address_scope_id=scope)
    net.put(f"/subnetpools/{first['id']}", "subnetpool", prefixes=["10.0.0.0/16", "10.2.0.0/16"])


def test_a_guest_of_a_shared_scope_does_not_keep_its_owner_out(other: Net, boss: Net) -> None:
    scope = boss.post("/address-scopes", "address_scope", name="s", ip_version=4, shared=True)
    guest = pool(other, ["10.0.0.0/8"], address_scope_id=scope["id"])
    place = f"/subnetpools/{guest['id']}"
    error = other.put(place, "subnetpool", 400, prefixes=["10.0.0.0/8", "11.0.0.0/8"])
    assert error["type"] == "IllegalSubnetPoolUpdate"
    pool(boss, ["10.9.0.0/16"], address_scope_id=scope["id"])
    assert other.get(place)["subnetpool"]["address_scope_id"] is None
    pool(other, ["10.9.0.0/24"], 409, address_scope_id=scope["id"])
    pool(other, ["12.0.0.0/8"], address_scope_id=scope["id"])
    own = boss.get(f"/subnetpools?address_scope_id={scope['id']}")["subnetpools"]
    for one in own:
        if one["prefixes"] == ["10.9.0.0/16"]:
            boss.delete(f"/subnetpools/{one['id']}")
    boss.delete(f"/address-scopes/{scope['id']}")


# -- floating IPs ----------------------------------------------------------------------------------


def inner(net: Net, cidr: str = "10.5.0.0/24") -> Any:
    """A port behind a router with a gateway."""
    network = net.network()
    subnet = net.subnet(network, cidr)
    router = net.post(
        "/routers", "router", external_gateway_info={"network_id": net.public()["id"]}
    )
    join(net, router, subnet_id=subnet["id"])
    return net.port(network)


def test_an_administrator_may_associate_a_foreign_port(net: Net, boss: Net) -> None:
    port = inner(net)
    place = {"floating_network_id": boss.public()["id"]}
    made = boss.post("/floatingips", "floatingip", port_id=port["id"], **place)
    assert made["port_id"] == port["id"]
    boss.delete(f"/floatingips/{made['id']}")
    made = boss.post("/floatingips", "floatingip", **place)
    boss.put(f"/floatingips/{made['id']}", "floatingip", port_id=port["id"])


def test_nothing_at_all_disassociates(net: Net) -> None:
    port = inner(net)
    place = {"floating_network_id": net.public()["id"], "port_id": port["id"]}
    floating = net.post("/floatingips", "floatingip", **place)
    path = f"/floatingips/{floating['id']}"
    kept = net.put(path, "floatingip", description="x")
    assert kept["port_id"] == port["id"]
    net.put(path, "floatingip", 400, fixed_ip_address=port["fixed_ips"][0]["ip_address"])
    assert net.put(path, "floatingip")["port_id"] is None


# -- MTU, pages ------------------------------------------------------------------------------------


def test_subnets_need_a_widest_packet(net: Net) -> None:
    network = net.network(mtu=68)
    four = net.subnet(network, "10.5.0.0/24")
    error = net.post("/subnets", "subnet", 409, network_id=network["id"], ip_version=6,
                     cidr="fd00:5::/64")  # fmt: skip
    assert error["type"] == "NetworkMTUSubnetConflict"
    place = f"/networks/{network['id']}"
    assert net.put(place, "network", 409, mtu=67)["type"] == "NetworkMTUSubnetConflict"
    net.put(place, "network", mtu=1280)
    net.subnet(network, "fd00:5::/64")
    assert net.put(place, "network", 409, mtu=1279)["type"] == "NetworkMTUSubnetConflict"
    net.delete(f"/subnets/{four['id']}")


def test_pages(net: Net) -> None:
    for name in "abc":
        net.network(name=name)
    named = "/networks?name=a&name=b&name=c&sort_key=name&sort_dir=asc"
    assert len(net.get(f"{named}&limit=0")["networks"]) == 3
    full = net.get(f"{named}&limit=3")
    assert [link["rel"] for link in full["networks_links"]][:1] == ["next"]
    beyond = full["networks_links"][0]["href"].partition("/v2.0")[2]
    assert net.get(beyond) == {"networks": []}
    assert "next" not in [link["rel"] for link in net.get(f"{named}&limit=4")["networks_links"]]
    assert "networks_links" not in net.get(named)


# -- what is hidden --------------------------------------------------------------------------------


HIDDEN = [
    "/ports?binding:host_id=simulated-1",
    "/networks?provider:network_type=vxlan",
    "/networks?provider:physical_network=physnet1",
    "/networks?provider:segmentation_id=1",
]


@pytest.mark.parametrize("path", HIDDEN)
def test_what_policy_hides_is_no_filter(path: str, net: Net, boss: Net) -> None:
    assert "invalid attribute" in net.get(path, 400)["message"]
    boss.get(path)


def test_a_marker_that_the_caller_cannot_see_is_not_there(net: Net, boss: Net) -> None:
    foreign = boss.network(name="hidden")
    subnet = boss.subnet(foreign, "10.5.0.0/24")
    things = {
        "networks": foreign,
        "subnets": subnet,
        "ports": boss.port(foreign),
        "routers": boss.post("/routers", "router", name="r"),
        "security-groups": boss.post("/security-groups", "security_group", name="g"),
        "subnetpools": pool(boss, ["10.0.0.0/16"]),
        "address-scopes": boss.post("/address-scopes", "address_scope", name="s", ip_version=4),
        "floatingips": boss.post(
            "/floatingips", "floatingip", floating_network_id=boss.public()["id"]
        ),
        "rbac-policies": boss.get("/rbac-policies")["rbac_policies"][0],
    }
    rules = boss.get(f"/security-group-rules?security_group_id={things['security-groups']['id']}")
    things["security-group-rules"] = rules["security_group_rules"][0]
    for kind, thing in things.items():
        error = net.get(f"/{kind}?marker={thing['id']}&limit=1", 404)
        assert thing["id"] in error["message"], kind
        missing = net.get(f"/{kind}?marker={'0' * 8}-0000-4000-8000-{'0' * 12}&limit=1", 404)
        assert missing["type"] == error["type"]
        boss.get(f"/{kind}?marker={thing['id']}&limit=1")
