"""Servers from birth to death, over HTTP, on simulated hosts."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest
from sqlalchemy import select

from stratolith.kernel.operations import Operation
from tests.testcloud import TestCloud

from .conftest import World, error_of

NOBODY = "00000000-0000-0000-0000-000000000000"


def test_a_server_is_built_shown_and_deleted(world: World) -> None:
    server_id = world.create("first", metadata={"a": "b"}, tags=["x", "y"], description="mine")
    server = world.show(server_id)
    assert server["addresses"]["private"][0]["version"] == 4
    assert server["metadata"] == {"a": "b"} and server["tags"] == ["x", "y"]
    assert server["description"] == "mine"
    assert server["OS-EXT-STS:power_state"] == 1 and server["OS-SRV-USG:launched_at"]
    assert server["security_groups"] == [{"name": "default"}]
    assert world.driver.get_guest(server_id).power == "running"
    assert "OS-EXT-SRV-ATTR:host" not in server
    extended = world.show(server_id, world.admin)
    assert extended["OS-EXT-SRV-ATTR:host"] and extended["host_status"] == "UP"

    assert world.demo.delete("compute", f"/servers/{server_id}").status_code == 204
    world.until_gone(server_id)
    assert world.driver.list_guests() == []
    ports = world.demo.get("network", f"/ports?device_id={server_id}").json()["ports"]
    assert ports == []
    held = world.admin.get("placement", f"/allocations/{server_id}").json()
    assert held["allocations"] == {}
    # what was done stays known
    path = f"/servers/{server_id}/os-instance-actions"
    actions = world.demo.get("compute", path, microversion="2.96").json()["instanceActions"]
    assert [one["action"] for one in actions] == ["delete", "create"]


def test_many_at_once(world: World) -> None:
    body = world.body("many", min_count=5, max_count=5, return_reservation_id=True)
    answer = world.demo.post("compute", "/servers", json=body, microversion="2.96")
    reservation = answer.json()["reservation_id"]
    path = f"/servers/detail?reservation_id={reservation}"

    def built() -> object:
        servers = world.demo.get("compute", path).json()["servers"]
        return servers if {one["status"] for one in servers} == {"ACTIVE"} else None

    servers = world.cloud.wait(built)
    assert sorted(one["name"] for one in servers) == [f"many-{n}" for n in range(1, 6)]
    addresses = {one["addresses"]["private"][0]["addr"] for one in servers}
    assert len(addresses) == 5
    usage = world.demo.get("compute", "/limits").json()["limits"]["absolute"]
    assert usage["totalInstancesUsed"] == 5 and usage["totalCoresUsed"] == 5


def test_power(world: World) -> None:
    server_id = world.create()
    assert world.act(server_id, "os-stop").status_code == 202
    assert world.until(server_id, "SHUTOFF")["OS-EXT-STS:power_state"] == 4
    assert world.act(server_id, "os-stop").status_code == 409
    assert world.act(server_id, "reboot", {"type": "SOFT"}).status_code == 409
    assert world.act(server_id, "os-start").status_code == 202
    world.until(server_id, "ACTIVE")
    before = world.driver.get_guest(server_id).pid
    assert world.act(server_id, "reboot", {"type": "HARD"}).status_code == 202
    world.until(server_id, "ACTIVE")
    assert world.driver.get_guest(server_id).pid != before


def test_a_guest_that_powers_itself_off_stays_off(world: World) -> None:
    server_id = world.create()
    world.driver.power_off_guest(server_id)
    world.until(server_id, "SHUTOFF")
    assert world.act(server_id, "os-start").status_code == 202
    world.until(server_id, "ACTIVE")


def test_a_crashed_guest_is_started_again(world: World) -> None:
    server_id = world.create()
    before = world.driver.get_guest(server_id).pid
    world.driver.crash(server_id)
    world.cloud.wait(lambda: world.driver.get_guest(server_id).pid not in (None, before))
    assert world.until(server_id, "ACTIVE")["OS-EXT-STS:power_state"] == 1

    def noted() -> Any:
        path = f"/servers/{server_id}/os-instance-actions"
        actions = world.demo.get("compute", path).json()["instanceActions"]
        return [one for one in actions if one["action"] == "start"]

    (action,) = world.cloud.wait(noted)
    assert action["message"] == "The guest crashed and was started again."
    assert action["user_id"] is None and action["project_id"]
    path = f"/servers/{server_id}/os-instance-actions/{action['request_id']}"
    admin = world.cloud.client("admin")
    shown = admin.get("compute", path, microversion="2.96").json()["instanceAction"]
    (event,) = shown["events"]
    assert (event["event"], event["result"]) == ("compute_start_instance", "Success")
    assert "ended unexpectedly" in event["details"]


def test_a_build_that_fails_tells_why_and_leaves_nothing(world: World) -> None:
    world.driver.fail("start", "no room for the guest's memory", times=1)
    answer = world.demo.post("compute", "/servers", json=world.body(), microversion="2.96")
    server_id = answer.json()["server"]["id"]
    server = world.until(server_id, "ERROR")
    assert server["fault"]["message"] == "no room for the guest's memory"
    world.cloud.wait(lambda: not world.driver.list_guests())
    # nothing is there to act upon, and no operation may wait for it
    image = world.body()["server"]["imageRef"]
    for action in (
        {"rebuild": {"imageRef": image}},
        {"reboot": {"type": "HARD"}},
        {"os-stop": None},
    ):
        answer = world.demo.post("compute", f"/servers/{server_id}/action", json=action)
        assert answer.status_code == 409, action
        assert error_of(answer).endswith("an instance which has never been active")
    world.demo.delete("compute", f"/servers/{server_id}")
    world.until_gone(server_id)


def test_no_valid_host_names_filter_and_numbers(world: World) -> None:
    flavor = {"id": "huge", "name": "huge", "ram": 1 << 30, "vcpus": 1, "disk": 1}
    assert world.admin.post("compute", "/flavors", json={"flavor": flavor}).status_code == 200
    world.admin.put("compute", f"/os-quota-sets/{project(world)}", json={"quota_set": {"ram": -1}})
    answer = world.demo.post(
        "compute", "/servers", json=world.body(flavorRef="huge"), microversion="2.96"
    )
    assert answer.status_code == 202
    server = world.until(answer.json()["server"]["id"], "ERROR")
    told = "No valid host was found. There are not enough hosts for this request."
    assert server["fault"]["message"] == told and "details" not in server["fault"]
    shown = world.admin.get("compute", f"/servers/{server['id']}").json()["server"]["fault"]
    assert shown["message"] == told
    assert shown["details"].startswith("No valid host was found. Placement: ")
    assert f"MEMORY_MB needs {1 << 30}, has " in shown["details"]
    assert world.demo.delete("compute", f"/servers/{server['id']}").status_code == 204
    assert world.demo.get("compute", f"/servers/{server['id']}").status_code == 404


def project(world: World) -> str:
    flavor = world.demo.get("compute", "/servers").status_code
    assert flavor == 200
    server = world.admin.get("identity", "/projects?name=demo").json()["projects"][0]
    project_id: str = server["id"]
    return project_id


def test_quota_counts_rows(world: World) -> None:
    limit = {"quota_set": {"instances": 2}}
    world.admin.put("compute", f"/os-quota-sets/{project(world)}", json=limit)
    assert world.demo.post("compute", "/servers", json=world.body(max_count=5)).status_code == 202
    cloud_has = world.demo.get("compute", "/servers").json()["servers"]
    assert len(cloud_has) == 2  # as many as the quota allows
    answer = world.demo.post("compute", "/servers", json=world.body())
    assert answer.status_code == 403
    assert "Requested 1, but already used 2 of 2 instances" in error_of(answer)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"imageRef": NOBODY}, "image"),
        ({"flavorRef": "nonsense"}, "Flavor nonsense could not be found."),
        ({"networks": [{"uuid": NOBODY}]}, NOBODY),
        ({"networks": [{"uuid": "x"}]}, "networks"),
        ({"key_name": "nobody"}, "key_name"),
        ({"availability_zone": "mars"}, "availability zone"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": 7}, "name"),
        ({"user_data": "%%%"}, "user_data"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"min_count": 3, "max_count": 2}, "min_count"),
        ({"min_count": 0}, "min_count"),
        ({"accessIPv4": "300.1.1.1"}, "accessIPv4"),
        ({"nonsense": 1}, "nonsense"),
        ({"security_groups": [{"name": "nobody"}]}, "nobody"),
        ({"imageRef": None}, "imageRef"),
        (
            {
                "block_device_mapping_v2": [
                    {
                        "source_type": "volume",
                        "destination_type": "volume",
                        "uuid": NOBODY,
                        "boot_index": 0,
                    }
                ]
            },
            "failed to get volume",
        ),
        ({"networks": None}, "networks"),
        ({"tags": ["a,b"]}, "tags"),
        ({"hostname": "-x-"}, "hostname"),
    ],
)
def test_bad_requests_name_the_field(world: World, change: dict[str, object], text: str) -> None:
    answer = world.demo.post("compute", "/servers", json=world.body(**change), microversion="2.96")
    assert answer.status_code == 400, answer.text
    assert text in error_of(answer)
    assert world.demo.get("compute", "/servers").json()["servers"] == []


def test_others_servers_are_not_found(world: World) -> None:
    server_id = world.create(client=world.admin, networks="none")
    for method in ("get", "delete"):
        assert getattr(world.demo, method)("compute", f"/servers/{server_id}").status_code == 404
    assert world.act(server_id, "os-stop").status_code == 404
    listed = world.demo.get("compute", "/servers?all_tenants=1")
    assert listed.status_code == 403
    everyone = world.admin.get("compute", "/servers?all_tenants=1").json()["servers"]
    assert [one["id"] for one in everyone] == [server_id]


def test_deleting_works_while_the_host_is_dead(world: World) -> None:
    server_id = world.create()
    host = world.cloud.hosts.pop()
    host.stop()
    name = world.admin.get("compute", "/os-services").json()["services"][0]["host"]
    body = {"binary": "nova-compute", "host": name, "forced_down": True}
    world.admin.put("compute", "/os-services/force-down", json=body, microversion="2.11")
    assert world.demo.delete("compute", f"/servers/{server_id}").status_code == 204
    assert world.demo.get("compute", f"/servers/{server_id}").status_code == 404
    assert host.rooms["guests"].driver.list_guests() != []
    body["forced_down"] = False
    world.admin.put("compute", "/os-services/force-down", json=body, microversion="2.11")
    world.cloud.start_hosts()  # it returns, and cleans up what is no longer wanted
    world.cloud.wait(lambda: world.driver.list_guests() == [])


def test_update(world: World) -> None:
    server_id = world.create()
    body = {"server": {"name": "renamed", "accessIPv6": "0:0:0:0:0:0:0:1", "hostname": "web-1"}}
    path = f"/servers/{server_id}"
    found = world.demo.put("compute", path, json=body, microversion="2.90").json()["server"]
    assert (found["name"], found["accessIPv6"]) == ("renamed", "::1")
    assert found["OS-EXT-SRV-ATTR:hostname"] == "web-1"
    old = world.demo.put("compute", path, json={"server": {"name": "again"}}).json()["server"]
    assert old["name"] == "again" and "key_name" not in old
    assert set(old["addresses"]["private"][0]) == {"addr", "version"}
    assert world.demo.put("compute", path, json={"server": {"name": ""}}).status_code == 400


def test_rebuild_keeps_identity(world: World) -> None:
    server_id = world.create()
    before = world.show(server_id)
    pid = world.driver.get_guest(server_id).pid
    value = {"imageRef": world.image, "name": "new", "metadata": {"k": "v"}}
    answer = world.act(server_id, "rebuild", value)
    assert answer.status_code == 202 and answer.json()["server"]["status"] == "REBUILD"
    after = world.until(server_id, "ACTIVE")
    assert after["name"] == "new" and after["metadata"] == {"k": "v"}
    assert after["addresses"] == before["addresses"]
    assert world.driver.get_guest(server_id).pid != pid


def test_locks(world: World) -> None:
    server_id = world.create()
    assert (
        world.act(server_id, "lock", {"locked_reason": "busy"}, microversion="2.73").status_code
        == 202
    )
    server = world.show(server_id)
    assert server["locked"] is True and server["locked_reason"] == "busy"
    assert world.act(server_id, "os-stop").status_code == 409
    assert world.demo.delete("compute", f"/servers/{server_id}").status_code == 409
    assert world.act(server_id, "unlock").status_code == 202
    assert world.act(server_id, "os-stop").status_code == 202


def test_reset_state_is_for_administrators(world: World) -> None:
    server_id = world.create()
    value = {"state": "error"}
    assert world.act(server_id, "os-resetState", value).status_code == 403
    assert world.act(server_id, "os-resetState", value, client=world.admin).status_code == 202
    world.until(server_id, "ERROR")
    assert world.act(server_id, "reboot", {"type": "HARD"}).status_code == 202
    world.until(server_id, "ACTIVE")


def test_unknown_and_malformed_actions(world: World) -> None:
    server_id = world.create()
    assert "no such action" in error_of(world.act(server_id, "fly"))
    assert world.act(server_id, "reboot", {"type": "SIDEWAYS"}).status_code == 400
    assert world.act(server_id, "reboot", {}).status_code == 400
    assert world.act(NOBODY, "os-stop").status_code == 404
    assert world.act("short", "os-stop").status_code == 404
    assert world.act(server_id, "changePassword", {"adminPass": "x"}).status_code == 409


def test_console_output(world: World) -> None:
    server_id = world.create()
    world.driver.say(server_id, "one\ntwo\nthree\n")
    found = world.act(server_id, "os-getConsoleOutput", {"length": 3})
    assert found.json() == {"output": "two\nthree\n"}
    assert "one" in world.act(server_id, "os-getConsoleOutput", {}).json()["output"]


def test_config_drive_reaches_the_guest(world: World) -> None:
    text = base64.b64encode(b"#!/bin/sh\n").decode()
    server_id = world.create(config_drive=True, user_data=text)
    assert world.show(server_id)["config_drive"] == "True"
    wanted = world.cloud.hosts[0].rooms["guests"]._wanted
    assert wanted[server_id].spec.id == server_id


def test_old_catalogues_have_the_project_in_the_path(cloud: TestCloud, world: World) -> None:
    server_id = world.create()
    path = f"/compute/v2.1/{project(world)}/servers/{server_id}"
    assert world.demo.get("raw", path).status_code == 200
    assert world.demo.get("raw", f"/compute/v2/servers/{server_id}").status_code == 200


def test_pause_and_unpause(world: World) -> None:
    server_id = world.create()
    assert world.act(server_id, "unpause").status_code == 409
    assert world.act(server_id, "pause").status_code == 202
    server = world.until(server_id, "PAUSED")
    assert server["OS-EXT-STS:power_state"] == 3
    assert world.act(server_id, "pause").status_code == 409
    assert world.act(server_id, "os-stop").status_code == 409
    assert world.driver.get_guest(server_id).power == "paused"
    assert world.act(server_id, "unpause").status_code == 202
    assert world.until(server_id, "ACTIVE")["OS-EXT-STS:power_state"] == 1
    assert world.act(server_id, "pause").status_code == 202
    world.until(server_id, "PAUSED")
    assert world.demo.delete("compute", f"/servers/{server_id}").status_code == 204
    world.until_gone(server_id)
    assert world.driver.list_guests() == []


def test_the_admin_password_goes_into_the_config_drive_and_nowhere_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drives: list[dict[str, bytes]] = []
    create = world.driver.create

    def watch(spec: Any) -> None:
        drives.append(spec.config_drive)
        create(spec)

    monkeypatch.setattr(world.driver, "create", watch)
    answer = world.post(config_drive=True, adminPass="Sesame-open-7")
    server_id = answer.json()["server"]["id"]
    world.until(server_id, "ACTIVE")
    for version in ("2012-08-10", "latest"):
        meta = json.loads(drives[-1][f"openstack/{version}/meta_data.json"])
        assert meta["admin_pass"] == "Sesame-open-7"
    rebuilt = world.act(server_id, "rebuild", {"imageRef": world.image})
    made_up = rebuilt.json()["server"]["adminPass"]
    world.until(server_id, "ACTIVE")
    meta = json.loads(drives[-1]["openstack/latest/meta_data.json"])
    assert meta["admin_pass"] == made_up != "Sesame-open-7"
    world.create("two", adminPass="Sesame-open-8")
    assert drives[-1] is None
    with world.cloud.env.db.read() as session:
        found = session.scalars(select(Operation).where(Operation.service == "compute")).all()
        assert len(found) == 3
        assert all("sealed_admin_pass" not in one.params for one in found)


def test_a_waiting_admin_password_is_sealed(world: World) -> None:
    world.driver.delay("create", 1.0)
    server_id = world.post(config_drive=True, adminPass="Sesame-open-9").json()["server"]["id"]
    with world.cloud.env.db.read() as session:
        statement = select(Operation).where(Operation.resource_id == server_id)
        params = session.scalars(statement).one().params
        assert params["sealed_admin_pass"] and "Sesame" not in str(params)
    world.until(server_id, "ACTIVE")


def test_injecting_network_info_repairs_lost_nics(world: World) -> None:
    server_id = world.create()
    port = world.driver.get_guest(server_id).vifs[0]
    world.driver.detach_interface(server_id, port)
    assert world.act(server_id, "injectNetworkInfo").status_code == 403
    assert world.act(server_id, "injectNetworkInfo", client=world.admin).status_code == 202
    world.cloud.wait(lambda: world.driver.get_guest(server_id).vifs == [port])
    missing = world.act(str(uuid.uuid4()), "injectNetworkInfo", client=world.admin)
    assert missing.status_code == 404
