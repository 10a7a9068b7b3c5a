"""What old clients reach through compute: floating IPs, networks, hosts, the audit log."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stratolith.compute.api.instance_usage_audit_log import last_month
from tests.testcloud import Client, TestCloud

from .conftest import World, error_of


def test_floating_ips_through_compute(demo: Client) -> None:
    pools = demo.get("compute", "/os-floating-ip-pools").json()["floating_ip_pools"]
    assert pools == [{"name": "public"}]
    answer = demo.post("compute", "/os-floating-ips", json={"pool": "public"})
    assert answer.status_code == 200, answer.text
    made = answer.json()["floating_ip"]
    assert (made["pool"], made["instance_id"], made["fixed_ip"]) == ("public", None, None)
    path = f"/os-floating-ips/{made['id']}"
    assert demo.get("compute", path).json()["floating_ip"] == made
    assert demo.get("compute", "/os-floating-ips").json()["floating_ips"] == [made]
    known = demo.get("network", f"/floatingips/{made['id']}").json()["floatingip"]
    assert known["floating_ip_address"] == made["ip"]
    assert demo.get("compute", path, microversion="2.36").status_code == 404
    assert demo.delete("compute", path).status_code == 202
    assert demo.delete("compute", path).status_code == 404
    assert demo.get("network", f"/floatingips/{made['id']}").status_code == 404


def test_floating_ips_that_cannot_be(demo: Client, admin: Client) -> None:
    nowhere = demo.post("compute", "/os-floating-ips", json={"pool": "nowhere"})
    assert nowhere.status_code == 404 and "nowhere" in error_of(nowhere)
    assert demo.post("compute", "/os-floating-ips", json={"pool": 7}).status_code == 400
    assert demo.get("compute", "/os-floating-ips/17").status_code == 400
    project = admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    body = {"quota": {"floatingip": 0}}
    assert admin.put("network", f"/quotas/{project}", json=body).status_code == 200
    full = demo.post("compute", "/os-floating-ips", json={"pool": "public"})
    assert full.status_code == 403 and "floatingip" in error_of(full)


def test_a_pool_opened_by_another_project_is_nobodys_default(world: World) -> None:
    """Nor does it take the name of the cloud's; named alone it may be used."""
    other = world.person("opener", "member", "openers")
    common = world.demo.get("network", "/networks?name=public").json()["networks"][0]["id"]
    project = world.demo.get("network", "/networks?name=private").json()["networks"][0]
    made = {}
    for number, name in enumerate(("a-pool", "public", "")):
        network = other.post("network", "/networks", json={"network": {"name": name}}).json()
        made[name] = network["network"]["id"]
        subnet = {"network_id": made[name], "ip_version": 4, "cidr": f"198.18.{number}.0/24"}
        assert other.post("network", "/subnets", json={"subnet": subnet}).status_code == 201
        policy = {
            "object_type": "network", "object_id": made[name], "action": "access_as_external",
            "target_tenant": project["project_id"],
        }  # fmt: skip
        answer = other.post("network", "/rbac-policies", json={"rbac_policy": policy})
        assert answer.status_code == 201, answer.text
    cases = [
        ({}, common), ({"pool": "public"}, common), ({"pool": None}, common),
        ({"pool": "a-pool"}, made["a-pool"]), ({"pool": made["public"]}, made["public"]),
    ]  # fmt: skip
    for body, expected in cases:
        answer = world.demo.post("compute", "/os-floating-ips", json=body)
        assert answer.status_code == 200, answer.text
        path = f"/floatingips/{answer.json()['floating_ip']['id']}"
        got = world.demo.get("network", path).json()["floatingip"]
        assert got["floating_network_id"] == expected, body


def test_a_server_on_an_external_network_needs_the_rule_or_a_share(world: World) -> None:
    """Also when its own project opened the network, which anybody may do with his own."""
    made = world.demo.post("network", "/networks", json={"network": {"name": "out"}}).json()
    network = made["network"]
    subnet = {"network_id": network["id"], "ip_version": 4, "cidr": "198.18.9.0/24"}
    assert world.demo.post("network", "/subnets", json={"subnet": subnet}).status_code == 201
    policy = {
        "object_type": "network", "object_id": network["id"], "action": "access_as_external",
        "target_tenant": network["project_id"],
    }  # fmt: skip
    answer = world.demo.post("network", "/rbac-policies", json={"rbac_policy": policy})
    assert answer.status_code == 201
    there = [{"uuid": network["id"]}]
    refused = world.post(networks=there)
    assert refused.status_code == 403 and network["id"] in error_of(refused)
    assert world.post(networks=there, client=world.admin).status_code == 202
    policy["action"] = "access_as_shared"
    answer = world.demo.post("network", "/rbac-policies", json={"rbac_policy": policy})
    assert answer.status_code == 201
    assert world.post(networks=there).status_code == 202


def test_a_floating_ip_names_its_server(world: World) -> None:
    server_id = world.create()
    made = world.demo.post("compute", "/os-floating-ips", json={}).json()["floating_ip"]
    added = world.act(server_id, "addFloatingIp", {"address": made["ip"]})
    assert added.status_code == 202, added.text
    found = world.demo.get("compute", f"/os-floating-ips/{made['id']}").json()["floating_ip"]
    assert found["instance_id"] == server_id and found["fixed_ip"]


def test_networks_through_compute(demo: Client, admin: Client) -> None:
    mine = demo.get("compute", "/os-networks").json()["networks"]
    assert {"private", "public"} <= {one["label"] for one in mine}
    path = f"/os-networks/{mine[0]['id']}"
    assert demo.get("compute", path).json()["network"] == mine[0]
    assert "vlan" not in mine[0] and "vlan" in admin.get("compute", path).json()["network"]
    assert demo.get("compute", path, microversion="2.36").status_code == 404
    assert demo.get("compute", "/os-networks/none").status_code == 404


