"""Trunks over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import TestCloud

from .conftest import Net


def vlan(port: Any, tag: int) -> dict[str, Any]:
    return {"port_id": port["id"], "segmentation_type": "vlan", "segmentation_id": tag}


@pytest.fixture
def ports(net: Net) -> list[Any]:
    """A parent and two ports that may be its sub-ports."""
    network = net.network()
    net.subnet(network)
    return [net.port(network, name=name) for name in ("parent", "one", "two")]


def test_a_trunk_of_a_member(net: Net, ports: list[Any]) -> None:
    parent, one, two = ports
    made = net.post("/trunks", "trunk", port_id=parent["id"], sub_ports=[vlan(one, 5)], name="t")
    assert made["status"] == "DOWN" and made["sub_ports"] == [vlan(one, 5)]
    path = f"/trunks/{made['id']}"
    assert net.get(path)["trunk"] == made
    added = net.raw("PUT", f"{path}/add_subports", 200, {"sub_ports": [vlan(two, "6")]})
    assert added["sub_ports"] == [vlan(one, 5), vlan(two, 6)]
    assert net.get(f"{path}/get_subports") == {"sub_ports": added["sub_ports"]}
    details = net.get(f"/ports/{parent['id']}")["port"]["trunk_details"]
    assert details["trunk_id"] == made["id"]
    assert [sub["mac_address"] for sub in details["sub_ports"]] == [
        one["mac_address"], two["mac_address"],
    ]  # fmt: skip
    listed = net.get("/ports?name=parent")["ports"][0]
    assert listed["trunk_details"] == details and "trunk_details" not in one
    for port, error in ((parent, "PortInUseAsTrunkParent"), (one, "PortInUseAsSubPort")):
        assert net.delete(f"/ports/{port['id']}", 409)["type"] == error
    left = net.raw("PUT", f"{path}/remove_subports", 200, {"sub_ports": [{"port_id": one["id"]}]})
    assert left["sub_ports"] == [vlan(two, 6)]
    net.delete(f"/ports/{one['id']}")
    net.delete(path)
    net.delete(f"/ports/{two['id']}")
    net.delete(f"/ports/{parent['id']}")


@pytest.mark.parametrize(
    ("which", "error"), [(0, "PortInUseAsTrunkParent"), (1, "PortInUseAsSubPort")]
)
def test_an_interface_on_a_port_of_a_trunk_stays(
    net: Net, ports: list[Any], which: int, error: str
) -> None:
    parent, one, _ = ports
    net.post("/trunks", "trunk", port_id=parent["id"], sub_ports=[vlan(one, 5)])
    path = f"/routers/{net.post('/routers', 'router', name='r')['id']}"
    body = {"port_id": ports[which]["id"]}
    net.raw("PUT", f"{path}/add_router_interface", 200, body)
    refused = net.raw("PUT", f"{path}/remove_router_interface", 409, body)
    assert refused["type"] == error


def test_sub_ports_follow_their_parent(net: Net, boss: Net, ports: list[Any]) -> None:
    parent, one, two = ports
    made = net.post("/trunks", "trunk", port_id=parent["id"], sub_ports=[vlan(one, 5)])
    path = f"/trunks/{made['id']}"
    boss.put(f"/ports/{parent['id']}", "port", **{"binding:host_id": "h1"})

    def seen(port: Any) -> tuple[str, str]:
        shown = boss.get(f"/ports/{port['id']}")["port"]
        return shown["binding:host_id"], shown["device_owner"]

    assert seen(one) == ("h1", "trunk:subport")
    assert net.get(path)["trunk"]["status"] == "BUILD"
    net.raw("PUT", f"{path}/add_subports", 200, {"sub_ports": [vlan(two, 6)]})
    assert seen(two) == ("h1", "trunk:subport")
    assert net.delete(path, 409)["type"] == "TrunkInUse"
    net.raw("PUT", f"{path}/remove_subports", 200, {"sub_ports": [{"port_id": two["id"]}]})
    assert seen(two) == ("", "")
    boss.put(f"/ports/{parent['id']}", "port", **{"binding:host_id": ""})
    assert seen(one) == ("", "trunk:subport") and net.get(path)["trunk"]["status"] == "DOWN"
    net.delete(path)
    assert seen(one) == ("", "")


def test_ports_of_other_projects_are_unknown(net: Net, boss: Net, ports: list[Any]) -> None:
    """Also on the caller's own network, where it may see them."""
    parent, one, _ = ports
    project = boss.network()["project_id"]
    theirs = boss.port({"id": parent["network_id"]}, project_id=project)
    body = {"port_id": parent["id"], "sub_ports": [vlan(theirs, 5)]}
    assert net.post("/trunks", "trunk", 404, **body)["type"] == "PortNotFound"
    assert net.post("/trunks", "trunk", 404, port_id=theirs["id"])["type"] == "PortNotFound"
    mine = net.post("/trunks", "trunk", port_id=parent["id"], sub_ports=[vlan(one, 5)])
    assert net.get(f"/trunks/{mine['id']}")["trunk"] == mine


