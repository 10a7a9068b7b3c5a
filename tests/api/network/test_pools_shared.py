"""Subnet pools: their prefixes, subnets taken in, sharing by RBAC; details of used addresses."""

from __future__ import annotations

from typing import Any

from tests.testcloud import Client, TestCloud

from .conftest import Net


def pool(net: Net, *prefixes: str, **values: Any) -> Any:
    named = {"name": "pool", "prefixes": list(prefixes), "min_prefixlen": 26}
    return net.post("/subnetpools", "subnetpool", **{**named, **values})


def act(net: Net, made: Any, action: str, status: int = 200, **body: Any) -> Any:
    return net.raw("PUT", f"/subnetpools/{made['id']}/{action}", status, body)


def test_prefixes_are_added_and_removed(net: Net) -> None:
    made = pool(net, "10.90.0.0/24")
    assert act(net, made, "add_prefixes", prefixes=["10.90.1.0/24"]) == {
        "prefixes": ["10.90.0.0/23"]
    }
    left = act(net, made, "remove_prefixes", prefixes=["10.90.1.0/25", "fd00::/64"])["prefixes"]
    assert left == ["10.90.0.0/24", "10.90.1.128/25"]
    assert act(net, made, "remove_prefixes", prefixes=["10.99.0.0/16"])["prefixes"] == left
    error = act(net, made, "add_prefixes", 400, prefixes=["fd00::/64"])
    assert error["type"] == "PrefixVersionMismatch"
    for action in ("add_prefixes", "remove_prefixes"):
        assert act(net, made, action, 400, prefixes=["bogus"])["type"] == "AddrFormatError"
        for body in ({}, {"prefixes": []}, {"prefixes": "10.0.0.0/8"}):
            error = act(net, made, action, 400, **body)
            assert error["message"] == "Request body contains invalid data"
    network = net.network()
    subnet = {"network_id": network["id"], "subnetpool_id": made["id"], "ip_version": 4}
    taken = net.post("/subnets", "subnet", **subnet, prefixlen=26)["cidr"]
    error = act(net, made, "remove_prefixes", 400, prefixes=[taken])
    assert error["type"] == "IllegalSubnetPoolPrefixUpdate"


def test_subnets_of_a_network_are_taken_into_a_pool(net: Net, boss: Net) -> None:
    made, network = pool(net, "10.90.0.0/24"), net.network()
    subnet = net.subnet(network, "10.95.0.0/24")
    net.subnet(network, "fd00:95::/64")
    body = {"network_id": network["id"]}
    answer = act(net, made, "onboard_network_subnets", **body)
    assert answer == [{"id": subnet["id"], "cidr": "10.95.0.0/24"}]
    shown = net.get(f"/subnetpools/{made['id']}")["subnetpool"]
    assert shown["prefixes"] == ["10.90.0.0/24", "10.95.0.0/24"]
    assert net.get(f"/subnets/{subnet['id']}")["subnet"]["subnetpool_id"] == made["id"]
    error = act(net, made, "onboard_network_subnets", 400, **body)
    assert error["type"] == "IllegalSubnetPoolUpdate"
    assert act(net, made, "onboard_network_subnets", 400)["type"] == "InvalidInput"
    nowhere = {"network_id": "0e0e0e0e-0000-4000-8000-000000000000"}
    error = act(net, made, "onboard_network_subnets", 404, **nowhere)
    assert error["type"] == "NetworkNotFound"
    foreign = boss.network(shared=True)
    act(net, made, "onboard_network_subnets", 403, network_id=foreign["id"])


def test_pools_and_scopes_are_shared_with_single_projects(
    cloud: TestCloud, boss: Net, net: Net, demo: Client
) -> None:
    scope = boss.post("/address-scopes", "address_scope", name="scope", ip_version=4)
    made = pool(boss, "10.91.0.0/24", address_scope_id=scope["id"])
    project = net.network()["project_id"]
    policies = []
    for kind, owned in (("subnetpool", made), ("address_scope", scope)):
        values = {"object_type": kind, "object_id": owned["id"], "target_tenant": project}
        error = boss.post(
            "/rbac-policies", "rbac_policy", 400, action="access_as_external", **values
        )
        assert error["type"] == "InvalidInput"
        values["action"] = "access_as_shared"
        policies.append(boss.post("/rbac-policies", "rbac_policy", **values))
    assert net.get(f"/subnetpools/{made['id']}")["subnetpool"]["shared"] is True
    assert net.get(f"/address-scopes/{scope['id']}")["address_scope"]["shared"] is True
    assert boss.get(f"/subnetpools/{made['id']}")["subnetpool"]["shared"] is False
    assert [p["id"] for p in net.get("/subnetpools?shared=true")["subnetpools"]] == [made["id"]]
    assert [s["id"] for s in net.get("/address-scopes")["address_scopes"]] == [scope["id"]]
    act(net, made, "add_prefixes", 403, prefixes=["10.92.0.0/24"])
    subnet = net.post(
        "/subnets", "subnet",
        network_id=net.network()["id"], subnetpool_id=made["id"], ip_version=4, prefixlen=26,
    )  # fmt: skip
    assert subnet["cidr"].startswith("10.91.0.")
    path = f"/rbac-policies/{policies[0]['id']}"
    assert boss.delete(path, 409)["type"] == "RbacPolicyInUse"
    net.delete(f"/subnets/{subnet['id']}")
    for policy in policies:
        boss.delete(f"/rbac-policies/{policy['id']}")
    net.get(f"/subnetpools/{made['id']}", 404)
    to_all = {"object_type": "subnetpool", "object_id": made["id"], "target_tenant": "*"}
    all_policy = boss.post("/rbac-policies", "rbac_policy", action="access_as_shared", **to_all)
    assert net.get(f"/subnetpools/{made['id']}")["subnetpool"]["shared"] is True
    boss.delete(f"/rbac-policies/{all_policy['id']}")
    net.get(f"/subnetpools/{made['id']}", 404)
    shared = pool(boss, "10.93.0.0/24", shared=True)
    found = boss.get(f"/rbac-policies?object_id={shared['id']}")["rbac_policies"]
    assert [p["target_tenant"] for p in found] == ["*"]
    boss.delete(f"/subnetpools/{shared['id']}")
    assert boss.get(f"/rbac-policies?object_id={shared['id']}")["rbac_policies"] == []


def test_details_of_used_addresses(boss: Net) -> None:
    network = boss.network()
    pools = [{"start": "10.8.0.10", "end": "10.8.0.12"}]
    boss.subnet(network, "10.8.0.0/28", allocation_pools=pools, enable_dhcp=False)
    boss.port(network)
    boss.port(network, fixed_ips=[{"ip_address": "10.8.0.5"}])
    path = f"/network-ip-availabilities/{network['id']}"
    found = boss.get(path)["network_ip_availability"]
    details = {
        "total_ips_in_subnet": 14,
        "total_ips_in_allocation_pool": 3,
        "used_ips_in_subnet": 2,
        "used_ips_in_allocation_pool": 1,
    }
    assert found["ip_availability_details"] == details
    assert found["subnet_ip_availability"][0]["ip_availability_details"] == details
    assert (found["total_ips"], found["used_ips"]) == (3, 2)
