"""What old and careless clients send, and what members ask about themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import Client, TestCloud

from .conftest import Net


@pytest.fixture
def reader(cloud: TestCloud, admin: Client) -> Net:
    """A user with the role reader, and no other, on demo's project."""
    body = {"name": "looker", "password": "looker-secret", "domain_id": "default"}
    user = admin.post("identity", "/users", json={"user": body}).json()["user"]["id"]
    roles = admin.get("identity", "/roles?name=reader").json()["roles"]
    project = admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    path = f"/projects/{project}/users/{user}/roles/{roles[0]['id']}"
    assert admin.put("identity", path).status_code == 204
    return Net(cloud.client("looker", password="looker-secret", project="demo"))


def test_everybody_reads_the_quotas_of_the_own_project(net: Net, reader: Net, boss: Net) -> None:
    project = net.get("/quotas/project")["project"]["project_id"]
    assert net.get("/quotas/tenant") == {"tenant": {"tenant_id": project}}
    foreign = boss.get("/quotas/project")["project"]["project_id"]
    for who in (net, reader):
        assert who.get("/quotas/project") == {"project": {"project_id": project}}
        assert who.get(f"/quotas/{project}")["quota"]["port"] == 500
        assert who.get(f"/quotas/{project}/default")["quota"]["port"] == 500
        assert who.get(f"/quotas/{project}/details")["quota"]["port"]["limit"] == 500
        for path in ("", "/default", "/details"):
            who.get(f"/quotas/{foreign}{path}", 403)
        who.put(f"/quotas/{project}", "quota", 403, port=9)
        who.delete(f"/quotas/{project}", 403)


def test_a_token_without_a_project_has_no_quotas_of_its_own(cloud: TestCloud) -> None:
    unscoped = cloud.client("demo", project=None)
    answer = unscoped.get("network", "/quotas/project")
    assert answer.status_code == 400
    assert answer.json()["NeutronError"]["type"] == "QuotaMissingTenant"


def test_paths_may_end_in_json(net: Net) -> None:
    made = net.post("/networks.json", "network", name="old")
    path = f"/networks/{made['id']}.json"
    assert net.get(path)["network"]["name"] == "old"
    assert net.get("/networks.json?name=old")["networks"][0]["id"] == made["id"]
    assert net.put(path, "network", name="older")["name"] == "older"
    assert net.get(f"/networks/{made['id']}/tags.json") == {"tags": []}
    project = made["project_id"]
    for path in ("/quotas/project", f"/quotas/{project}", f"/quotas/{project}/details"):
        assert net.get(f"{path}.json") == net.get(path)
    net.delete(f"/networks/{made['id']}.json")
    net.get("/bogus.json", 404)
    net.get("/networks.xml", 404)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/networking/v2.0//networks", 200),
        ("/networking/v2.0/networks//", 200),
        ("/networking//v2.0/networks", 404),
        ("/compute/v2.1//servers", 200),
        ("/compute//v2.1/servers", 200),
        ("/image/v2//images", 200),
        ("/image//v2/images", 200),
        ("/identity//v3/auth/projects", 200),
        ("/identity/v3/auth//projects", 308),
        ("/placement//resource_providers", 404),
        ("/compute/v2.1/servers.json", 404),
        ("/image/v2/images.json", 404),
        ("/identity/v3/users.json", 404),
        ("/placement/resource_providers.json", 404),
    ],
)
def test_doubled_slashes_and_suffixes(admin: Client, path: str, status: int) -> None:
    answer = admin.request("GET", "raw", path, follow_redirects=False)
    assert answer.status_code == status, answer.text
    if status == 308:
        assert answer.headers["location"].endswith("/v3/auth/projects")
        assert admin.get("raw", "/identity/v3/auth/projects").status_code == 200


def test_an_address_of_a_subnet_may_be_asked_for_twice(net: Net) -> None:
    network = net.network()
    subnet = net.subnet(network)
    twice = [{"subnet_id": subnet["id"]}, {"subnet_id": subnet["id"]}]
    port = net.port(network, fixed_ips=twice)
    assert len({one["ip_address"] for one in port["fixed_ips"]}) == 2
    three = net.put(f"/ports/{port['id']}", "port", fixed_ips=[*twice, twice[0]])
    addresses = {one["ip_address"] for one in three["fixed_ips"]}
    assert len(addresses) == 3 and {one["ip_address"] for one in port["fixed_ips"]} <= addresses
    same = [{"ip_address": "10.0.0.50"}, {"subnet_id": subnet["id"], "ip_address": "10.0.0.50"}]
    body = {"network_id": network["id"], "fixed_ips": same}
    assert "Duplicate IP address" in net.post("/ports", "port", 400, **body)["message"]


def test_what_may_not_be_named_twice(net: Net) -> None:
    network = net.network()
    subnet = net.subnet(network)
    group = net.get("/security-groups?name=default")["security_groups"][0]["id"]
    pair = {"ip_address": "10.9.9.9"}
    route = {"destination": "10.9.0.0/24", "nexthop": "10.0.0.9"}
    pool = {"start": "10.0.0.2", "end": "10.0.0.9"}
    for values in ({"security_groups": [group] * 2}, {"allowed_address_pairs": [pair] * 2}):
        assert net.post("/ports", "port", 400, network_id=network["id"], **values)
    path = f"/subnets/{subnet['id']}"
    for values in ({"dns_nameservers": ["1.1.1.1"] * 2}, {"host_routes": [route] * 2}):
        assert net.put(path, "subnet", 400, **values)["type"] == "HTTPBadRequest"
    error = net.put(path, "subnet", 409, allocation_pools=[pool] * 2)
    assert error["type"] == "OverlappingAllocationPools"


