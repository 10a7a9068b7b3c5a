"""Segments of networks, ranges of their numbers, types of networks and their MTU."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.testcloud import TestCloud

from .conftest import Net

TYPE, PHYSICAL, NUMBER = (
    "provider:network_type",
    "provider:physical_network",
    "provider:segmentation_id",
)
RANGES = "/network_segment_ranges"


def vlan(number: int | None = None, physical: str = "physnet1") -> dict[str, Any]:
    found: dict[str, Any] = {TYPE: "vlan", PHYSICAL: physical}
    return found if number is None else {**found, NUMBER: number}


def test_each_type_has_its_values_and_mtu(boss: Net) -> None:
    for kind, mtu in (("vxlan", 1450), ("gre", 1458), ("geneve", 1442), ("local", 1500)):
        made = boss.network(**{TYPE: kind})
        assert (made[TYPE], made[PHYSICAL], made["mtu"]) == (kind, None, mtu)
        assert (made[NUMBER] is None) == (kind == "local")
        error = boss.post("/networks", "network", 400, **{TYPE: kind, PHYSICAL: "physnet1"})
        assert error["type"] == "InvalidInput"
        error = boss.post("/networks", "network", 400, **{TYPE: kind, "mtu": mtu + 1})
        assert f"maximum is {mtu}" in error["message"]
    made = boss.network(**vlan())
    assert (made[PHYSICAL], made[NUMBER], made["mtu"]) == ("physnet1", 1, 1500)
    assert boss.network(**{TYPE: "vlan"})[NUMBER] == 2


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({PHYSICAL: "physnet1"}, "network_type required"),
        (vlan(4095), "segmentation_id out of range (1 through 4094)"),
        (vlan(5, "nowhere"), "physical_network 'nowhere' unknown for VLAN provider network"),
        (
            {TYPE: "vlan", NUMBER: 5},
            "segmentation_id requires physical_network for VLAN provider network",
        ),
        ({TYPE: "flat"}, "physical_network required for flat provider network"),
        (
            {TYPE: "flat", PHYSICAL: "nowhere"},
            "physical_network 'nowhere' unknown for flat provider network",
        ),
        (
            {TYPE: "flat", PHYSICAL: "physnet1", NUMBER: 7},
            "segmentation_id prohibited for flat provider network",
        ),
        ({TYPE: "local", NUMBER: 7}, "segmentation_id prohibited for local provider network"),
        ({TYPE: "geneve", NUMBER: 2**24}, "segmentation_id out of range (1 through 16777215)"),
        (
            {TYPE: "gre", PHYSICAL: "physnet1"},
            "provider:physical_network specified for gre network",
        ),
        ({"segments": [{PHYSICAL: "physnet1"}]}, "network_type required"),
    ],
)
def test_values_that_a_type_does_not_have(boss: Net, values: dict[str, Any], text: str) -> None:
    error = boss.post("/networks", "network", 400, **values)
    assert error["type"] == "InvalidInput"
    assert error["message"] == f"Invalid input for operation: {text}."


def test_a_number_is_taken_once(boss: Net) -> None:
    first = boss.network(**vlan(150))
    error = boss.post("/networks", "network", 409, **vlan(150))
    assert error["type"] == "VlanIdInUse"
    assert "The VLAN 150 on physical network physnet1 is in use" in error["message"]
    boss.network(**{TYPE: "geneve", NUMBER: 77})
    error = boss.post("/networks", "network", 409, **{TYPE: "geneve", NUMBER: 77})
    assert error["type"] == "TunnelIdInUse" and "tunnel ID 77" in error["message"]
    boss.network(**{TYPE: "gre", NUMBER: 77})  # another type has numbers of its own
    boss.delete(f"/networks/{first['id']}")
    assert boss.network(**vlan(150))[NUMBER] == 150


def test_a_network_of_several_segments(boss: Net, net: Net) -> None:
    made = boss.network(segments=[vlan(160), {TYPE: "vxlan"}])
    assert TYPE not in made and made["mtu"] == 1450
    assert made["segments"][0] == vlan(160)
    assert made["segments"][1][NUMBER] >= 5000
    path = f"/networks/{made['id']}"
    assert boss.get(path)["network"]["segments"] == made["segments"]
    assert boss.get(f"/networks?{TYPE}=vlan&{NUMBER}=160")["networks"][0]["id"] == made["id"]
    error = boss.put(path, "network", 400, **{NUMBER: 161})
    assert "with a single segment" in error["message"]
    twice = boss.post("/networks", "network", 400, segments=[vlan(161), vlan(161)])
    assert twice["type"] == "SegmentsContainDuplicateEntry"
    both = boss.post("/networks", "network", 400, segments=[{TYPE: "vxlan"}], **{TYPE: "vxlan"})
    assert both["type"] == "SegmentsSetInConjunctionWithProviders"
    unknown = boss.post("/networks", "network", 400, segments=[{"bogus": 1}])
    assert unknown["message"] == "Unrecognized attribute(s) 'bogus'"
    boss.post("/networks", "network", 400, segments="x")
    assert boss.network(segments=[])[TYPE] == "vxlan"
    error = net.post("/networks", "network", 403, segments=[{TYPE: "vxlan"}])
    assert error["type"] == "PolicyNotAuthorized"
    numbers = [s[NUMBER] for s in boss.network(segments=[{TYPE: "gre"}, {TYPE: "gre"}])["segments"]]
    assert numbers[1] == numbers[0] + 1


def test_the_vlan_of_a_network_changes(boss: Net) -> None:
    made, other = boss.network(**vlan(170)), boss.network(**vlan(171))
    path = f"/networks/{made['id']}"
    assert boss.put(path, "network", **{NUMBER: 172})[NUMBER] == 172
    assert boss.put(path, "network", 409, **{NUMBER: 171})["type"] == "VlanIdInUse"
    error = boss.put(path, "network", 400, **{PHYSICAL: "elsewhere"})
    assert "does not support updating" in error["message"]
    tunnel = boss.network(**{TYPE: "vxlan"})
    error = boss.put(f"/networks/{tunnel['id']}", "network", 400, **{NUMBER: 9})
    assert "Only VLAN type networks can be updated" in error["message"]
    assert boss.network(**vlan(170))[NUMBER] == 170 and other[NUMBER] == 171


def test_segments_are_made_shown_changed_deleted(boss: Net, net: Net) -> None:
    network = boss.network(**vlan(180))
    (first,) = boss.get(f"/segments?network_id={network['id']}")["segments"]
    assert first["segmentation_id"] == 180 and first["name"] is None
    values = {"network_id": network["id"], "network_type": "vlan", "physical_network": "physnet1"}
    made = boss.post("/segments", "segment", name="s2", description="d", **values)
    assert (made["name"], made["description"], made["network_type"]) == ("s2", "d", "vlan")
    assert len(boss.get(f"/networks/{network['id']}")["network"]["segments"]) == 2
    path = f"/segments/{made['id']}"
    assert boss.put(path, "segment", name="new")["name"] == "new"
    error = boss.put(path, "segment", 400, network_type="vxlan")
    assert error["message"] == "Cannot update read-only attribute network_type"
    wider = boss.post("/segments", "segment", 400, **{**values, "network_type": "bogus"})
    assert "'bogus' not supported" in wider["message"]
    narrow = {"network_id": network["id"], "network_type": "vxlan"}
    assert "Requested MTU is too big" in boss.post("/segments", "segment", 400, **narrow)["message"]
    nowhere = {**values, "network_id": "0e0e0e0e-0000-4000-8000-000000000000"}
    assert boss.post("/segments", "segment", 404, **nowhere)["type"] == "NetworkNotFound"
    bulk = boss.raw("POST", "/segments", 400, {"segments": [values]})
    assert bulk["message"] == "Bulk operation not supported"
    boss.delete(path)
    assert boss.get(path, 404)["type"] == "SegmentNotFound"
    boss.delete(f"/segments/{first['id']}")
    shown = boss.get(f"/networks/{network['id']}")["network"]
    assert shown[TYPE] is None and shown[NUMBER] is None
    assert net.get("/segments")["segments"] == []
    net.post("/segments", "segment", 403, **values)
    net.get(f"/segments/{first['id']}", 404)


def test_ranges_of_numbers(boss: Net, net: Net) -> None:
    defaults = boss.get(RANGES)["network_segment_ranges"]
    assert {r["network_type"] for r in defaults} == {"vlan", "vxlan", "gre", "geneve"}
    assert all(r["default"] and r["shared"] for r in defaults)
    error = boss.put(f"{RANGES}/{defaults[0]['id']}", "network_segment_range", 400, name="x")
    assert error["type"] == "NetworkSegmentRangeDefaultReadOnly"
    values = {"network_type": "vlan", "physical_network": "physnet2"}
    made = boss.post(RANGES, "network_segment_range", name="a", minimum=300, maximum=303, **values)
    assert made["available"] == [300, 301, 302, 303] and made["used"] == {}
    overlap = boss.post(RANGES, "network_segment_range", 409, minimum=303, maximum=305, **values)
    assert overlap["type"] == "NetworkSegmentRangeOverlaps" and made["id"] in overlap["message"]
    network = boss.network(**vlan(302, "physnet2"))
    path = f"{RANGES}/{made['id']}"
    shown = boss.get(path)["network_segment_range"]
    assert shown["available"] == [300, 301, 303]
    assert shown["used"] == {"302": network["project_id"]}
    error = boss.put(path, "network_segment_range", 409, minimum=303)
    assert error["type"] == "NetworkSegmentRangeReferencedByProject"
    assert boss.delete(path, 409)["type"] == "NetworkSegmentRangeReferencedByProject"
    assert boss.put(path, "network_segment_range", maximum=310, name="b")["maximum"] == 310
    for low, high, kind in ((4000, 4095, "NetworkVlanRangeError"), (9, 8, "NetworkVlanRangeError")):
        error = boss.post(RANGES, "network_segment_range", 400, minimum=low, maximum=high, **values)
        assert error["type"] == kind
    tunnel = {"network_type": "vxlan", "minimum": 5, "maximum": 2**24}
    error = boss.post(RANGES, "network_segment_range", 400, **tunnel)
    assert error["type"] == "NetworkTunnelRangeError"
    lacking = boss.post(
        RANGES, "network_segment_range", 400, network_type="vlan", minimum=1, maximum=2
    )
    assert lacking["type"] == "BadRequest"
    boss.delete(f"/networks/{network['id']}")
    boss.raw("PUT", f"{path}/tags", 200, {"tags": ["red"]})
    assert boss.get(f"{RANGES}?tags=red")["network_segment_ranges"][0]["id"] == made["id"]
    assert boss.get("/network-segment-ranges?name=b")["network_segment_ranges"]
    boss.delete(path)
    assert boss.get(path, 404)["type"] == "NetworkSegmentRangeNotFound"
    assert net.get(RANGES)["network_segment_ranges"] == []


def test_a_project_uses_its_own_range_first_and_alone(boss: Net, net: Net) -> None:
    project = net.network()["project_id"]
    low = boss.post(
        RANGES, "network_segment_range",
        network_type="vxlan", shared=False, project_id=project, minimum=100, maximum=101,
    )  # fmt: skip
    assert low["project_id"] == project
    made = [net.network() for _ in range(3)]
    numbers = [boss.get(f"/networks/{one['id']}")["network"][NUMBER] for one in made]
    assert numbers[:2] == [100, 101] and numbers[2] >= 5000
    assert boss.network()[NUMBER] >= 5000


@pytest.fixture
def small(tmp_path: Path) -> Iterator[TestCloud]:
    settings = {
        "vni_min": 10,
        "vni_max": 14,
        "tunnel_ranges": ["geneve:70:71"],
        "vlan_ranges": ["physnet9:20:22"],
        "physical_network_mtus": ["physnet9:1400"],
        "path_mtu": 1400,
        "flat_networks": ["physnet9"],
        "bridge_mappings": ["physnet9:br-nine", "physnet8:eth8"],
        "tenant_network_types": ["vxlan", "geneve", "vlan"],
    }
    cloud = TestCloud(tmp_path / "cloud", fresh=True, network=settings)
    yield cloud
    cloud.close()


def test_settings_of_ranges_mtus_and_physical_networks(small: TestCloud) -> None:
    boss = Net(small.client("admin"))
    for network in boss.get("/networks?name=private")["networks"]:
        assert network["mtu"] == 1350 and network[NUMBER] == 10
    made = [boss.network() for _ in range(9)]
    kinds = [one[TYPE] for one in made]
    assert kinds == ["vxlan"] * 4 + ["geneve"] * 2 + ["vlan"] * 3
    assert [one[NUMBER] for one in made] == [11, 12, 13, 14, 70, 71, 20, 21, 22]
    assert made[4]["mtu"] == 1342 and made[6]["mtu"] == 1400
    assert boss.post("/networks", "network", 503)["type"] == "NoNetworkAvailable"
    boss.delete(f"/networks/{made[1]['id']}")
    boss.delete(f"/networks/{made[8]['id']}")
    assert boss.network()[NUMBER] == 12
    assert boss.network()[NUMBER] == 22
    assert boss.network(**{TYPE: "flat", PHYSICAL: "physnet9"})["mtu"] == 1400
    flat = {TYPE: "flat", PHYSICAL: "physnet8"}
    assert boss.post("/networks", "network", 400, **flat)["type"] == "InvalidInput"
    ranges = boss.get("/network_segment_ranges")["network_segment_ranges"]
    assert sorted((r["network_type"], r["minimum"], r["maximum"]) for r in ranges) == [
        ("geneve", 70, 71), ("gre", 10, 14), ("vlan", 20, 22), ("vxlan", 10, 14),
    ]  # fmt: skip
    small.start_hosts()
    agents = small.wait(
        lambda: [
            a for a in boss.get("/agents?binary=neutron-linuxbridge-agent")["agents"]
            if len(a["configurations"]["bridge_mappings"]) > 1
        ]
    )  # fmt: skip
    mappings = agents[0]["configurations"]["bridge_mappings"]
    assert mappings == {"physnet1": "br-stl-ext", "physnet8": "eth8", "physnet9": "br-nine"}