@pytest.mark.parametrize(
    ("item", "status", "type_"),
    [
        ({"segmentation_type": "vlan", "segmentation_id": 4095}, 400, "InvalidInput"),
        ({"segmentation_type": "vlan", "segmentation_id": []}, 400, "InvalidInput"),
        ({"segmentation_type": "vlan", "segmentation_id": "1" * 5000}, 400, "InvalidInput"),
        ({"segmentation_type": ["vlan"], "segmentation_id": 5}, 400, "InvalidInput"),
        ({"segmentation_type": "inherit"}, 400, "InvalidInput"),
        ({"segmentation_type": "vlan"}, 400, "HTTPBadRequest"),
        ({"port_id": 5}, 400, "HTTPBadRequest"),
        ({"port_id": None}, 400, "HTTPBadRequest"),
    ],
)
def test_sub_ports_that_are_refused(
    net: Net, ports: list[Any], item: dict[str, Any], status: int, type_: str
) -> None:
    parent, one, _ = ports
    body = {"port_id": parent["id"], "sub_ports": [{"port_id": one["id"], **item}]}
    assert net.post("/trunks", "trunk", status, **body)["type"] == type_
    assert net.get("/trunks")["trunks"] == []


def test_filters_and_order(net: Net, ports: list[Any]) -> None:
    for name, port in zip("abc", ports, strict=True):
        net.post("/trunks", "trunk", port_id=port["id"], name=name, description=name * 2)

    def names(query: str) -> list[str]:
        return [trunk["name"] for trunk in net.get(f"/trunks?{query}")["trunks"]]

    assert names("sort_key=name&sort_dir=desc") == ["c", "b", "a"]
    assert names("name=b") == ["b"] and names(f"port_id={ports[2]['id']}") == ["c"]
    assert names("description=aa") == ["a"] and names("status=ACTIVE") == []
    assert names("admin_state_up=false") == []
    assert names("sort_key=name&sort_dir=asc&limit=2") == ["a", "b"]


def test_the_quota(net: Net, boss: Net, ports: list[Any]) -> None:
    project = ports[0]["project_id"]
    boss.raw("PUT", f"/quotas/{project}", 200, {"quota": {"trunk": 1}})
    net.post("/trunks", "trunk", port_id=ports[0]["id"])
    assert net.post("/trunks", "trunk", 409, port_id=ports[1]["id"])["type"] == "OverQuota"


def test_a_server_takes_its_trunk_to_its_host(
    cloud: TestCloud, net: Net, boss: Net, ports: list[Any]
) -> None:
    """The trunk is ACTIVE when all its ports are; without the server it is DOWN."""
    cloud.start_hosts()
    parent, one, two = ports
    trunk = net.post("/trunks", "trunk", port_id=parent["id"], sub_ports=[vlan(one, 5)])
    path = f"/trunks/{trunk['id']}"
    demo, boss_of_compute = net.client, cloud.client("admin")
    cloud.wait(lambda: boss_of_compute.get("compute", "/os-hypervisors").json()["hypervisors"])
    image = demo.get("image", "/images").json()["images"][0]["id"]
    networks = [{"port": one["id"]}]
    server = {"name": "s", "flavorRef": "42", "imageRef": image, "networks": networks}
    taken = demo.post("compute", "/servers", json={"server": server})
    assert taken.status_code in (400, 409), taken.text
    server["networks"] = [{"port": parent["id"]}]
    made = demo.post("compute", "/servers", json={"server": server})
    assert made.status_code == 202, made.text
    cloud.wait(lambda: net.get(path)["trunk"]["status"] == "ACTIVE")
    host = boss.get(f"/ports/{parent['id']}")["port"]["binding:host_id"]
    assert boss.get(f"/ports/{one['id']}")["port"]["binding:host_id"] == host != ""
    net.raw("PUT", f"{path}/add_subports", 200, {"sub_ports": [vlan(two, 6)]})
    cloud.wait(lambda: net.get(f"/ports/{two['id']}")["port"]["status"] == "ACTIVE")
    cloud.wait(lambda: net.get(path)["trunk"]["status"] == "ACTIVE")
    demo.request("DELETE", "compute", f"/servers/{made.json()['server']['id']}")
    cloud.wait(lambda: net.get(path)["trunk"]["status"] == "DOWN")
    net.delete(path)
