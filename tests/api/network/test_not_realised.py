"""What no host can realise is refused, or shows at the port that cannot be bound."""

from __future__ import annotations

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


def test_routers_of_more_than_one_host_are_refused(boss: Net) -> None:
    for name in ("ha", "distributed"):
        boss.post("/routers", "router", 400, **{name: True})
        assert boss.post("/routers", "router", **{name: False})[name] is False


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
