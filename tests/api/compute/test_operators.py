"""What operators see and do: hosts, services, zones, quotas, groups, usage, discovery."""

from __future__ import annotations

from pathlib import Path

from tests.testcloud import Client, TestCloud

from .conftest import World, error_of


def test_discovery(demo: Client) -> None:
    found = demo.get("raw", "/compute/").json()["versions"]
    assert [one["id"] for one in found] == ["v2.0", "v2.1"]
    assert found[1]["min_version"] == "2.1" and found[1]["version"] == "2.100"
    assert demo.get("raw", "/compute/v2.1").json()["version"]["id"] == "v2.1"
    too_new = demo.get("compute", "/servers", microversion="2.101")
    assert too_new.status_code == 406
    answer = demo.get("compute", "/servers", microversion="latest")
    assert answer.headers["X-OpenStack-Nova-API-Version"] == "2.100"


def test_hypervisors_of_both_eras(world: World) -> None:
    world.create(flavorRef="1")
    old = world.admin.get("compute", "/os-hypervisors/detail").json()["hypervisors"][0]
    assert old["vcpus_used"] == 1 and old["memory_mb_used"] == 512 and old["running_vms"] == 1
    assert isinstance(old["id"], int) and isinstance(old["cpu_info"], str)
    new = world.admin.get("compute", "/os-hypervisors/detail", microversion="2.88").json()
    assert "vcpus" not in new["hypervisors"][0] and new["hypervisors"][0]["uptime"]
    path = f"/os-hypervisors/{new['hypervisors'][0]['id']}?with_servers=true"
    shown = world.admin.get("compute", path, microversion="2.88").json()["hypervisor"]
    assert [one["name"] for one in shown["servers"]] == ["one"]
    totals = world.admin.get("compute", "/os-hypervisors/statistics").json()
    assert totals["hypervisor_statistics"]["count"] == 1
    assert world.demo.get("compute", "/os-hypervisors").status_code == 403


def test_a_disabled_service_takes_no_servers(world: World) -> None:
    service = world.admin.get("compute", "/os-services", microversion="2.53").json()["services"][0]
    assert (service["state"], service["status"]) == ("up", "enabled")
    path, version = f"/os-services/{service['id']}", "2.53"
    body = {"status": "disabled", "disabled_reason": "repair"}
    world.admin.put("compute", path, json=body, microversion=version)
    server_id = world.post().json()["server"]["id"]
    fault = world.until(server_id, "ERROR", world.admin)["fault"]["details"]
    assert "ComputeFilter" in fault and "repair" in fault
    assert "repair" not in str(world.show(server_id)["fault"])
    world.admin.put("compute", path, json={"status": "enabled"}, microversion=version)
    world.create("two")
    assert world.admin.delete("compute", path, microversion=version).status_code == 409


def test_zones_from_aggregates(world: World) -> None:
    host = world.admin.get("compute", "/os-services").json()["services"][0]["host"]
    body = {"aggregate": {"name": "racks", "availability_zone": "east"}}
    aggregate = world.admin.post("compute", "/os-aggregates", json=body).json()["aggregate"]["id"]
    path = f"/os-aggregates/{aggregate}"
    add = {"add_host": {"host": host}}
    assert world.admin.post("compute", f"{path}/action", json=add).status_code == 200
    assert world.admin.post("compute", f"{path}/action", json=add).status_code == 409
    zones = world.demo.get("compute", "/os-availability-zone").json()["availabilityZoneInfo"]
    assert [one["zoneName"] for one in zones] == ["east"]
    server_id = world.create(availability_zone="east")
    assert world.show(server_id)["OS-EXT-AZ:availability_zone"] == "east"
    assert world.post(availability_zone="nova").status_code == 400
    assert world.admin.delete("compute", path).status_code == 400
    forced = world.post(availability_zone=f"east:{host}")
    assert forced.status_code == 403
    world.create("forced", client=world.admin, availability_zone=f"east:{host}", networks="none")