def test_hosts_and_what_they_use(world: World) -> None:
    world.create(flavorRef="1")
    host = world.admin.get("compute", "/os-hosts").json()["hosts"]
    zones = {one["service"]: one["zone"] for one in host}
    assert zones == {"compute": "nova", "conductor": "internal", "scheduler": "internal"}
    assert world.admin.get("compute", "/os-hosts?zone=").json()["hosts"] == host
    assert world.admin.get("compute", "/os-hosts?zone=moon").json()["hosts"] == []
    (computing,) = (one["host_name"] for one in host if one["service"] == "compute")
    path = f"/os-hosts/{computing}"
    found = [one["resource"] for one in world.admin.get("compute", path).json()["host"]]
    project = world.admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    assert [one["project"] for one in found] == ["(total)", "(used_now)", "(used_max)", project]
    assert found[0]["cpu"] > 1 and [one["memory_mb"] for one in found[1:]] == [512] * 3
    assert world.admin.get("compute", "/os-hosts/nobody").status_code == 404
    assert world.admin.get("compute", path, microversion="2.43").status_code == 404
    for hidden in (path, "/os-hosts"):
        assert world.demo.get("compute", hidden).status_code == 403


def test_the_audit_log_says_that_no_host_audits(world: World) -> None:
    path = "/os-instance_usage_audit_log"
    found = world.admin.get("compute", path).json()["instance_usage_audit_logs"]
    assert (found["num_hosts"], found["num_hosts_not_run"], found["log"]) == (1, 1, {})
    shown = world.admin.get("compute", f"{path}/2026-03-15 12:00:00").json()
    log = shown["instance_usage_audit_log"]
    assert log["period_beginning"] == "2026-02-01 00:00:00"
    assert log["period_ending"] == "2026-03-01 00:00:00"
    for wrong in ("soon", "0001-01-01 00:00:00"):
        assert world.admin.get("compute", f"{path}/{wrong}").status_code == 400
    for hidden in (path, f"{path}/2026-03-15 12:00:00"):
        assert world.demo.get("compute", hidden).status_code == 403


@pytest.mark.parametrize(
    ("before", "begin"), [((2026, 1, 20), (2025, 12, 1)), ((2026, 3, 1), (2026, 1, 1))]
)
def test_last_month(before: tuple[int, int, int], begin: tuple[int, int, int]) -> None:
    assert last_month(datetime(*before, tzinfo=UTC))[0] == datetime(*begin, tzinfo=UTC)


# alias -> a request that works at 2.1 because of it, and what its answer must hold
BEHIND = {
    "OS-EXT-IMG-SIZE": ("/images/detail", "OS-EXT-IMG-SIZE:size"),
    "os-extended-hypervisors": ("/os-hypervisors/detail", "host_ip"),
    "os-hypervisor-status": ("/os-hypervisors/detail", '"state":'),
    "os-extended-services": ("/os-services", "disabled_reason"),
    "os-extended-services-delete": ("/os-services", '"id":'),
    "os-instance_usage_audit_log": ("/os-instance_usage_audit_log", "instance_usage_audit_logs"),
    "os-migrations": ("/os-migrations", "migrations"),
    "os-server-group-quotas": ("/os-quota-sets/{project}", "server_group_members"),
    "os-tenant-networks": ("/os-tenant-networks", "networks"),
}


def test_what_an_extension_names_is_there(cloud: TestCloud) -> None:
    cloud.start_hosts()
    admin = cloud.client("admin")
    cloud.wait(lambda: admin.get("compute", "/os-hypervisors").json()["hypervisors"])
    project = admin.get("identity", "/auth/projects").json()["projects"][0]["id"]
    for alias, (path, holds) in BEHIND.items():
        assert admin.get("compute", f"/extensions/{alias}").status_code == 200, alias
        answer = admin.get("compute", path.replace("{project}", project))
        assert answer.status_code == 200 and holds in answer.text, (alias, answer.text)
    for alias in ("os-rescue", "os-shelve", "os-fping", "os-cells", "os-volumes"):
        assert admin.get("compute", f"/extensions/{alias}").status_code == 404, alias


def test_extensions_by_alias(demo: Client) -> None:
    listed = demo.get("compute", "/extensions").json()["extensions"]
    assert "Hosts" in {one["name"] for one in listed}
    for one in listed:
        shown = demo.get("compute", f"/extensions/{one['alias']}").json()["extension"]
        assert shown == one
    assert demo.get("compute", "/extensions/os-nothing").status_code == 404


def test_a_second_floating_ip_for_an_address(world: World) -> None:
    """The network API's conflict is a bad request to these clients; nothing changes."""
    server_id = world.create()
    first, second = (
        world.demo.post("compute", "/os-floating-ips", json={}).json()["floating_ip"]
        for _ in range(2)
    )
    assert world.act(server_id, "addFloatingIp", {"address": first["ip"]}).status_code == 202
    fixed = world.demo.get("compute", f"/os-floating-ips/{first['id']}").json()["floating_ip"]
    for more in ({}, {"fixed_address": fixed["fixed_ip"]}):
        answer = world.act(server_id, "addFloatingIp", {"address": second["ip"], **more})
        assert answer.status_code == 400, answer.text
    left = world.demo.get("compute", f"/os-floating-ips/{second['id']}").json()["floating_ip"]
    assert left["instance_id"] is None
    again = world.act(server_id, "addFloatingIp", {"address": first["ip"]})
    assert again.status_code == 202, again.text
    for address, status in (("203.0.113.250", 404), ("fe80::1", 400)):
        assert world.act(server_id, "addFloatingIp", {"address": address}).status_code == status