def test_no_security_group_is_said_by_null_too(net: Net) -> None:
    network = net.network()
    net.subnet(network)
    assert net.port(network, security_groups=None)["security_groups"] == []
    assert len(net.port(network)["security_groups"]) == 1


def _options(port: Any) -> dict[tuple[str, int], str]:
    found = port["extra_dhcp_opts"]
    return {(one["opt_name"], one["ip_version"]): one["opt_value"] for one in found}


def test_dhcp_options_are_changed_one_by_one(net: Net) -> None:
    network = net.network()
    given = [{"opt_name": "mtu", "opt_value": "1400"}, {"opt_name": "150", "opt_value": "10.0.0.1"}]
    port = net.port(network, extra_dhcp_opts=given)
    path = f"/ports/{port['id']}"

    def change(*options: dict[str, Any]) -> dict[tuple[str, int], str]:
        return _options(net.put(path, "port", extra_dhcp_opts=list(options)))

    assert change({"opt_name": "mtu", "opt_value": None}) == {("150", 4): "10.0.0.1"}
    both = {("150", 4): "10.0.0.1", ("66", 4): "x"}
    assert change({"opt_name": "66", "opt_value": "x"}) == both
    assert change() == both
    assert _options(net.put(path, "port", extra_dhcp_opts=None)) == both
    six = {**both, ("66", 6): "y"}
    assert change({"opt_name": "66", "opt_value": "y", "ip_version": "6"}) == six
    gone = change(
        {"opt_name": "150", "opt_value": "10.0.0.9"}, {"opt_name": "nothere", "opt_value": None}
    )
    assert gone == {**six, ("150", 4): "10.0.0.9"}
    twice = [{"opt_name": "mtu", "opt_value": "1"}, {"opt_name": "mtu", "opt_value": "2"}]
    net.put(path, "port", 400, extra_dhcp_opts=twice)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("01:16:3e:00:00:02", "01:16:3e:00:00:02"),
        ("ff:16:3e:00:00:02", "ff:16:3e:00:00:02"),
        ("02:16:3e:00:00:02", "02:16:3e:00:00:02"),
        ("FA-16-3E-00-00-02", "fa:16:3e:00:00:02"),
        ("fa163e000002", "fa:16:3e:00:00:02"),
        ("f:16:3e:0:0:2", "0f:16:3e:00:00:02"),
        ("00:00:00:00:00:00", ""),
        ("ff:ff:ff:ff:ff:ff", ""),
        ("fa:16:3e:00:00", ""),
        ("fa:16:3e:00:00:0g", ""),
    ],
)
def test_mac_addresses(net: Net, given: str, kept: str) -> None:
    body = {"network_id": net.network()["id"], "mac_address": given}
    made = net.post("/ports", "port", 201 if kept else 400, **body)
    assert made["mac_address"] == kept if kept else made["type"] == "HTTPBadRequest"


def test_numbers_and_booleans_as_text(net: Net) -> None:
    network = net.network(admin_state_up="yes", mtu="1400")
    assert network["admin_state_up"] is True and network["mtu"] == 1400
    made = net.subnet(network, ip_version="4", enable_dhcp="off")
    assert made["ip_version"] == 4 and made["enable_dhcp"] is False
    scope = net.post("/address-scopes", "address_scope", name="s", ip_version="4")
    assert scope["ip_version"] == 4
    pool = {"name": "p", "prefixes": ["10.50.0.0/16"], "default_prefixlen": "24"}
    assert net.post("/subnetpools", "subnetpool", **pool)["default_prefixlen"] == "24"
    rule = {"security_group_id": net.post("/security-groups", "security_group", name="g")["id"]}
    rule |= {
        "direction": "ingress",
        "protocol": "6",
        "port_range_min": "22",
        "port_range_max": "22",
    }
    assert net.post("/security-group-rules", "security_group_rule", **rule)["port_range_min"] == 22
    assert net.network(mtu=0)["mtu"] == net.network()["mtu"]
    error = net.post("/networks", "network", 400, admin_state_up="maybe")
    assert error["type"] == "InvalidInput"


def test_subnets_serve_owners_of_ports(net: Net, boss: Net) -> None:
    subnet = net.subnet(net.network())
    path = f"/subnets/{subnet['id']}"
    assert boss.put(path, "subnet", service_types=["compute:nova"])
    error = boss.put(path, "subnet", 400, service_types=["x"])
    assert error["type"] == "InvalidSubnetServiceType"


def test_service_providers_are_filtered(net: Net) -> None:
    assert net.get("/service-providers?service_type=VPN") == {"service_providers": []}
    found = net.get("/service-providers?service_type=L3_ROUTER_NAT")["service_providers"]
    assert len(found) > 1
    for one in found:
        query = f"bogus=1&name={one['name']}"
        assert net.get(f"/service-providers?{query}")["service_providers"] == [one]
    for default in (True, False):
        same = [one for one in found if one["default"] is default]
        assert net.get(f"/service-providers?default={default}") == {"service_providers": same}
    assert net.get("/service-providers?name=bogus") == {"service_providers": []}


def test_a_list_without_a_limit_is_whole(boss: Net) -> None:
    many = [{"name": f"s{number}", "ip_version": 4} for number in range(1003)]
    for part in (many[:1000], many[1000:]):
        boss.raw("POST", "/address-scopes", 201, {"address_scopes": part})
    for query in ("", "?limit=0"):
        found = boss.get(f"/address-scopes{query}")
        assert len(found["address_scopes"]) == 1003
        assert "address_scopes_links" not in found
    page = boss.get("/address-scopes?limit=2000")
    assert len(page["address_scopes"]) == 1000
    assert page["address_scopes_links"][0]["rel"] == "next"