def test_quota_sets(world: World) -> None:
    project = world.admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    path = f"/os-quota-sets/{project}"
    old = world.demo.get("compute", path).json()["quota_set"]
    assert old["instances"] == 10 and old["floating_ips"] == -1 and old["injected_files"] == 5
    new = world.demo.get("compute", path, microversion="2.57").json()["quota_set"]
    assert set(new) == {
        "id",
        "instances",
        "cores",
        "ram",
        "metadata_items",
        "key_pairs",
        "server_groups",
        "server_group_members",
    }
    assert world.demo.put("compute", path, json={"quota_set": {"cores": 1}}).status_code == 403
    world.create()
    below = world.admin.put("compute", path, json={"quota_set": {"instances": 0}})
    assert below.status_code == 400 and "instances" in error_of(below)
    body = {"quota_set": {"instances": 0, "force": True}}
    assert world.admin.put("compute", path, json=body).status_code == 200
    detail = world.demo.get("compute", f"{path}/detail").json()["quota_set"]["instances"]
    assert detail == {"limit": 0, "in_use": 1, "reserved": 0}
    assert world.admin.delete("compute", path).status_code == 202
    assert world.demo.get("compute", path).json()["quota_set"]["instances"] == 10
    assert world.admin.get("compute", "/os-quota-sets/nobody").status_code == 400


def test_server_groups_keep_apart(world: World) -> None:
    body = {"server_group": {"name": "apart", "policy": "anti-affinity"}}
    made = world.demo.post("compute", "/os-server-groups", json=body, microversion="2.64")
    group = made.json()["server_group"]["id"]
    hint = {"os:scheduler_hints": {"group": group}}
    first = world.demo.post(
        "compute", "/servers", json={**world.body(), **hint}, microversion="2.96"
    )
    first_id = first.json()["server"]["id"]
    world.until(first_id, "ACTIVE")
    second = world.demo.post(
        "compute", "/servers", json={**world.body(), **hint}, microversion="2.96"
    )
    fault = world.until(second.json()["server"]["id"], "ERROR", world.admin)["fault"]["details"]
    assert "ServerGroupFilter" in fault
    shown = world.demo.get("compute", f"/os-server-groups/{group}", microversion="2.64")
    assert first_id in shown.json()["server_group"]["members"]
    assert world.show(first_id, version="2.71")["server_groups"] == [group]


def test_usage_counts_hours(world: World) -> None:
    world.create(flavorRef="1")
    project = world.admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    found = world.demo.get("compute", f"/os-simple-tenant-usage/{project}").json()["tenant_usage"]
    assert found["server_usages"][0]["memory_mb"] == 512
    assert found["total_hours"] >= 0
    assert world.demo.get("compute", "/os-simple-tenant-usage").status_code == 403


def test_old_security_group_routes(world: World) -> None:
    body = {"security_group": {"name": "old", "description": "d"}}
    group = world.demo.post("compute", "/os-security-groups", json=body).json()["security_group"]
    rule = {
        "parent_group_id": group["id"],
        "ip_protocol": "tcp",
        "from_port": 22,
        "to_port": 22,
        "cidr": "10.0.0.0/8",
    }
    made = world.demo.post(
        "compute", "/os-security-group-rules", json={"security_group_rule": rule}
    )
    assert made.json()["security_group_rule"]["ip_range"] == {"cidr": "10.0.0.0/8"}
    gone = world.demo.get("compute", "/os-security-groups", microversion="2.36")
    assert gone.status_code == 404
    rule_id = made.json()["security_group_rule"]["id"]
    path = f"/os-security-group-rules/{rule_id}"
    assert world.demo.delete("compute", path).status_code == 202
    assert world.demo.delete("compute", f"/os-security-groups/{group['id']}").status_code == 202


def test_network_limits_of_the_default_class_are_kept_for_old_clients(admin: Client) -> None:
    path = "/os-quota-class-sets/default"
    body = {"quota_class_set": {"floating_ips": 99, "security_groups": 98, "cores": 97}}
    set_ = admin.put("compute", path, json=body).json()["quota_class_set"]
    assert (set_["floating_ips"], set_["security_groups"], set_["cores"]) == (99, 98, 97)
    shown = admin.get("compute", path).json()["quota_class_set"]
    assert (shown["floating_ips"], shown["fixed_ips"]) == (99, -1)
    assert "floating_ips" not in admin.get("compute", path, microversion="2.50").text


def test_usage_of_a_project_without_id(admin: Client) -> None:
    assert admin.get("compute", "/os-simple-tenant-usage").status_code == 200
    assert admin.get("compute", "/os-simple-tenant-usage/").status_code == 404


def test_the_control_plane_is_listed(world: World) -> None:
    zones = world.admin.get("compute", "/os-availability-zone/detail").json()
    found = {one["zoneName"]: one for one in zones["availabilityZoneInfo"]}
    internal = found["internal"]
    assert internal["zoneState"] == {"available": True}
    (services,) = internal["hosts"].values()
    assert set(services) == {"nova-scheduler", "nova-conductor"}
    assert all(one["available"] and one["active"] for one in services.values())
    assert "internal" not in world.demo.get("compute", "/os-availability-zone").text
    listed = world.admin.get("compute", "/os-hosts?zone=internal").json()["hosts"]
    assert {one["service"] for one in listed} == {"scheduler", "conductor"}
    names = world.admin.get("compute", "/os-services").json()["services"]
    internal_ones = {one["binary"] for one in names if one["zone"] == "internal"}
    assert internal_ones == {"nova-scheduler", "nova-conductor"}


