"""Servers on routed networks: a host without a segment of the network is not chosen."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stratolith.compute.drivers.fake import FakeDriver
from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.ids import new_uuid
from stratolith.network.drivers.base import Applied
from tests.testcloud import Client, TestCloud

from .conftest import error_of

RACKS = {"left": "rack1", "right": "rack2", "none": "other"}


class Racks:
    """Three hosts, each connected to one physical network, and a network with two segments."""

    def __init__(self, cloud: TestCloud, admin: Client, image: str) -> None:
        self.cloud, self.admin, self.image = cloud, admin, image
        hub = cloud.env.agents
        assert hub is not None
        for host, physical in RACKS.items():
            hub.seen(host, "1", ["guests", "network"], cloud.env.clock.now(), Offers())
            hub.report(host, "guests", {"facts": msgspec.to_builtins(FakeDriver().facts())})
            hub.report(host, "network", Applied(generation=1, physical_networks={physical: "eth1"}))
        for physical in ("rack1", "rack2"):
            span = {"network_type": "vlan", "physical_network": physical, "minimum": 5}
            self.make("/network_segment_ranges", network_segment_range={**span, "maximum": 9})
        segments = [self.vlan("rack1", 5), self.vlan("rack2", 6)]
        self.network = self.make("/networks", network={"segments": segments})["network"]["id"]
        shown = admin.get("network", f"/segments?network_id={self.network}").json()["segments"]
        self.segments = {one["physical_network"]: one["id"] for one in shown}

    def vlan(self, physical: str, number: int) -> dict[str, Any]:
        place = {"provider:network_type": "vlan", "provider:physical_network": physical}
        return {**place, "provider:segmentation_id": number}

    def make(self, path: str, **body: Any) -> Any:
        answer = self.admin.post("network", path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def subnet(self, physical: str, cidr: str) -> str:
        values = {"network_id": self.network, "cidr": cidr, "ip_version": 4}
        body = {**values, "segment_id": self.segments[physical]}
        subnet_id: str = self.make("/subnets", subnet=body)["subnet"]["id"]
        return subnet_id

    def server(self, wanted: dict[str, Any], count: int = 1, **more: Any) -> list[Any]:
        """The servers of a request: their hosts, or messages of their faults."""
        name = new_uuid()
        values = {"name": name, "imageRef": self.image, "flavorRef": "42", "networks": [wanted]}
        body = {"server": {**values, "min_count": count, "max_count": count, **more}}
        answer = self.admin.post("compute", "/servers", json=body, microversion="2.96")
        assert answer.status_code == 202, error_of(answer)
        listed = self.admin.get("compute", f"/servers/detail?name={name}").json()["servers"]
        assert len(listed) == count
        return [one["OS-EXT-SRV-ATTR:host"] or one["fault"]["message"] for one in listed]


@pytest.fixture
def racks(cloud: TestCloud, admin: Client, image: str) -> Racks:
    return Racks(cloud, admin, image)


def test_servers_are_where_segments_with_subnets_are(racks: Racks) -> None:
    racks.subnet("rack1", "10.61.0.0/24")
    assert racks.server({"uuid": racks.network}, count=4) == ["left"] * 4
    racks.subnet("rack2", "10.61.1.0/24")
    assert set(racks.server({"uuid": racks.network}, count=6)) == {"left", "right"}


def test_an_address_decides(racks: Racks) -> None:
    racks.subnet("rack1", "10.61.0.0/24")
    right = racks.subnet("rack2", "10.61.1.0/24")
    for number in range(3):
        wanted = {"uuid": racks.network, "fixed_ip": f"10.61.1.{number + 10}"}
        assert racks.server(wanted) == ["right"]
    port = {"network_id": racks.network, "fixed_ips": [{"subnet_id": right}]}
    made = racks.make("/ports", port=port)["port"]
    assert racks.server({"port": made["id"]}) == ["right"]


def test_a_port_whose_addresses_wait_gets_them_from_its_host(racks: Racks) -> None:
    left = racks.subnet("rack1", "10.61.0.0/24")
    made = racks.make("/ports", port={"network_id": racks.network})["port"]
    assert made["ip_allocation"] == "deferred" and made["fixed_ips"] == []
    assert racks.server({"port": made["id"]}) == ["left"]
    shown = racks.admin.get("network", f"/ports/{made['id']}").json()["port"]
    assert [one["subnet_id"] for one in shown["fixed_ips"]] == [left]


def test_a_server_that_no_segment_reaches_has_a_clear_fault(racks: Racks) -> None:
    racks.subnet("rack1", "10.61.0.0/24")
    (fault,) = racks.server({"uuid": racks.network}, host="none")
    assert fault.startswith("No valid host was found.")


def test_all_hosts_without_a_segment(racks: Racks) -> None:
    racks.subnet("rack1", "10.61.0.0/24")
    hub = racks.cloud.env.agents
    assert hub is not None
    hub.report("left", "network", Applied(generation=2, physical_networks={"other": "eth1"}))
    (fault,) = racks.server({"uuid": racks.network})
    assert fault.endswith("No host is connected to a segment that a port needs.")
