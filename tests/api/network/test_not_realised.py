"""What no host can realise is refused, or shows at the port that cannot be bound."""

from __future__ import annotations

import pytest

from tests.testcloud import TestCloud

from .conftest import Net


@pytest.mark.parametrize("kind", ["vlan", "gre", "geneve", "bogus"])
def test_types_of_networks_that_no_host_makes_are_refused(boss: Net, kind: str) -> None:
    provider = {"provider:network_type": kind, "provider:segmentation_id": 5}
    for physical in ({}, {"provider:physical_network": "physnet1"}):
        error = boss.post("/networks", "network", 400, **provider, **physical)
        assert error["type"] == "InvalidInput" and kind in error["message"]


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
