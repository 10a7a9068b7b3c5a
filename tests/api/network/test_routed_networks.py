"""Routed provider networks: subnets of segments; the host of a port decides about its addresses."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stratolith.kernel.agent.local import LocalTransport
from stratolith.network.drivers.base import Applied, HostNetworkView
from tests.testcloud import TestCloud

from .conftest import Net
from .test_segments import PHYSICAL, TYPE, vlan

HOST = "binding:host_id"


class Routed:
    """A network of two segments, each with a subnet and a host."""

    def __init__(self, cloud: TestCloud, boss: Net) -> None:
        assert cloud.env.agents is not None
        transport = LocalTransport(cloud.env.agents)
        for host, physical in (("left", "rack1"), ("right", "rack2")):
            applied = Applied(generation=1, physical_networks={physical: "eth1"})
            transport.report(host, "network", applied)
        for physical in ("rack1", "rack2"):
            boss.post(
                "/network_segment_ranges", "network_segment_range",
                network_type="vlan", physical_network=physical, minimum=5, maximum=9,
            )  # fmt: skip
        self.boss = boss
        self.network = boss.network(segments=[vlan(5, "rack1"), vlan(6, "rack2")])
        found = boss.get(f"/segments?network_id={self.network['id']}")["segments"]
        self.segments = {s["physical_network"]: s["id"] for s in found}
        self.left = self.subnet("10.61.0.0/24", "rack1")
        self.right = self.subnet("10.61.1.0/24", "rack2")

    def subnet(self, cidr: str, physical: str, status: int = 201) -> Any:
        values = {"network_id": self.network["id"], "cidr": cidr, "ip_version": 4}
        segment = {"segment_id": self.segments[physical]}
        return self.boss.post("/subnets", "subnet", status, **values, **segment)

    def subnet_of(self, port: Any) -> list[str]:
        return [fixed_ip["subnet_id"] for fixed_ip in port["fixed_ips"]]


@pytest.fixture
def routed(cloud: TestCloud, boss: Net) -> Routed:
    return Routed(cloud, boss)


def test_subnets_belong_to_segments(routed: Routed, boss: Net, net: Net) -> None:
    path = f"/networks/{routed.network['id']}"
    assert boss.get(path)["network"]["l2_adjacency"] is False
    assert boss.network()["l2_adjacency"] is True
    left = boss.get(f"/subnets/{routed.left['id']}")["subnet"]
    assert left["segment_id"] == routed.segments["rack1"]
    assert left["host_routes"] == [{"destination": "10.61.1.0/24", "nexthop": "10.61.0.1"}]
    found = boss.get(f"/subnets?segment_id={routed.segments['rack2']}")["subnets"]
    assert [s["id"] for s in found] == [routed.right["id"]]
    values = {"network_id": routed.network["id"], "cidr": "10.61.2.0/24", "ip_version": 4}
    error = boss.post("/subnets", "subnet", 400, **values)
    assert error["type"] == "SubnetsNotAllAssociatedWithSegments"
    unknown = {"segment_id": "0e0e0e0e-0000-4000-8000-000000000000"}
    assert boss.post("/subnets", "subnet", 404, **values, **unknown)["type"] == "SegmentNotFound"
    foreign = {**values, "network_id": boss.network()["id"], "segment_id": left["segment_id"]}
    assert boss.post("/subnets", "subnet", 400, **foreign)["type"] == "NetworkIdsDontMatch"
    for changed in (routed.segments["rack2"], None):
        error = boss.put(f"/subnets/{left['id']}", "subnet", 400, segment_id=changed)
        assert error["type"] == "SubnetsNotAllAssociatedWithSegments"
    boss.put(f"/subnets/{left['id']}", "subnet", segment_id=left["segment_id"])
    error = boss.delete(f"/segments/{left['segment_id']}", 409)
    assert error["type"] == "SegmentInUse" and left["id"] in error["message"]
    boss.put(f"/subnets/{left['id']}", "subnet", gateway_ip="10.61.0.254", allocation_pools=[])
    left = boss.get(f"/subnets/{left['id']}")["subnet"]
    assert left["host_routes"] == [{"destination": "10.61.1.0/24", "nexthop": "10.61.0.254"}]
    boss.delete(f"/subnets/{routed.right['id']}")
    assert boss.get(f"/subnets/{left['id']}")["subnet"]["host_routes"] == []
    mine = net.network()
    error = net.post(
        "/subnets", "subnet", 403,
        network_id=mine["id"], cidr="10.0.0.0/24", ip_version=4, **unknown,
    )  # fmt: skip
    assert error["type"] == "PolicyNotAuthorized"
    assert "segment_id" not in net.subnet(mine)


def test_an_existing_subnet_gets_the_only_segment(boss: Net) -> None:
    network = boss.network(**{TYPE: "vlan", PHYSICAL: "physnet1"})
    (segment,) = boss.get(f"/segments?network_id={network['id']}")["segments"]
    subnet = boss.subnet(network)
    path = f"/subnets/{subnet['id']}"
    assert boss.put(path, "subnet", segment_id=segment["id"])["segment_id"] == segment["id"]
    several = boss.network(segments=[vlan(31), vlan(32)])
    segment = boss.get(f"/segments?network_id={several['id']}")["segments"][0]
    subnet = boss.subnet(several)
    error = boss.put(f"/subnets/{subnet['id']}", "subnet", 400, segment_id=segment["id"])
    assert error["type"] == "NoUpdateSubnetWhenMultipleSegmentsOnNetwork"


def test_addresses_wait_for_the_host(routed: Routed, boss: Net) -> None:
    port = boss.port(routed.network)
    assert port["fixed_ips"] == [] and port["ip_allocation"] == "deferred"
    found = boss.get("/ports?ip_allocation=deferred")["ports"]
    assert [p["id"] for p in found] == [port["id"]]
    path = f"/ports/{port['id']}"
    error = boss.put(path, "port", 409, **{HOST: "elsewhere"})
    assert error["type"] == "HostNotConnectedToAnySegment" and "elsewhere" in error["message"]
    bound = boss.put(path, "port", **{HOST: "right"})
    assert routed.subnet_of(bound) == [routed.right["id"]]
    error = boss.put(path, "port", 409, **{HOST: "left"})
    assert error["type"] == "HostNotCompatibleWithFixedIps"
    at_once = boss.port(routed.network, **{HOST: "left"})
    assert routed.subnet_of(at_once) == [routed.left["id"]]
    assert at_once["ip_allocation"] == "immediate"
    none = boss.port(routed.network, fixed_ips=[])
    assert (none["ip_allocation"], none["fixed_ips"]) == ("none", [])
    named = {"network_id": routed.network["id"], "fixed_ips": [{"subnet_id": routed.left["id"]}]}
    assert routed.subnet_of(boss.post("/ports", "port", **named)) == [routed.left["id"]]
    error = boss.post("/ports", "port", 400, **named, **{HOST: "right"})
    assert error["type"] == "InvalidInput" and "invalid subnet" in error["message"]
    both = [{"subnet_id": subnet["id"]} for subnet in (routed.left, routed.right)]
    values = {"network_id": routed.network["id"], "fixed_ips": both}
    error = boss.post("/ports", "port", 400, **values)
    assert error["type"] == "FixedIpsSubnetsNotOnSameSegment"
    error = boss.post("/ports", "port", 409, network_id=routed.network["id"], **{HOST: "elsewhere"})
    assert error["type"] == "HostNotConnectedToAnySegment"


def test_a_host_sees_its_segment_only(cloud: TestCloud, routed: Routed, boss: Net) -> None:
    assert cloud.env.agents is not None
    for host in ("left", "right"):
        boss.port(routed.network, **{HOST: host})
    for host, number, subnet, uplink in (
        ("left", 5, routed.left, "eth1"),
        ("right", 6, routed.right, "eth1"),
    ):
        raw = LocalTransport(cloud.env.agents).view(host, "network", None)
        (view,) = msgspec.json.decode(raw, type=HostNetworkView).networks
        assert (view.network_type, view.segmentation_id, view.uplink) == ("vlan", number, uplink)
        assert [s.id for s in view.subnets] == [subnet["id"]]
        assert len(view.ports) == 1
