"""Attributes of ports that are extensions of their own."""

from __future__ import annotations

import pytest

from .conftest import Net


def test_the_data_plane_status(net: Net, boss: Net) -> None:
    port = net.port(net.network())
    path = f"/ports/{port['id']}"
    assert port["data_plane_status"] is None
    assert net.put(path, "port", 403, data_plane_status="DOWN")["type"] == "PolicyNotAuthorized"
    for value in ("DOWN", "ACTIVE", None):
        assert boss.put(path, "port", data_plane_status=value)["data_plane_status"] == value
        assert net.get(path)["port"]["data_plane_status"] == value
    for wrong in ("down", "", 5, [], True):
        assert boss.put(path, "port", 400, data_plane_status=wrong)["type"] == "HTTPBadRequest"


def test_a_new_mac_address(net: Net, boss: Net) -> None:
    port = net.port(net.network(), mac_address="fa:16:3e:01:02:03")
    path = f"/ports/{port['id']}"
    changed = boss.put(path, "port", mac_address=None)["mac_address"]
    assert changed.startswith("fa:16:3e:") and changed != port["mac_address"]
    boss.put(path, "port", **{"binding:host_id": "h1"})
    assert boss.put(path, "port", 409, mac_address=None)["type"] == "PortBound"
    assert net.port(net.network(), mac_address=None)["mac_address"].startswith("fa:16:3e:")


def test_multicast_address_pairs_are_refused(net: Net) -> None:
    port = net.port(net.network())
    for pair in (
        {"ip_address": "224.0.0.18"},
        {"ip_address": "ff02::1"},
        {"ip_address": "224.0.0.0/24"},
        {"ip_address": "fe00::/7"},
        {"ip_address": "10.0.0.1", "mac_address": "01:00:5e:00:00:12"},
    ):
        refused = net.put(f"/ports/{port['id']}", "port", 400, allowed_address_pairs=[pair])
        assert "multicast" in refused["message"], pair
    net.put(f"/ports/{port['id']}", "port", allowed_address_pairs=[{"ip_address": "0.0.0.0/0"}])


def test_tags_of_many_new_ports(net: Net) -> None:
    network = net.network()
    wanted = [{"network_id": network["id"], "tags": [tag]} for tag in ("red", "blue")]
    made = net.raw("POST", "/ports", 201, {"ports": wanted})["ports"]
    assert [port["tags"] for port in made] == [["red"], ["blue"]]
    assert [port["id"] for port in net.get("/ports?tags=blue")["ports"]] == [made[1]["id"]]


def test_uplink_and_numa_affinity_are_kept(net: Net, boss: Net) -> None:
    network = net.network()
    plain = net.port(network)
    assert (plain["propagate_uplink_status"], plain["numa_affinity_policy"]) == (True, None)
    port = net.port(network, propagate_uplink_status=False, numa_affinity_policy="socket")
    path = f"/ports/{port['id']}"
    shown = net.get(path)["port"]
    assert (shown["propagate_uplink_status"], shown["numa_affinity_policy"]) == (False, "socket")
    changed = net.put(path, "port", propagate_uplink_status=True, numa_affinity_policy=None)
    assert (changed["propagate_uplink_status"], changed["numa_affinity_policy"]) == (True, None)
    boss.put(path, "port", **{"binding:host_id": "h1"})
    error = net.put(path, "port", 409, numa_affinity_policy="required")
    assert error["type"] == "PortBoundNUMAAffinityPolicy"
    net.put(path, "port", propagate_uplink_status=False)


@pytest.mark.parametrize("name", ["device_profile", "hints", "trusted", "hardware_offload_type"])
def test_attributes_for_hardware_that_no_host_has_are_unknown(net: Net, name: str) -> None:
    error = net.post("/ports", "port", 400, network_id=net.network()["id"], **{name: None})
    assert error["message"] == f"Unrecognized attribute(s) '{name}'"
