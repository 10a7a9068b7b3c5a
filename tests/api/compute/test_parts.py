"""What hangs on a server: interfaces, addresses, groups, tags, metadata, actions."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from tests.testcloud.cloud import SECRETS

from .conftest import World


def test_interfaces_come_and_go(world: World) -> None:
    server_id = world.create()
    path = f"/servers/{server_id}/os-interface"
    body = {"interfaceAttachment": {"net_id": world.network}}
    made = world.demo.post("compute", path, json=body)
    assert made.status_code == 200, made.text
    port_id = made.json()["interfaceAttachment"]["port_id"]
    world.cloud.wait(lambda: port_id in world.driver.get_guest(server_id).vifs)
    listed = world.demo.get("compute", path).json()["interfaceAttachments"]
    assert len(listed) == 2
    versions = [one["version"] for one in world.show(server_id)["addresses"]["private"]]
    assert versions == [4, 6, 4, 6]
    assert world.demo.delete("compute", f"{path}/{port_id}").status_code == 202
    world.cloud.wait(lambda: world.demo.get("network", f"/ports/{port_id}").status_code == 404)
    assert port_id not in world.driver.get_guest(server_id).vifs
    assert world.demo.get("compute", f"{path}/{port_id}").status_code == 404
    actions = world.demo.get("compute", f"/servers/{server_id}/os-instance-actions").json()
    done = [one["action"] for one in actions["instanceActions"]]
    assert done == ["detach_interface", "attach_interface", "create"]


def test_a_hot_plug_that_fails_leaves_the_server_alone(world: World) -> None:
    server_id = world.create()
    world.driver.fail("attach_interface", "no free slot", times=1)
    path = f"/servers/{server_id}/os-interface"
    made = world.demo.post("compute", path, json={}).json()["interfaceAttachment"]
    port = f"/ports/{made['port_id']}"
    world.cloud.wait(lambda: world.demo.get("network", port).status_code == 404)
    assert world.until(server_id, "ACTIVE")["status"] == "ACTIVE"


def test_a_given_port_survives_its_server(world: World) -> None:
    body = {"port": {"network_id": world.network, "name": "mine"}}
    port_id = world.demo.post("network", "/ports", json=body).json()["port"]["id"]
    server_id = world.create(networks=[{"port": port_id}])
    taken = world.post(networks=[{"port": port_id}])
    assert taken.status_code in (400, 409)
    world.demo.delete("compute", f"/servers/{server_id}")
    world.until_gone(server_id)
    port = world.demo.get("network", f"/ports/{port_id}").json()["port"]
    assert port["device_id"] == ""


def test_security_groups_of_a_server(world: World) -> None:
    group = {"security_group": {"name": "web"}}
    world.demo.post("network", "/security-groups", json=group)
    server_id = world.create()
    assert world.act(server_id, "addSecurityGroup", {"name": "web"}).status_code == 202
    groups = world.demo.get("compute", f"/servers/{server_id}/os-security-groups").json()
    assert [one["name"] for one in groups["security_groups"]] == ["default", "web"]
    assert world.act(server_id, "removeSecurityGroup", {"name": "web"}).status_code == 202
    assert world.act(server_id, "removeSecurityGroup", {"name": "web"}).status_code == 404
    assert world.act(server_id, "addSecurityGroup", {"name": "nobody"}).status_code == 404


def test_tags_and_metadata(world: World) -> None:
    server_id = world.create(networks="none")
    tags = f"/servers/{server_id}/tags"
    version: dict[str, Any] = {"microversion": "2.26"}
    assert world.demo.put("compute", f"{tags}/a", **version).status_code == 201
    assert world.demo.put("compute", f"{tags}/a", **version).status_code == 204
    assert world.demo.put("compute", f"{tags}/{'x' * 61}", **version).status_code == 400
    replaced = world.demo.put("compute", tags, json={"tags": ["b", "c"]}, **version)
    assert replaced.json() == {"tags": ["b", "c"]}
    assert world.demo.get("compute", f"{tags}/a", **version).status_code == 404
    assert world.demo.delete("compute", tags, **version).status_code == 204

    meta = f"/servers/{server_id}/metadata"
    assert world.demo.post("compute", meta, json={"metadata": {"a": "1"}}).status_code == 200
    assert world.demo.put("compute", f"{meta}/b", json={"meta": {"b": "2"}}).status_code == 200
    assert world.demo.put("compute", f"{meta}/b", json={"meta": {"c": "2"}}).status_code == 400
    assert world.demo.get("compute", meta).json() == {"metadata": {"a": "1", "b": "2"}}
    assert world.demo.delete("compute", f"{meta}/a").status_code == 204
    assert world.demo.delete("compute", f"{meta}/a").status_code == 404


def test_actions_tell_what_failed(world: World) -> None:
    server_id = world.create()
    world.driver.fail("reboot", "the guest is stuck", times=1)
    answer = world.act(server_id, "reboot", {"type": "HARD"})
    world.until(server_id, "ERROR")
    request = answer.headers["x-compute-request-id"]
    path = f"/servers/{server_id}/os-instance-actions/{request}"
    plain = world.demo.get("compute", path, microversion="2.84").json()["instanceAction"]
    assert "details" not in plain["events"][0]  # events:details is for administrators
    action = world.admin.get("compute", path, microversion="2.84").json()["instanceAction"]
    assert action["action"] == "reboot" and action["message"] == "Error"
    assert action["events"][0]["details"] == "the guest is stuck"
    assert "host" in action["events"][0] and "host" not in plain["events"][0]


def metadata(world: World, server_id: str, path: str, secret: str = "") -> Any:
    secret = secret or SECRETS["metadata_secret"]
    project = world.show(server_id)["tenant_id"]
    signature = hmac.new(secret.encode(), server_id.encode(), hashlib.sha256).hexdigest()
    headers = {
        "X-Instance-ID": server_id,
        "X-Tenant-ID": project,
        "X-Instance-ID-Signature": signature,
    }
    return world.cloud.anonymous().get("raw", f"/metadata{path}", headers=headers)


def test_the_metadata_service(world: World) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGaPdSg+Mbp5GS0Mnk+Uu0YaAVzYVYZQXxKzVCBzs3Ug me"
    body = {"keypair": {"name": "k", "public_key": key}}
    world.demo.post("compute", "/os-keypairs", json=body)
    server_id = world.create("named", key_name="k", user_data="aGVsbG8=", metadata={"a": "b"})
    meta = metadata(world, server_id, "/openstack/latest/meta_data.json").json()
    assert meta["uuid"] == server_id and meta["public_keys"] == {"k": key}
    assert meta["hostname"] == "named.novalocal" and meta["meta"] == {"a": "b"}
    assert metadata(world, server_id, "/openstack/latest/user_data").content == b"hello"
    network = metadata(world, server_id, "/openstack/latest/network_data.json").json()
    assert network["networks"][0]["network_id"] == world.network
    keys = metadata(world, server_id, "/latest/meta-data/public-keys/").text
    assert keys == "0=k"
    assert metadata(world, server_id, "/latest/meta-data/public-keys/0/openssh-key").text == key
    address = world.show(server_id)["addresses"]["private"][0]["addr"]
    assert metadata(world, server_id, "/2009-04-04/meta-data/local-ipv4").text == address
    assert metadata(world, server_id, "/latest/meta-data/nonsense").status_code == 404
    assert (
        metadata(world, server_id, "/openstack/latest/meta_data.json", "forged").status_code == 403
    )
    nobody = world.cloud.anonymous().get("raw", "/metadata/openstack/latest/meta_data.json")
    assert nobody.status_code == 403


def test_console_lines_are_counted_as_the_real_service_does(world: World) -> None:
    """What follows the last line break counts, also when it is empty."""
    server = world.create(networks="none")
    world.driver.say(server, "one\r\n\x1btwo\nlast\n")
    for length, expected in (
        (3, "\x1btwo\nlast\n".replace("\x1b", "")),
        ("2", "last\n"),
        (1, ""),
        (0, ""),
    ):
        answer = world.act(server, "os-getConsoleOutput", {"length": length})
        assert (answer.status_code, answer.json()) == (200, {"output": expected}), length
    everything = world.act(server, "os-getConsoleOutput", {}).json()["output"]
    assert everything == world.act(server, "os-getConsoleOutput", {"length": -1}).json()["output"]
    assert "\r" not in everything and "\none\n" in everything
    for wrong in (-2, "x", 1.5, True):
        assert world.act(server, "os-getConsoleOutput", {"length": wrong}).status_code == 400