def test_a_disabled_host_makes_its_zone_unavailable(world: World) -> None:
    host = world.admin.get("compute", "/os-hypervisors").json()["hypervisors"][0]
    body = {"host": host["hypervisor_hostname"], "binary": "nova-compute"}
    for act in ("disable", "enable"):
        world.admin.put("compute", f"/os-services/{act}", json=body)
        zones = world.admin.get("compute", "/os-availability-zone/detail").json()
        nova = next(z for z in zones["availabilityZoneInfo"] if z["zoneName"] == "nova")
        assert nova["zoneState"]["available"] is (act == "enable")
        assert (nova["hosts"] is None) is (act == "disable")


def test_quota_classes_of_any_name(admin: Client, demo: Client) -> None:
    path = "/os-quota-class-sets/gold-%C3%A4 class"
    fresh = admin.get("compute", path).json()["quota_class_set"]
    assert fresh["cores"] == 20 and fresh["id"]
    wanted = {"quota_class_set": {"cores": 99, "server_groups": 3}}
    assert admin.put("compute", path, json=wanted, microversion="2.1").status_code == 200
    changed = admin.get("compute", path, microversion="2.50").json()["quota_class_set"]
    assert (changed["cores"], changed["server_groups"], changed["ram"]) == (99, 3, 51200)
    assert "server_groups" not in admin.get("compute", path).json()["quota_class_set"]
    project = admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    own = demo.get("compute", f"/os-quota-sets/{project}").json()["quota_set"]
    assert own["cores"] == 20 and own["server_groups"] == 10
    long = admin.put("compute", f"/os-quota-class-sets/{'x' * 256}", json=wanted)
    assert long.status_code == 400


def test_hosts_are_switched_by_old_clients(world: World) -> None:
    host = world.admin.get("compute", "/os-hosts").json()["hosts"][0]["host_name"]
    path = f"/os-hosts/{host}"
    for status, found in (("disable", "disabled"), ("Enable", "enabled")):
        answer = world.admin.put("compute", path, json={"status": status})
        assert answer.json() == {"host": host, "status": found}, answer.text
        services = world.admin.get("compute", "/os-services?binary=nova-compute").json()["services"]
        assert services[0]["status"] == found
    for wrong in ({}, {"status": "away"}, {"maintenance_mode": "enable"}, {"other": 1}):
        assert world.admin.put("compute", path, json=wrong).status_code == 400, wrong
    assert world.admin.put("compute", "/os-hosts/x", json={"status": "enable"}).status_code == 404
    assert world.demo.put("compute", path, json={"status": "enable"}).status_code == 403
    for act in ("reboot", "shutdown", "startup"):
        assert world.admin.get("compute", f"{path}/{act}").status_code == 400
        assert world.admin.get("compute", f"/os-hosts/x/{act}").status_code == 404
        assert world.demo.get("compute", f"{path}/{act}").status_code == 403


def test_no_list_ends_without_a_word(tmp_path: Path) -> None:
    """With pages of 4, of which no list here is one: either everything, or a link to the rest."""
    cloud = TestCloud(tmp_path / "small", api={"page_limit": 4})
    try:
        _walk_lists(cloud.client("demo"))
    finally:
        cloud.close()


def _walk_lists(demo: Client) -> None:
    for number in range(5):
        key = demo.post("compute", "/os-keypairs", json={"keypair": {"name": f"k{number}"}})
        assert key.status_code == 200
        group = {"name": f"g{number}", "policies": ["affinity"]}
        made = demo.post("compute", "/os-server-groups", json={"server_group": group})
        assert made.status_code == 200
        named = {"security_group": {"name": f"s{number}"}}
        assert demo.post("network", "/security-groups", json=named).status_code == 201
    for path, name in (
        ("/os-keypairs", "keypairs"),
        ("/os-server-groups", "server_groups"),
        ("/os-security-groups", "security_groups"),
        ("/images", "images"),
        ("/flavors", "flavors"),
    ):
        for version in ("2.1", "2.100"):
            body = demo.get("compute", path, microversion=version).json()
            if name in body:
                links = f"{name}_links" in body
                assert links or len(body[name]) != 4, f"{path} at {version} ends at the page"
