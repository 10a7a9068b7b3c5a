"""Availability zones of routers and networks: hints are followed, zones are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.testcloud import TestCloud

from .conftest import Net

OTHER = "another-host"


@pytest.fixture
def cloud(tmp_path: Path) -> Any:
    """Two hosts: the second one is in the zone "edge"."""
    cloud = TestCloud(tmp_path / "cloud", network={"availability_zones": {OTHER: "edge"}})
    cloud.start_hosts()
    assert cloud.env.agents is not None
    cloud.env.agents.seen(OTHER, "1", ["network"], cloud.env.clock.now())
    yield cloud
    cloud.close()


def test_routers_are_placed_in_the_zones_of_their_hints(
    cloud: TestCloud, boss: Net, net: Net
) -> None:
    cloud.wait(lambda: boss.get("/agents?alive=true&availability_zone=nova")["agents"])
    zones = boss.get("/availability_zones?resource=router")["availability_zones"]
    assert [zone["name"] for zone in zones] == ["edge", "nova"]
    for hints, zone in (([], "nova"), (["edge"], "edge"), (["nova"], "nova")):
        router = net.post("/routers", "router", availability_zone_hints=hints)
        assert router["availability_zone_hints"] == hints
        assert router["availability_zones"] == [zone]
        (agent,) = boss.get(f"/routers/{router['id']}/l3-agents")["agents"]
        assert agent["availability_zone"] == zone
    both = net.post("/routers", "router", availability_zone_hints=["edge", "nova"])
    assert both["availability_zones"] == ["nova"]
    path = f"/routers/{both['id']}"
    error = net.put(path, "router", 400, availability_zone_hints=["nova"])
    assert "read-only" in error["message"]


def test_networks_show_the_zones_of_their_hosts(cloud: TestCloud, net: Net) -> None:
    cloud.wait(lambda: net.get("/availability_zones")["availability_zones"])
    network = net.network(availability_zone_hints=["edge"])
    assert network["availability_zone_hints"] == ["edge"] and network["availability_zones"] == []
    subnet = net.subnet(network)
    router = net.post("/routers", "router", availability_zone_hints=["edge"])
    body = {"subnet_id": subnet["id"]}
    net.raw("PUT", f"/routers/{router['id']}/add_router_interface", 200, body)
    shown = net.get(f"/networks/{network['id']}")["network"]
    assert shown["availability_zones"] == ["edge"]


@pytest.mark.parametrize("kind", ["router", "network"])
def test_bad_hints(cloud: TestCloud, net: Net, kind: str) -> None:
    cloud.wait(lambda: net.get("/availability_zones")["availability_zones"])
    error = net.post(f"/{kind}s", kind, 404, availability_zone_hints=["nowhere"])
    assert error["type"] == "AvailabilityZoneNotFound"
    assert error["message"] == "AvailabilityZone nowhere could not be found."
    for bad in ("nova", ["nova", "nova"], [5], {"nova": 1}):
        error = net.post(f"/{kind}s", kind, 400, availability_zone_hints=bad)
        assert error["type"] == "HTTPBadRequest"
