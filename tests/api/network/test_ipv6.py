"""IPv6 for tenants: modes, addresses that guests make, dual-stack ports, prefix delegation."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import Client

from .conftest import Net

ONE = "2001:db8:a:0:f816:3eff:fe00:1"
SLAAC = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
STATEFUL = {"ipv6_ra_mode": "dhcpv6-stateful", "ipv6_address_mode": "dhcpv6-stateful"}


def addresses(port: dict[str, Any]) -> list[str]:
    return [fixed_ip["ip_address"] for fixed_ip in port["fixed_ips"]]


def test_the_gateway_of_a_prefix_is_the_address_of_its_routers(net: Net) -> None:
    network = net.network()
    made = net.subnet(network, "2001:db8:a::/64")
    assert made["gateway_ip"] == "2001:db8:a::"
    pool = {"start": "2001:db8:a::1", "end": "2001:db8:a:0:ffff:ffff:ffff:ffff"}
    assert made["allocation_pools"] == [pool]
    router = net.post("/routers", "router", name="r")
    net.raw("PUT", f"/routers/{router['id']}/add_router_interface", 200, {"subnet_id": made["id"]})
    wanted = {"network_id": network["id"], "device_owner": "compute:nova"}
    fixed_ips = [{"ip_address": "2001:db8:a::"}]
    error = net.post("/ports", "port", 400, fixed_ips=fixed_ips, **wanted)
    assert error["type"] == "InvalidIpForNetwork"


def test_every_port_has_the_addresses_its_guest_makes(net: Net) -> None:
    network = net.network()
    slaac = net.subnet(network, "2001:db8:a::/64", **SLAAC)
    port = net.port(network, mac_address="fa:16:3e:00:00:01", fixed_ips=[])
    assert addresses(port) == [ONE]
    path = f"/ports/{port['id']}"
    before = port["revision_number"]
    net.subnet(network, "2001:db8:b::/64", ipv6_ra_mode="slaac")  # its routers suffice
    port = net.get(path)["port"]
    assert addresses(port) == [ONE, "2001:db8:b:0:f816:3eff:fe00:1"]
    assert port["revision_number"] > before
    port = net.put(path, "port", fixed_ips=[])
    assert len(addresses(port)) == 2
    fixed_ips = [{"subnet_id": slaac["id"], "ip_address": "2001:db8:a::5"}]
    for answer in (
        net.put(path, "port", 400, fixed_ips=fixed_ips),
        net.post("/ports", "port", 400, network_id=network["id"], fixed_ips=fixed_ips),
    ):
        assert answer["type"] == "AllocationOnAutoAddressSubnet"
    four = net.subnet(network)
    fixed_ips = [{"subnet_id": four["id"], "ip_address": "10.0.0.9"}]
    assert addresses(net.put(path, "port", fixed_ips=fixed_ips))[0] == "10.0.0.9"


def test_derived_addresses_follow_the_mac_address(net: Net, admin: Client) -> None:
    network = net.network()
    net.subnet(network, "2001:db8:a::/64", **SLAAC)
    net.subnet(network)
    port = net.port(network, mac_address="fa:16:3e:00:00:01")
    kept = [address for address in addresses(port) if ":" not in address]
    path, operator = f"/ports/{port['id']}", Net(admin)
    changed = operator.put(path, "port", mac_address="fa:16:3e:00:00:02")
    assert addresses(changed) == [*kept, "2001:db8:a:0:f816:3eff:fe00:2"]
    fixed_ips = [{"ip_address": "10.0.0.77"}]
    values = {"mac_address": "fa:16:3e:00:00:03", "fixed_ips": fixed_ips}
    changed = operator.put(path, "port", **values)
    assert addresses(changed) == ["10.0.0.77", "2001:db8:a:0:f816:3eff:fe00:3"]


def test_dhcp_stays_on_while_modes_need_it(net: Net) -> None:
    network = net.network()
    made = net.subnet(network, "2001:db8:a::/64", **STATEFUL)
    error = net.put(f"/subnets/{made['id']}", "subnet", 400, enable_dhcp=False)
    assert error["message"].endswith("Cannot disable enable_dhcp with ipv6 attributes set.")
    plain = net.subnet(network, "2001:db8:b::/64")
    assert not net.put(f"/subnets/{plain['id']}", "subnet", enable_dhcp=False)["enable_dhcp"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"ip_version": 6, **SLAAC}, "not available in this cloud"),
        ({"ip_version": 6}, "RA Mode must be"),
        ({"ip_version": 6, **STATEFUL}, "RA Mode must be"),
        ({"ip_version": 6, "ipv6_ra_mode": "slaac"}, "Address Mode must be"),
        ({"ip_version": 4}, "only be used with IPv6"),
    ],
)
def test_prefix_delegation_is_refused(net: Net, values: dict[str, Any], reason: str) -> None:
    named = {"network_id": net.network()["id"], "subnetpool_id": "prefix_delegation"}
    error = net.post("/subnets", "subnet", 400, **named, **values)
    assert error["type"] == "BadRequest" and reason in error["message"]


def test_a_prefix_of_its_own_needs_no_delegation(net: Net) -> None:
    made = net.subnet(net.network(), "2001:db8:a::/64", subnetpool_id="prefix_delegation")
    assert made["subnetpool_id"] is None


def test_a_prefix_from_a_pool(net: Net) -> None:
    """Its gateway is its first address, as upstream."""
    pool = net.post("/subnetpools", "subnetpool", name="p", prefixes=["2001:db8:f::/48"])
    named = {"network_id": net.network()["id"], "ip_version": 6, "subnetpool_id": pool["id"]}
    made = net.post("/subnets", "subnet", prefixlen=64, **named)
    assert made["gateway_ip"] == "2001:db8:f::1"


def test_several_prefixes_of_a_network_share_a_router_port(net: Net) -> None:
    network = net.network()
    router = net.post("/routers", "router", name="r")
    ports = set()
    for cidr, modes in (
        ("2001:db8:a::/64", SLAAC), ("2001:db8:b::/64", STATEFUL), ("10.0.0.0/24", {}),
    ):  # fmt: skip
        subnet = net.subnet(network, cidr, **modes)
        path, body = f"/routers/{router['id']}/add_router_interface", {"subnet_id": subnet["id"]}
        ports.add(net.raw("PUT", path, 200, body)["port_id"])
    assert len(ports) == 2, "one for each IP version"


def test_a_floating_ip_is_of_version_4(net: Net) -> None:
    network = net.network()
    net.subnet(network, "2001:db8:a::/64", **SLAAC)
    port = net.port(network)
    named = {"floating_network_id": net.public()["id"], "port_id": port["id"]}
    assert net.post("/floatingips", "floatingip", 400, **named)["type"] == "BadRequest"
    error = net.post(
        "/floatingips", "floatingip", 400, fixed_ip_address=addresses(port)[0], **named
    )
    assert "since that is not an IPv4 address" in error["message"]


def test_an_interface_keeps_the_address_of_a_named_subnet(net: Net) -> None:
    made = net.subnet(net.network(), "2001:db8:a::/64")
    router = net.post("/routers", "router", name="r")
    path = f"/routers/{router['id']}/add_router_interface"
    port_id = net.raw("PUT", path, 200, {"subnet_id": made["id"]})["port_id"]
    fixed_ips = [{"subnet_id": made["id"]}]
    assert addresses(net.put(f"/ports/{port_id}", "port", fixed_ips=fixed_ips)) == ["2001:db8:a::"]
