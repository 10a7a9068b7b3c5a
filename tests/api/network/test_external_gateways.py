"""Several external gateways of a router."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.testcloud import TestCloud

from .conftest import Net

NOWHERE = "0e0e0e0e-0000-4000-8000-000000000000"
IN_USE = "RouterExternalGatewayInUseByFloatingIp"


class Outside:
    """Two external networks, and a router with an interface for a port."""

    def __init__(self, boss: Net, net: Net) -> None:
        self.boss, self.net = boss, net
        self.first = net.public()["id"]
        self.second = self.external("172.25.4.0/24", 11)
        self.router = net.post("/routers", "router", name="r")
        network = net.network()
        subnet = net.subnet(network, "10.71.0.0/24")
        path = f"/routers/{self.router['id']}/add_router_interface"
        net.raw("PUT", path, 200, {"subnet_id": subnet["id"]})
        self.network = network

    def external(self, cidr: str, number: int) -> str:
        values: dict[str, Any] = {"router:external": True, "provider:network_type": "vlan"}
        values |= {"provider:physical_network": "physnet1", "provider:segmentation_id": number}
        network = self.boss.network(**values)
        self.boss.subnet(network, cidr, enable_dhcp=False)
        network_id: str = network["id"]
        return network_id

    def act(self, verb: str, *wanted: Any, status: int = 200, net: Net | None = None) -> Any:
        """``wanted``: networks, or descriptions of gateways. Gives the networks, or the error."""
        gateways = [one if isinstance(one, dict) else {"network_id": one} for one in wanted]
        path = f"/routers/{self.router['id']}/{verb}_external_gateways"
        body = {"router": {"external_gateways": gateways}}
        answer = (net or self.net).raw("PUT", path, status, body)
        if status >= 400:
            return answer
        assert answer["router"].items() >= self.shown().items()
        return self.networks()

    def shown(self) -> Any:
        return self.net.get(f"/routers/{self.router['id']}")["router"]

    def networks(self) -> list[str]:
        shown = self.shown()
        gateways = shown["external_gateways"]
        info = shown["external_gateway_info"]
        if not gateways:
            assert info is None
        else:
            assert {name: info[name] for name in gateways[0]} == gateways[0]
        return [one["network_id"] for one in gateways]

    def addresses(self) -> list[str]:
        return [
            one["ip_address"]
            for gateway in self.shown()["external_gateways"]
            for one in gateway["external_fixed_ips"]
        ]

    def floating(self, network: str, status: int = 201) -> Any:
        port = self.net.port(self.network)["id"]
        values = {"floating_network_id": network, "port_id": port}
        return self.net.post("/floatingips", "floatingip", status, **values)


@pytest.fixture
def outside(boss: Net, net: Net) -> Outside:
    return Outside(boss, net)


def test_gateways_from_first_to_last(outside: Outside, boss: Net) -> None:
    assert outside.networks() == []
    before = outside.shown()["revision_number"]
    assert outside.act("add", outside.first, outside.second) == [outside.first, outside.second]
    assert outside.shown()["revision_number"] > before
    gateway = f"/ports?device_id={outside.router['id']}&device_owner=network:router_gateway"
    assert len(boss.get(gateway)["ports"]) == 2
    assert outside.act("add", outside.first) == [outside.first, outside.second, outside.first]
    assert len(set(outside.addresses())) == 3
    assert outside.act("remove", outside.second) == [outside.first, outside.first]
    error = outside.act("remove", outside.first, status=400)
    assert error["type"] == "UnableToMatchGateways" and "several" in error["message"]
    first, last = outside.addresses()
    named = {"network_id": outside.first, "external_fixed_ips": [{"ip_address": first}]}
    assert outside.act("remove", named) == [outside.first]
    assert outside.addresses() == [last]
    assert outside.act("update") == []
    assert boss.get(gateway)["ports"] == []


def test_an_update_keeps_what_it_names(outside: Outside, boss: Net) -> None:
    third = outside.external("172.26.4.0/24", 12)
    outside.act("add", outside.first, outside.second)
    _, second = outside.addresses()
    assert outside.act("update", outside.second, third) == [outside.second, third]
    assert outside.addresses()[0] == second
    assert outside.act("update", third, outside.first, outside.second) == [
        third,
        outside.second,
        outside.first,
    ]
    moved = {"network_id": outside.second, "external_fixed_ips": [{"ip_address": second},
             {"ip_address": "172.25.4.200"}]}  # fmt: skip
    outside.act("update", moved, net=boss)
    assert outside.addresses() == [second, "172.25.4.200"]
    other = {"network_id": outside.second, "external_fixed_ips": [{"ip_address": "172.25.4.9"}]}
    outside.act("update", other, net=boss)
    assert outside.addresses() == ["172.25.4.9"]
    outside.act("update", {"network_id": outside.second, "enable_snat": False}, net=boss)
    assert outside.shown()["external_gateway_info"]["enable_snat"] is False
    policy = boss.post("/qos/policies", "policy", name="q", shared=True)["id"]
    outside.act("update", {"network_id": outside.second, "qos_policy_id": policy})
    assert outside.shown()["external_gateway_info"]["qos_policy_id"] == policy
    limited = {"network_id": outside.first, "qos_policy_id": policy}
    error = outside.act("add", limited, status=400)
    assert error["type"] == "UnableToAddExtraGateways" and "QoS" in error["message"]
    outside.act("update", {"network_id": outside.second, "qos_policy_id": None})
    assert "qos_policy_id" not in outside.shown()["external_gateway_info"]


def test_the_old_requests_go_on(outside: Outside) -> None:
    path = f"/routers/{outside.router['id']}"
    info = {"network_id": outside.first}
    outside.net.put(path, "router", external_gateway_info=info)
    assert outside.networks() == [outside.first]
    assert outside.act("add", outside.second) == [outside.first, outside.second]
    outside.net.put(path, "router", external_gateway_info=info)
    assert outside.networks() == [outside.first, outside.second]
    outside.net.put(path, "router", external_gateway_info={})
    assert outside.networks() == [outside.second]
    outside.act("add", outside.first)
    error = outside.net.put(path, "router", 400, external_gateways=[])
    assert error["type"] == "HTTPBadRequest"
    (listed,) = outside.net.get(f"/routers?id={outside.router['id']}")["routers"]
    assert listed == outside.shown()


def test_floating_ips_hold_the_last_gateway_of_their_network(outside: Outside) -> None:
    outside.act("add", outside.first)
    error = outside.floating(outside.second, 404)
    assert error["type"] == "ExternalGatewayForFloatingIPNotFound"
    outside.act("add", outside.second)
    floating = outside.floating(outside.second)
    assert floating["router_id"] == outside.router["id"]
    path = f"/floatingips/{floating['id']}"
    values = {"port_id": floating["port_id"], "router_id": outside.router["id"]}
    outside.net.put(path, "floatingip", **values)
    assert outside.act("remove", outside.second, status=409)["type"] == IN_USE
    assert outside.act("update", outside.first, status=409)["type"] == IN_USE
    assert outside.act("add", outside.second)[1:] == [outside.second] * 2
    second = outside.addresses()[1]
    named = {"network_id": outside.second, "external_fixed_ips": [{"ip_address": second}]}
    assert outside.act("remove", named) == [outside.first, outside.second]
    path = f"/routers/{outside.router['id']}"
    outside.net.put(path, "router", external_gateway_info={})
    error = outside.net.put(path, "router", 409, external_gateway_info={})
    assert error["type"] == IN_USE
    outside.net.delete(f"/floatingips/{floating['id']}")
    assert outside.act("remove", outside.second) == []


def test_networks_with_further_gateways_stay(outside: Outside, boss: Net) -> None:
    outside.act("add", outside.first, outside.second)
    path = f"/networks/{outside.second}"
    error = boss.put(path, "network", 409, **{"router:external": False})
    assert error["type"] == "ExternalNetworkInUse"
    assert boss.delete(path, 409)["type"] == "NetworkInUse"
    (grant,) = boss.get(f"/rbac-policies?object_id={outside.second}")["rbac_policies"]
    assert boss.delete(f"/rbac-policies/{grant['id']}", 409)["type"] == "RbacPolicyInUse"
    router = f"/routers/{outside.router['id']}"
    ports = boss.get(f"/ports?device_id={outside.router['id']}&network_id={outside.network['id']}")
    (port,) = ports["ports"]
    outside.net.raw("PUT", f"{router}/remove_router_interface", 200, {"port_id": port["id"]})
    outside.net.delete(router)
    assert boss.get(f"/ports?device_id={outside.router['id']}")["ports"] == []


def test_what_is_refused(outside: Outside, boss: Net, net: Net) -> None:
    def kind(*wanted: Any, verb: str = "add", status: int = 400, net: Net | None = None) -> str:
        error_type: str = outside.act(verb, *wanted, status=status, net=net)["type"]
        return error_type

    assert kind(outside.first, verb="remove") == "UnableToRemoveGateways"
    assert kind(outside.network["id"]) == "BadRequest"
    assert kind(NOWHERE, status=404) == "NetworkNotFound"
    assert outside.networks() == []
    outside.act("add", outside.first)
    assert kind(outside.second, verb="remove") == "UnableToMatchGateways"
    overlapping = outside.external("10.71.0.0/25", 13)
    assert kind(overlapping) == "BadRequest"
    unequal = {"network_id": outside.second, "enable_snat": False}
    assert kind(unequal, net=boss) == "UnableToAddExtraGateways"
    fixed = {"network_id": outside.second, "external_fixed_ips": [{"ip_address": "172.25.4.9"}]}
    for wanted in (unequal, fixed):
        for verb in ("add", "update"):
            assert kind(wanted, verb=verb, status=403) == "PolicyNotAuthorized"
    for wrong in ("x", [{}], [{"network_id": "x"}], [{"network_id": outside.first, "a": 1}], 5):
        path = f"/routers/{outside.router['id']}/add_external_gateways"
        body = {"router": {"external_gateways": wrong}}
        assert net.raw("PUT", path, 400, body)["type"] == "HTTPBadRequest"
    assert net.raw("PUT", path, 400, {"router": {"name": "x"}})["type"] == "HTTPBadRequest"
    for nothing in ({}, {"external_gateways": {}}, {"external_gateways": None}):
        assert net.raw("PUT", path, 200, {"router": nothing})["router"] == outside.shown()
    assert outside.networks() == [outside.first]
    assert outside.act("add", *[outside.second] * 7, status=200)
    assert kind(outside.second) == "UnableToAddExtraGateways"


def test_routers_of_several_hosts_have_several_gateways(outside: Outside, boss: Net) -> None:
    path = f"/routers/{outside.router['id']}"
    outside.act("add", outside.first, outside.second)
    boss.put(path, "router", ha=True, admin_state_up=False)
    assert outside.networks() == [outside.first, outside.second]
    outside.act("remove", outside.second)
    assert outside.act("add", outside.second) == [outside.first, outside.second]
    boss.put(path, "router", ha=False, admin_state_up=False)
    assert outside.networks() == [outside.first, outside.second]


def test_the_driver_ovn_has_several_gateways_or_forwarded_ports(tmp_path: Path) -> None:
    cloud = TestCloud(tmp_path / "other", cloud={"fake": False}, network={"driver": "ovn"})
    try:
        boss = Net(cloud.client("admin"))
        outside = Outside(boss, boss)
        assert outside.act("add", outside.first, outside.second) == [outside.first, outside.second]
        floating = boss.post("/floatingips", "floatingip", floating_network_id=outside.first)
        port = boss.port(outside.network)
        forwarding = {
            "protocol": "tcp", "external_port": 22, "internal_port": 22,
            "internal_port_id": port["id"],
            "internal_ip_address": port["fixed_ips"][0]["ip_address"],
        }  # fmt: skip
        path = f"/floatingips/{floating['id']}/port_forwardings"
        error = boss.post(path, "port_forwarding", 400, **forwarding)
        assert error["type"] == "BadRequest" and "several external gateways" in error["message"]
        outside.act("remove", outside.second)
        made = boss.post(path, "port_forwarding", 201, **forwarding)
        error = outside.act("add", outside.second, status=400)
        assert error["type"] == "UnableToAddExtraGateways" and "ovn" in error["message"]
        # a router with ha is a plain one there
        router = f"/routers/{outside.router['id']}"
        boss.put(router, "router", ha=True, admin_state_up=False)
        boss.delete(f"{path}/{made['id']}")
        outside.act("add", outside.second)
        assert outside.shown()["ha"] is True
    finally:
        cloud.close()


def test_the_host_knows_all_gateways(cloud: TestCloud, outside: Outside, boss: Net) -> None:
    cloud.start_hosts()
    policy = boss.post("/qos/policies", "policy", name="q")["id"]
    boss.put(f"/networks/{outside.second}", "network", qos_policy_id=policy)
    outside.act("add", outside.first)
    driver = cloud.hosts[0].rooms["network"].driver

    def router() -> Any:
        routers = driver.view.routers if driver.view is not None else []
        return next((one for one in routers if one.id == outside.router["id"]), None)

    cloud.wait(lambda: router() is not None and router().gateway is not None)
    assert router().extra_gateways == []
    outside.act("add", outside.second)
    here, there = outside.floating(outside.first), outside.floating(outside.second)
    cloud.wait(lambda: len(router().floating_ips) == 2 and router().extra_gateways)
    (extra,) = router().extra_gateways
    assert extra.port.network_id == outside.second and extra.nexthops == ["172.25.4.1"]
    assert extra.port.addresses == [f"{outside.addresses()[1]}/24"]
    assert router().gateway.network_id == outside.first
    shown = {one.id: (one.network_id, one.qos_policy) for one in router().floating_ips}
    assert shown == {here["id"]: ("", ""), there["id"]: (outside.second, policy)}
    assert policy in driver.view.qos
    path = f"/ports?device_id={outside.router['id']}"
    cloud.wait(lambda: {one["status"] for one in boss.get(path)["ports"]} == {"ACTIVE"})
    outside.net.delete(f"/floatingips/{there['id']}")
    outside.act("remove", outside.second)
    cloud.wait(lambda: not router().extra_gateways)
