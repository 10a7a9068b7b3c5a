"""What no host can realise is refused, or shows at the port that cannot be bound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.network.managers.events import VIEW
from tests.testcloud import TestCloud

from .conftest import Net


def test_unknown_types_of_networks_are_refused(boss: Net) -> None:
    provider = {"provider:network_type": "bogus", "provider:segmentation_id": 5}
    error = boss.post("/networks", "network", 400, **provider)
    assert error["type"] == "InvalidInput" and "'bogus' not supported" in error["message"]


def test_a_port_on_a_physical_network_that_no_host_has_is_not_bound(
    cloud: TestCloud, boss: Net
) -> None:
    cloud.start_hosts()
    agents = cloud.wait(lambda: boss.get("/agents")["agents"])
    boss.post(
        "/network_segment_ranges", "network_segment_range",
        network_type="vlan", physical_network="elsewhere", minimum=7, maximum=9,
    )  # fmt: skip
    vlan = {"provider:network_type": "vlan", "provider:physical_network": "elsewhere"}
    network = boss.network(**vlan)
    assert network["provider:segmentation_id"] == 7
    boss.subnet(network)
    port = boss.port(network, **{"binding:host_id": agents[0]["host"]})
    path = f"/ports/{port['id']}"
    cloud.wait(lambda: boss.get(path)["port"]["status"] == "ERROR")
    assert boss.get(path)["port"]["binding:vif_type"] == "binding_failed"


def test_distributed_routers_are_refused(boss: Net) -> None:
    boss.post("/routers", "router", 400, distributed=True)
    assert boss.post("/routers", "router", distributed=False)["distributed"] is False


def test_a_port_that_needs_hardware_is_not_bound(cloud: TestCloud, boss: Net) -> None:
    cloud.start_hosts()
    agents = cloud.wait(lambda: boss.get("/agents")["agents"])
    network = boss.network()
    boss.subnet(network)
    bound = {"binding:host_id": agents[0]["host"]}
    port = boss.port(network, **bound, **{"binding:vnic_type": "direct"})
    plain = boss.port(network, **bound)

    def shown(port_id: str, status: str) -> bool:
        return bool(boss.get(f"/ports/{port_id}")["port"]["status"] == status)

    cloud.wait(lambda: shown(plain["id"], "ACTIVE") and shown(port["id"], "ERROR"))
    found = boss.get(f"/ports/{port['id']}")["port"]
    assert found["binding:vif_type"] == "binding_failed"
    boss.put(f"/ports/{port['id']}", "port", **{"binding:vnic_type": "normal"})
    cloud.wait(lambda: shown(port["id"], "ACTIVE"))


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[TestCloud]:
    """A cloud whose servers do not wait long for their ports; its host has a physical network."""
    made = TestCloud(tmp_path / "cloud", compute={"port_timeout": 1.0})
    made.start_hosts()
    made.wait(lambda: Net(made.client("admin")).get("/agents")["agents"])
    yield made
    made.close()


def connect(cloud: TestCloud, devices: dict[str, str]) -> None:
    """What the host says of its physical networks from now on."""
    (host,) = cloud.hosts
    host.rooms[VIEW].physical_networks = devices
    host.poke(VIEW)


def vlan_network(boss: Net) -> Any:
    boss.post(
        "/network_segment_ranges", "network_segment_range",
        network_type="vlan", physical_network="elsewhere", minimum=7, maximum=9,
    )  # fmt: skip
    vlan = {"provider:network_type": "vlan", "provider:physical_network": "elsewhere"}
    network = boss.network(**vlan)
    boss.subnet(network)
    return network


LOST = "this host is not connected to the physical network elsewhere"


def test_a_host_that_loses_its_physical_network_and_gets_it_back(
    quick: TestCloud, caplog: pytest.LogCaptureFixture
) -> None:
    boss = Net(quick.client("admin"))
    network, host = vlan_network(boss), quick.hosts[0].name
    connect(quick, {"elsewhere": "eth9"})
    port = boss.port(network, **{"binding:host_id": host})
    path = f"/ports/{port['id']}"

    def seen() -> tuple[str, str, Any]:
        shown = boss.get(path)["port"]
        return shown["status"], shown["binding:vif_type"], shown["binding:vif_details"]

    quick.wait(lambda: seen()[:2] == ("ACTIVE", "bridge"))
    connect(quick, {})
    quick.wait(lambda: seen() == ("ERROR", "binding_failed", {"reason": LOST}))
    assert f"{host}: {network['id']} is not realised: {LOST}" in caplog.text
    connect(quick, {"elsewhere": "eth9"})
    quick.wait(lambda: seen()[:2] == ("ACTIVE", "bridge"))


def test_a_server_whose_port_is_not_bound_says_so(quick: TestCloud) -> None:
    admin = quick.client("admin")
    boss = Net(admin)
    port = boss.port(vlan_network(boss))
    image = admin.get("image", "/images").json()["images"][0]["id"]
    wanted = {"name": "s", "imageRef": image, "flavorRef": "42", "networks": [{"port": port["id"]}]}

    def booted(status: str) -> Any:
        made = admin.post("compute", "/servers", json={"server": wanted}).json()["server"]
        path = f"/servers/{made['id']}"

        def server() -> Any:
            shown = admin.get("compute", path).json()["server"]
            return shown if shown["status"] == status else None

        return quick.wait(server)

    failed = booted("ERROR")
    assert failed["fault"]["message"] == f"Binding failed for port {port['id']}"
    assert LOST in failed["fault"]["details"]
    path = f"/ports/{port['id']}"
    assert boss.get(path)["port"]["binding:vif_details"] == {"reason": LOST}
    answer = quick.http.post(f"/agent/v1/cloud/servers/{failed['id']}/diagnosis").json()
    hops = {hop["name"]: hop for hop in answer["ports"][0]["hops"]}
    assert hops["port"]["passed"] is False and LOST in hops["port"]["text"]
    assert admin.delete("compute", f"/servers/{failed['id']}").status_code == 204
    quick.wait(lambda: boss.get(path)["port"]["device_id"] == "")
    connect(quick, {"elsewhere": "eth9"})
    booted("ACTIVE")
    # the host reports its ports and its guests apart
    quick.wait(lambda: boss.get(path)["port"]["status"] == "ACTIVE")
