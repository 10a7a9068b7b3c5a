"""Ports over HTTP."""

from __future__ import annotations

import pytest

from .conftest import Net


def test_a_port_of_a_member(net: Net) -> None:
    network = net.network()
    subnet = net.subnet(network)
    made = net.port(network, name="p")
    assert made["fixed_ips"] == [{"subnet_id": subnet["id"], "ip_address": "10.0.0.3"}]
    assert made["status"] == "DOWN" and made["mac_address"].startswith("fa:16:3e:")
    assert len(made["security_groups"]) == 1 and made["binding:vnic_type"] == "normal"
    assert "binding:host_id" not in made
    assert net.get(f"/ports/{made['id']}")["port"] == made


def test_more_addresses_and_fewer(net: Net) -> None:
    network = net.network()
    subnet = net.subnet(network)
    made = net.port(network, fixed_ips=[{"subnet_id": subnet["id"]}])
    (first,) = made["fixed_ips"]
    second = {"subnet_id": subnet["id"], "ip_address": "10.0.0.77"}
    changed = net.put(f"/ports/{made['id']}", "port", fixed_ips=[first, second])
    assert changed["fixed_ips"] == [first, second]
    changed = net.put(f"/ports/{made['id']}", "port", fixed_ips=[second])
    assert changed["fixed_ips"] == [second]
    by_ip = net.get("/ports?fixed_ips=ip_address=10.0.0.77")["ports"]
    assert [one["id"] for one in by_ip] == [made["id"]]
    part = net.get("/ports?fixed_ips=ip_address_substr=0.0.7")["ports"]
    assert [one["id"] for one in part] == [made["id"]]


def test_macs_are_unique_in_a_network(net: Net) -> None:
    one, two = net.network(), net.network()
    mac = "FA:16:3E:AA:BB:CC"
    assert net.port(one, mac_address=mac)["mac_address"] == mac.lower()
    net.port(two, mac_address=mac)
    body = {"network_id": one["id"], "mac_address": mac}
    assert net.post("/ports", "port", 409, **body)["type"] == "MacAddressInUse"


@pytest.mark.parametrize(
    ("values", "status", "type_"),
    [
        ({"fixed_ips": [{"ip_address": "10.0.0.1"}]}, 201, ""),
        ({"fixed_ips": [{"ip_address": "10.5.0.1"}]}, 400, "InvalidIpForNetwork"),
        ({"fixed_ips": [{"ip_address": "10.0.0.2"}]}, 409, "IpAddressAlreadyAllocated"),
        ({"fixed_ips": [{"ip_address": "x"}]}, 400, "HTTPBadRequest"),
        ({"fixed_ips": [{"bogus": "x"}]}, 400, "HTTPBadRequest"),
        ({"mac_address": "01:00:00:00:00:00"}, 201, ""),
        ({"mac_address": "00:00:00:00:00:00"}, 400, "HTTPBadRequest"),
        ({"mac_address": "zz"}, 400, "HTTPBadRequest"),
        ({"security_groups": ["x"]}, 400, "HTTPBadRequest"),
        ({"device_owner": "network:dhcp"}, 201, ""),
        ({"binding:host_id": "h"}, 403, "PolicyNotAuthorized"),
        ({"binding:vnic_type": "bogus"}, 400, "HTTPBadRequest"),
        ({"allowed_address_pairs": [{"mac_address": "fa:16:3e:00:00:01"}]}, 400, "Allowed"),
        ({"allowed_address_pairs": [{"ip_address": "224.0.0.1"}]}, 400, "HTTPBadRequest"),
        ({"extra_dhcp_opts": [{"opt_name": "a\nb", "opt_value": "c"}]}, 400, "HTTPBadRequest"),
        ({"bogus": 1}, 400, "HTTPBadRequest"),
    ],
)
def test_what_a_member_may_ask(
    net: Net, values: dict[str, object], status: int, type_: str
) -> None:
    network = net.network()
    net.subnet(network)
    answer = net.raw("POST", "/ports", status, {"port": {"network_id": network["id"], **values}})
    if status >= 400:
        assert answer["type"].startswith(type_)


def test_no_port_on_networks_of_others(net: Net, boss: Net) -> None:
    hidden = boss.network()
    error = net.post("/ports", "port", 404, network_id=hidden["id"])
    assert error["type"] == "NetworkNotFound"
    error = net.post("/ports", "port", 403, network_id=net.public()["id"])
    assert error["type"] == "PolicyNotAuthorized"


def test_port_security_groups_and_pairs(net: Net) -> None:
    network = net.network()
    net.subnet(network)
    group = net.post("/security-groups", "security_group", name="g")
    made = net.port(network, security_groups=[group["id"]])
    assert made["security_groups"] == [group["id"]]
    assert net.delete(f"/security-groups/{group['id']}", 409)["type"] == "SecurityGroupInUse"
    path = f"/ports/{made['id']}"
    error = net.put(path, "port", 409, port_security_enabled=False)
    assert error["type"] == "PortSecurityPortHasSecurityGroup"
    pair = {"ip_address": "10.0.0.0/28"}
    changed = net.put(path, "port", allowed_address_pairs=[pair])
    assert changed["allowed_address_pairs"] == [{**pair, "mac_address": made["mac_address"]}]
    opened = {"security_groups": [], "allowed_address_pairs": [], "port_security_enabled": False}
    assert net.put(path, "port", **opened)["port_security_enabled"] is False
    error = net.put(path, "port", 409, allowed_address_pairs=[pair])
    assert error["type"] == "AddressPairAndPortSecurityRequired"
    net.delete(f"/security-groups/{group['id']}")


def test_binding_is_for_administrators(net: Net, boss: Net) -> None:
    network = net.network()
    net.subnet(network)
    made = net.port(network)
    bound = boss.put(f"/ports/{made['id']}", "port", **{"binding:host_id": "h1"})
    assert bound["binding:vif_type"] == "bridge" and bound["binding:host_id"] == "h1"
    assert boss.get("/ports?binding:host_id=h1")["ports"][0]["id"] == made["id"]
    freed = boss.put(f"/ports/{made['id']}", "port", **{"binding:host_id": ""})
    assert freed["binding:vif_type"] == "unbound"


def test_tags(net: Net) -> None:
    network = net.network()
    path = f"/networks/{network['id']}/tags"
    net.raw("PUT", path, 200, {"tags": ["red", "blue"]})
    assert net.get(f"/networks/{network['id']}")["network"]["tags"] == ["blue", "red"]
    net.raw("PUT", f"{path}/green", 201, None)
    net.get(f"{path}/green", 204)
    net.get(f"{path}/black", 404)
    assert len(net.get("/networks?tags=red,green")["networks"]) == 1
    assert net.get("/networks?tags=red,black")["networks"] == []
    assert len(net.get("/networks?tags-any=red,black")["networks"]) == 1
    net.delete(f"{path}/red")
    net.delete(path)
    assert net.get(path) == {"tags": []}
    net.raw("PUT", path, 400, {"tags": ["a,b"]})
    net.raw("PUT", path, 400, {"tags": 5})
