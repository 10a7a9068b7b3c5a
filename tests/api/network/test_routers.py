"""Routers and floating IPs over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import TestCloud

from .conftest import Net


@pytest.fixture
def joined(net: Net) -> dict[str, Any]:
    """A network with a subnet behind a router with a gateway."""
    network = net.network()
    subnet = net.subnet(network)
    gateway = {"network_id": net.public()["id"]}
    router = net.post("/routers", "router", name="r", external_gateway_info=gateway)
    path = f"/routers/{router['id']}/add_router_interface"
    port = net.raw("PUT", path, 200, {"subnet_id": subnet["id"]})
    return {"network": network, "subnet": subnet, "router": router, "port": port}


def test_a_gateway_is_shown_and_cleared(net: Net) -> None:
    public = net.public()
    gateway = {"network_id": public["id"]}
    router = net.post("/routers", "router", external_gateway_info=gateway)
    info = router["external_gateway_info"]
    assert info["network_id"] == public["id"] and info["enable_snat"] is True
    assert info["external_fixed_ips"][0]["ip_address"].startswith("172.24.4.")
    cleared = net.put(f"/routers/{router['id']}", "router", external_gateway_info={})
    assert cleared["external_gateway_info"] is None
    net.delete(f"/routers/{router['id']}")


def test_gateways_get_an_address_of_a_new_subnet_of_the_other_ip_version(
    net: Net, boss: Net
) -> None:
    outside = boss.network(**{"router:external": True})
    boss.subnet(outside, "198.51.100.0/24")
    inside = net.network()
    subnet = net.subnet(inside, "2001:db8:5::/64")
    apart, overlapping = (
        net.post("/routers", "router", external_gateway_info={"network_id": outside["id"]})
        for _ in range(2)
    )
    path = f"/routers/{overlapping['id']}/add_router_interface"
    net.raw("PUT", path, 200, {"subnet_id": subnet["id"]})

    def addresses(router: Any) -> list[str]:
        shown = net.get(f"/routers/{router['id']}")["router"]["external_gateway_info"]
        return [entry["ip_address"] for entry in shown["external_fixed_ips"]]

    boss.subnet(outside, "198.51.101.0/24")
    assert len(addresses(apart)) == 1
    boss.subnet(outside, "2001:db8::/32", enable_dhcp=False)
    first, second = addresses(apart)
    assert first.startswith("198.51.100.") and second.startswith("2001:db8:")
    assert len(addresses(overlapping)) == 1
    boss.subnet(outside, "2001:db9::/64", enable_dhcp=False)
    assert addresses(apart) == [first, second]
    assert addresses(overlapping)[1].startswith("2001:db9:")


def test_what_a_gateway_may_be(net: Net) -> None:
    body = {"external_gateway_info": {"network_id": net.network()["id"]}}
    assert net.post("/routers", "router", 400, **body)["type"] == "BadRequest"
    body["external_gateway_info"]["network_id"] = "4a1b0a36-0df8-4f64-b42a-5c5a0dd2f16d"
    assert net.post("/routers", "router", 404, **body)["type"] == "NetworkNotFound"
    body["external_gateway_info"] = {"network_id": net.public()["id"], "enable_snat": False}
    assert net.post("/routers", "router", 403, **body)["type"] == "PolicyNotAuthorized"


def test_interfaces_by_subnet_and_port(net: Net, joined: dict[str, Any]) -> None:
    router, subnet = joined["router"], joined["subnet"]
    port = net.get(f"/ports/{joined['port']['port_id']}")["port"]
    assert port["device_owner"] == "network:router_interface"
    assert port["fixed_ips"][0]["ip_address"] == subnet["gateway_ip"]
    add, drop = (f"/routers/{router['id']}/{verb}_router_interface" for verb in ("add", "remove"))
    assert net.raw("PUT", add, 400, {"subnet_id": subnet["id"]})["type"] == "BadRequest"
    assert net.raw("PUT", add, 400, {})["type"] == "BadRequest"
    assert net.raw("PUT", add, 400, {"subnet_id": 5})["type"] == "HTTPBadRequest"
    twin = net.network()
    overlapping = net.subnet(twin)
    assert "overlaps" in net.raw("PUT", add, 400, {"subnet_id": overlapping["id"]})["message"]
    other = net.network()
    net.subnet(other, "10.5.0.0/24")
    own = net.port(other)
    net.raw("PUT", add, 200, {"port_id": own["id"]})
    assert net.raw("PUT", add, 409, {"port_id": own["id"]})["type"] == "PortInUse"
    error = net.delete(f"/ports/{own['id']}", 409)
    assert error["type"] == "ServicePortInUse"
    error = net.delete(f"/routers/{router['id']}", 409)
    assert error["type"] == "RouterInUse" and own["id"] in error["message"]
    net.raw("PUT", drop, 200, {"port_id": own["id"]})
    net.raw("PUT", drop, 200, {"subnet_id": subnet["id"]})
    error = net.raw("PUT", drop, 404, {"subnet_id": subnet["id"]})
    assert error["type"] == "RouterInterfaceNotFoundForSubnet"
    net.delete(f"/routers/{router['id']}")


def test_routes_need_a_reachable_next_hop(net: Net, joined: dict[str, Any]) -> None:
    path = f"/routers/{joined['router']['id']}"
    good = {"destination": "10.77.0.0/24", "nexthop": "10.0.0.9"}
    assert net.put(path, "router", routes=[good])["routes"] == [good]
    for nexthop in ("10.200.0.1", "10.0.0.1"):
        bad = {"destination": "10.78.0.0/24", "nexthop": nexthop}
        assert net.put(path, "router", 400, routes=[bad])["type"] == "InvalidRoutes"
    mixed = {"destination": "::/0", "nexthop": "10.0.0.9"}
    error = net.put(path, "router", 400, routes=[good, mixed])
    assert error["type"] == "InvalidRoutes" and "IP versions" in error["message"]
    error = net.raw("PUT", f"{path}/add_extraroutes", 400, {"router": {"routes": [mixed]}})
    assert error["type"] == "InvalidRoutes"
    drop = {"subnet_id": joined["subnet"]["id"]}
    error = net.raw("PUT", f"{path}/remove_router_interface", 409, drop)
    assert error["type"] == "RouterInterfaceInUseByRoute"
    more = {"destination": "10.79.0.0/24", "nexthop": "10.0.0.10"}
    body = {"router": {"routes": [more]}}
    assert net.raw("PUT", f"{path}/add_extraroutes", 200, body)["router"]["routes"] == [good, more]
    left = net.raw("PUT", f"{path}/remove_extraroutes", 200, body)
    assert left["router"]["routes"] == [good]


def test_only_administrators_hear_of_ha(net: Net, boss: Net) -> None:
    router = net.post("/routers", "router")
    assert "ha" not in router
    assert boss.get(f"/routers/{router['id']}")["router"]["distributed"] is False
    assert net.post("/routers", "router", 403, ha=False)["type"] == "PolicyNotAuthorized"
    assert net.put(f"/routers/{router['id']}", "router", 403, ha=True)["type"] == (
        "PolicyNotAuthorized"
    )


def test_a_floating_ip_through_its_life(cloud: TestCloud, net: Net, joined: dict[str, Any]) -> None:
    one, two = net.port(joined["network"]), net.port(joined["network"])
    made = net.post("/floatingips", "floatingip", floating_network_id=net.public()["id"])
    assert made["status"] == "DOWN" and made["port_id"] is None
    path = f"/floatingips/{made['id']}"
    found = net.put(path, "floatingip", port_id=one["id"])
    assert found["fixed_ip_address"] == one["fixed_ips"][0]["ip_address"]
    assert found["router_id"] == joined["router"]["id"]
    assert found["port_details"]["mac_address"] == one["mac_address"]
    cloud.start_hosts()
    cloud.wait(lambda: net.get(path)["floatingip"]["status"] == "ACTIVE")
    drop = {"subnet_id": joined["subnet"]["id"]}
    error = net.raw("PUT", f"/routers/{joined['router']['id']}/remove_router_interface", 409, drop)
    assert error["type"] == "RouterInterfaceInUseByFloatingIP"
    error = net.put(f"/routers/{joined['router']['id']}", "router", 409, external_gateway_info=None)
    assert error["type"] == "RouterExternalGatewayInUseByFloatingIp"
    body = {"floating_network_id": net.public()["id"], "port_id": one["id"]}
    error = net.post("/floatingips", "floatingip", 409, **body)
    assert error["type"] == "FloatingIPPortAlreadyAssociated"
    assert net.put(path, "floatingip", port_id=two["id"])["port_id"] == two["id"]
    net.delete(f"/ports/{two['id']}")
    freed = net.get(path)["floatingip"]
    assert (freed["port_id"], freed["router_id"], freed["status"]) == (None, None, "DOWN")
    net.delete(path)
    net.get(path, 404)


def test_what_a_floating_ip_may_be(net: Net, boss: Net, joined: dict[str, Any]) -> None:
    public = net.public()
    body = {"floating_network_id": joined["network"]["id"]}
    assert net.post("/floatingips", "floatingip", 400, **body)["type"] == "BadRequest"
    lonely = net.network()
    net.subnet(lonely, "10.6.0.0/24")
    body = {"floating_network_id": public["id"], "port_id": net.port(lonely)["id"]}
    error = net.post("/floatingips", "floatingip", 404, **body)
    assert error["type"] == "ExternalGatewayForFloatingIPNotFound"
    subnet = joined["subnet"]["id"]
    addresses = [{"subnet_id": subnet, "ip_address": f"10.0.0.{n}"} for n in (50, 51)]
    body["port_id"] = net.port(joined["network"], fixed_ips=addresses)["id"]
    assert "multiple fixed" in net.post("/floatingips", "floatingip", 400, **body)["message"]
    body["fixed_ip_address"] = "10.0.0.51"
    assert net.post("/floatingips", "floatingip", **body)["fixed_ip_address"] == "10.0.0.51"
    wanted = {"floating_network_id": public["id"], "floating_ip_address": "172.24.4.200"}
    assert net.post("/floatingips", "floatingip", 403, **wanted)["type"] == "PolicyNotAuthorized"
    chosen = boss.post("/floatingips", "floatingip", **wanted)
    assert chosen["floating_ip_address"] == "172.24.4.200"
    error = boss.post("/floatingips", "floatingip", 409, **wanted)
    assert error["type"] == "IpAddressAlreadyAllocated"


def test_addresses_that_something_rests_on_do_not_change(net: Net, joined: dict[str, Any]) -> None:
    subnet, port = joined["subnet"]["id"], net.port(joined["network"])
    own = port["fixed_ips"][0]["ip_address"]
    body = {"floating_network_id": net.public()["id"], "port_id": port["id"]}
    floating = net.post("/floatingips", "floatingip", **body)
    path = f"/ports/{port['id']}"
    for fixed_ips in ([{"ip_address": "10.0.0.200"}], [{"subnet_id": subnet}], []):
        error = net.put(path, "port", 400, fixed_ips=fixed_ips)
        assert error["type"] == "BadRequest" and "associated to a floating ip" in error["message"]
    more = [{"ip_address": own}, {"ip_address": "10.0.0.201"}]
    assert len(net.put(path, "port", fixed_ips=more)["fixed_ips"]) == 2
    net.delete(f"/floatingips/{floating['id']}")
    assert len(net.put(path, "port", fixed_ips=more[1:])["fixed_ips"]) == 1
    interface = f"/ports/{joined['port']['port_id']}"
    for fixed_ips in ([{"ip_address": "10.0.0.200"}], []):
        error = net.put(interface, "port", 400, fixed_ips=fixed_ips)
        assert error["type"] == "BadRequest" and "are not allowed" in error["message"]
    net.put(interface, "port", fixed_ips=[{"ip_address": "10.0.0.1"}])
    net.put(interface, "port", fixed_ips=[{"subnet_id": subnet}], name="same")


def test_the_router_of_a_floating_ip_is_chosen(net: Net, boss: Net) -> None:
    """Also one without an interface to the port's subnet: the port may be behind another router."""
    outside = {"external_gateway_info": {"network_id": net.public()["id"]}}
    near, far = (net.post("/routers", "router", name=name, **outside) for name in ("near", "far"))
    inner = net.post("/routers", "router", name="inner")
    network = net.network()
    subnet = net.subnet(network, "10.9.0.0/24")
    net.raw("PUT", f"/routers/{near['id']}/add_router_interface", 200, {"subnet_id": subnet["id"]})
    port = net.port(network)
    values = {"floating_network_id": net.public()["id"], "router_id": far["id"]}
    waiting = net.post("/floatingips", "floatingip", **values)
    assert waiting["router_id"] is None
    path = f"/floatingips/{waiting['id']}"
    chosen = net.put(path, "floatingip", port_id=port["id"], router_id=far["id"])
    assert (chosen["router_id"], chosen["port_id"]) == (far["id"], port["id"])
    named = net.put(path, "floatingip", description="still there")
    assert named["router_id"] == far["id"]
    error = net.delete(f"/routers/{far['id']}", 409)
    assert error["type"] == "RouterExternalGatewayInUseByFloatingIp"
    assert net.put(path, "floatingip", router_id=None)["router_id"] == near["id"]
    error = net.put(path, "floatingip", 409, router_id=inner["id"])
    assert error["type"] == "Conflict" and "no external gateway" in error["message"]
    theirs = boss.post("/routers", "router", name="theirs", **outside)
    assert net.put(path, "floatingip", 404, router_id=theirs["id"])["type"] == "RouterNotFound"
    assert net.get(path)["floatingip"]["router_id"] == near["id"]
