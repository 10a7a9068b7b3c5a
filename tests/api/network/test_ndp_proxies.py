"""NDP proxies of routers over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Net

UNKNOWN = "0e0e0e0e-0000-4000-8000-000000000000"


class Story:
    """A router between an external and an internal network, both of one IPv6 address scope."""

    def __init__(self, net: Net, boss: Net) -> None:
        self.net, self.boss = net, boss
        values = {"name": "s", "ip_version": 6, "shared": True}
        scope = boss.post("/address-scopes", "address_scope", **values)
        self.pool = boss.post(
            "/subnetpools",
            "subnetpool",
            name="p",
            prefixes=["fd00:64::/40"],
            address_scope_id=scope["id"],
            shared=True,
            default_prefixlen=64,
        )
        self.outside = boss.network(**{"router:external": True, "name": "six"})
        self.six(boss, self.outside)
        self.network = net.network()
        self.subnet = self.six(net, self.network)
        self.gateway = {"network_id": self.outside["id"]}
        self.router = net.post("/routers", "router", external_gateway_info=self.gateway)
        self.path = f"/routers/{self.router['id']}"
        self.join(self.subnet)
        self.port = net.port(self.network)
        self.address = self.port["fixed_ips"][0]["ip_address"]

    def six(self, net: Net, network: Any) -> Any:
        values = {"network_id": network["id"], "ip_version": 6, "subnetpool_id": self.pool["id"]}
        return net.post("/subnets", "subnet", **values)

    def join(self, subnet: Any, verb: str = "add", status: int = 200) -> Any:
        body = {"subnet_id": subnet["id"]}
        return self.net.raw("PUT", f"{self.path}/{verb}_router_interface", status, body)

    def enable(self) -> None:
        assert self.net.put(self.path, "router", enable_ndp_proxy=True)["enable_ndp_proxy"] is True

    def make(self, status: int = 201, **values: Any) -> Any:
        named = {"router_id": self.router["id"], "port_id": self.port["id"], **values}
        return self.net.post("/ndp-proxies", "ndp_proxy", status, **named)


@pytest.fixture
def story(net: Net, boss: Net) -> Story:
    return Story(net, boss)


def test_through_its_life(story: Story) -> None:
    net = story.net
    assert story.router["enable_ndp_proxy"] is False
    assert story.make(409)["type"] == "RouterNDPProxyNotEnable"
    story.enable()
    made = story.make(name="one", description="about")
    assert (made["ip_address"], made["port_id"]) == (story.address, story.port["id"])
    path = f"/ndp-proxies/{made['id']}"
    assert net.put(path, "ndp_proxy", name="two")["name"] == "two"
    assert net.get(f"/ndp_proxies/{made['id']}")["ndp_proxy"]["name"] == "two"
    for read_only in ("router_id", "port_id", "ip_address"):
        assert "read-only" in net.put(path, "ndp_proxy", 400, **{read_only: UNKNOWN})["message"]
    assert story.join(story.subnet, "remove", 409)["type"] == "RouterInterfaceInUseByNDPProxy"
    error = net.put(story.path, "router", 409, external_gateway_info=None)
    assert error["type"] == "RouterGatewayInUseByNDPProxy"
    net.delete(path)
    assert net.get(path, 404)["type"] == "NDPProxyNotFound"
    story.make()
    net.delete(f"/ports/{story.port['id']}")
    assert net.get("/ndp-proxies")["ndp_proxies"] == []
    assert net.put(story.path, "router", external_gateway_info=None)["enable_ndp_proxy"] is False


def test_what_a_router_needs(story: Story) -> None:
    net, plain = story.net, {"network_id": story.net.public()["id"]}
    error = net.post("/routers", "router", 409, enable_ndp_proxy=True)
    assert error["type"] == "RouterGatewayNotValid" and "request body" in error["message"]
    values = {"enable_ndp_proxy": True, "external_gateway_info": plain}
    error = net.post("/routers", "router", 409, **values)
    assert error["type"] == "RouterGatewayNotValid" and "no IPv6 subnets" in error["message"]
    made = net.post("/routers", "router", external_gateway_info=plain)
    error = net.put(f"/routers/{made['id']}", "router", 409, enable_ndp_proxy=True)
    assert error["type"] == "RouterGatewayNotValid"
    values["external_gateway_info"] = story.gateway
    assert net.post("/routers", "router", **values)["enable_ndp_proxy"] is True
    four = {"network_id": story.outside["id"], "ip_version": 4, "cidr": "172.20.0.0/24"}
    subnet = story.boss.post("/subnets", "subnet", **four)
    story.enable()
    lost = {**story.gateway, "external_fixed_ips": [{"subnet_id": subnet["id"]}]}
    error = story.boss.put(story.path, "router", 409, external_gateway_info=lost)
    assert error["type"] == "RouterIPv6GatewayInUse"


def test_what_a_port_needs(story: Story) -> None:
    net = story.net
    story.enable()
    assert story.make(404, port_id=UNKNOWN)["type"] == "PortNotFound"
    assert story.make(409, router_id=UNKNOWN)["type"] == "PortUnreachableRouter"
    for bad in (5, "x"):
        assert story.make(400, ip_address=bad)["type"] == "HTTPBadRequest"
    error = story.make(400, ip_address="fd00:77::1")
    assert error["type"] == "InvalidAddress" and "not belong" in error["message"]
    assert story.make(ip_address=story.address)["ip_address"] == story.address
    lonely = net.network()
    story.six(net, lonely)
    port = net.port(lonely)["id"]
    assert story.make(409, port_id=port)["type"] == "PortUnreachableRouter"
    other = net.network()
    subnet = net.subnet(other, "fd00:99::/64")
    story.join(subnet)
    error = story.make(409, port_id=net.port(other)["id"])
    assert error["type"] == "AddressScopeConflict"


def test_lists(story: Story) -> None:
    net = story.net
    story.enable()
    story.make(name="a")
    other = net.port(story.network)
    story.make(name="b", port_id=other["id"])

    def names(query: str) -> list[str]:
        return [row["name"] for row in net.get(f"/ndp-proxies?{query}")["ndp_proxies"]]

    assert names("name=a") == [*names(f"ip_address={story.address}")] == ["a"]
    assert names(f"port_id={other['id']}") == ["b"]
    assert names("sort_key=name&sort_dir=desc") == ["b", "a"]
    assert names(f"router_id={UNKNOWN}") == []
