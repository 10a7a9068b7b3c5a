"""Subnets and subnet pools over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Net


def test_defaults(net: Net) -> None:
    made = net.subnet(net.network(), "10.0.0.7/24")
    assert made["cidr"] == "10.0.0.0/24" and made["gateway_ip"] == "10.0.0.1"
    assert made["allocation_pools"] == [{"start": "10.0.0.2", "end": "10.0.0.254"}]
    assert made["enable_dhcp"] is True and made["router:external"] is False


def test_update_gateway_dns_routes_and_pools(net: Net) -> None:
    made = net.subnet(net.network())
    route = {"destination": "10.9.0.0/24", "nexthop": "10.0.0.9"}
    changed = net.put(
        f"/subnets/{made['id']}",
        "subnet",
        gateway_ip="10.0.0.254",
        allocation_pools=[{"start": "10.0.0.100", "end": "10.0.0.200"}],
        dns_nameservers=["9.9.9.9"],
        host_routes=[route],
        enable_dhcp=False,
    )
    assert changed["gateway_ip"] == "10.0.0.254" and changed["host_routes"] == [route]
    assert changed["dns_nameservers"] == ["9.9.9.9"] and changed["enable_dhcp"] is False
    assert net.get(f"/ports?device_owner=network:dhcp&network_id={made['network_id']}") == {
        "ports": []
    }


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ({"gateway_ip": "10.0.0.0"}, "InvalidInput"),
        ({"gateway_ip": "fd00::1"}, "InvalidInput"),
        ({"gateway_ip": "x"}, "HTTPBadRequest"),
        ({"ip_version": 6}, "InvalidInput"),
        ({"ip_version": 5}, "HTTPBadRequest"),
        ({"cidr": "0.0.0.0/0"}, "InvalidInput"),
        ({"cidr": "224.0.0.0/24"}, "InvalidInput"),
        ({"cidr": "10.0.0.0/31"}, "InvalidInput"),
        ({"cidr": "10.0.0.0"}, "HTTPBadRequest"),
        ({"ipv6_ra_mode": "slaac"}, "InvalidInput"),
        ({"dns_nameservers": ["x"]}, "HTTPBadRequest"),
        ({"dns_nameservers": [f"9.9.9.{n}" for n in range(9)]}, "DNSNameServersExhausted"),
        ({"host_routes": [{"destination": "10.1.0.0/24"}]}, "HTTPBadRequest"),
        ({"allocation_pools": [{"start": "10.0.1.1", "end": "10.0.1.9"}]}, "OutOfBounds"),
        ({"allocation_pools": [{"start": "10.0.0.9", "end": "10.0.0.2"}]}, "InvalidAllocation"),
        ({"allocation_pools": "all"}, "HTTPBadRequest"),
    ],
)
def test_bad_numbers_are_refused(net: Net, values: dict[str, object], type_: str) -> None:
    network = net.network()
    body = {"network_id": network["id"], "cidr": "10.0.0.0/24", "ip_version": 4, **values}
    error = net.post("/subnets", "subnet", 400, **body)
    assert error["type"].startswith(type_)


def test_pools_may_not_hold_the_gateway_or_overlap(net: Net) -> None:
    network = net.network()
    body = {"network_id": network["id"], "cidr": "10.0.0.0/24", "ip_version": 4}
    pool = {"start": "10.0.0.1", "end": "10.0.0.9"}
    error = net.post("/subnets", "subnet", 409, allocation_pools=[pool], **body)
    assert error["type"] == "GatewayConflictWithAllocationPools"
    pools = [{"start": "10.0.0.2", "end": "10.0.0.9"}, {"start": "10.0.0.8", "end": "10.0.0.20"}]
    error = net.post("/subnets", "subnet", 409, allocation_pools=pools, **body)
    assert error["type"] == "OverlappingAllocationPools"


def test_ipv6_modes(net: Net) -> None:
    network = net.network()
    port = net.port(network, mac_address="fa:16:3e:00:00:01")
    assert port["fixed_ips"] == []
    made = net.subnet(network, "fd00::/64", ipv6_ra_mode="slaac", ipv6_address_mode="slaac")
    found = net.get(f"/ports/{port['id']}")["port"]["fixed_ips"]
    assert found == [{"subnet_id": made["id"], "ip_address": "fd00::f816:3eff:fe00:1"}]
    net.delete(f"/subnets/{made['id']}")  # automatic addresses do not hold a subnet
    assert net.get(f"/ports/{port['id']}")["port"]["fixed_ips"] == []
    body = {"network_id": network["id"], "ip_version": 6, "ipv6_ra_mode": "slaac"}
    assert net.post("/subnets", "subnet", 400, cidr="fd00::/80", **body)["type"] == "InvalidInput"
    body["ipv6_address_mode"] = "dhcpv6-stateful"
    assert net.post("/subnets", "subnet", 400, cidr="fd00::/64", **body)["type"] == "InvalidInput"


def test_ranges_repeat_between_networks_only(net: Net) -> None:
    one, two = net.network(), net.network()
    net.subnet(one)
    net.subnet(two)
    body = {"network_id": one["id"], "cidr": "10.0.0.128/25", "ip_version": 4}
    assert "overlaps" in net.post("/subnets", "subnet", 400, **body)["message"]


def test_a_subnet_in_use_stays(net: Net) -> None:
    network = net.network()
    made = net.subnet(network)
    port = net.port(network)
    assert net.delete(f"/subnets/{made['id']}", 409)["type"] == "SubnetInUse"
    net.delete(f"/ports/{port['id']}")
    net.delete(f"/subnets/{made['id']}")
    assert net.get(f"/ports?network_id={network['id']}")["ports"] == []


def test_dhcp_has_a_port_with_an_address_in_each_subnet(net: Net) -> None:
    network = net.network()
    net.subnet(network)
    net.subnet(network, "10.1.0.0/24")
    (port,) = net.get(f"/ports?network_id={network['id']}")["ports"]
    assert port["device_owner"] == "network:dhcp"
    assert [one["ip_address"] for one in port["fixed_ips"]] == ["10.0.0.2", "10.1.0.2"]


def test_pools_give_prefixes(net: Net) -> None:
    pool = net.post(
        "/subnetpools", "subnetpool", name="p", prefixes=["10.20.0.0/23"], default_prefixlen=25
    )
    assert (pool["ip_version"], pool["min_prefixlen"]) == (4, "8")
    network = net.network()
    found = []
    for _ in range(4):
        made = net.post(
            "/subnets",
            "subnet",
            network_id=network["id"],
            ip_version=4,
            subnetpool_id=pool["id"],
        )
        found.append(made["cidr"])
    assert found == ["10.20.0.0/25", "10.20.0.128/25", "10.20.1.0/25", "10.20.1.128/25"]
    body = {"network_id": network["id"], "ip_version": 4}
    error = net.post("/subnets", "subnet", 409, subnetpool_id=pool["id"], **body)
    assert error["type"] == "SubnetAllocationError"
    assert net.post("/subnets", "subnet", 400, **body)["type"] == "BadRequest"
    assert net.delete(f"/subnetpools/{pool['id']}", 409)["type"] == "SubnetPoolInUse"
    shrunk = net.put(f"/subnetpools/{pool['id']}", "subnetpool", 400, prefixes=["10.20.0.0/24"])
    assert shrunk["type"] == "IllegalSubnetPoolUpdate"


def test_availability_counts(net: Net, boss: Net) -> None:
    network = net.network()
    net.subnet(network)
    net.subnet(network, "fd00::/64")
    net.port(network)
    net.get(f"/network-ip-availabilities/{network['id']}", 403)
    found = boss.get(f"/network-ip-availabilities/{network['id']}")["network_ip_availability"]
    by_version = {one["ip_version"]: one for one in found["subnet_ip_availability"]}
    assert (by_version[4]["used_ips"], by_version[4]["total_ips"]) == (2, 253)
    assert by_version[6]["total_ips"] == 2**64 - 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host_routes", [{"destination": "::/0", "nexthop": "10.78.0.9"}]),
        ("host_routes", [{"destination": "9.0.0.0/8", "nexthop": "fd00::9"}]),
        ("dns_nameservers", ["fd00::53"]),
    ],
)
def test_lists_have_the_ip_version_of_the_subnet(net: Net, name: str, value: Any) -> None:
    network = net.network()
    new = {"network_id": network["id"], "cidr": "10.78.0.0/24", "ip_version": 4}
    error = net.post("/subnets", "subnet", 400, **new, **{name: value})
    assert error["type"] == "InvalidInput" and "ip_version '4'" in error["message"]
    subnet = net.post("/subnets", "subnet", **new)
    error = net.put(f"/subnets/{subnet['id']}", "subnet", 400, **{name: value})
    assert error["type"] == "InvalidInput"
