"""Addresses and prefixes as text: what reaches hosts is checked at the door."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Net

# Never an address or a prefix, whatever the field.
NEVER: list[Any] = [
    "fe80::%x/64", "fe80::1%eth0", "fe80::1%25x", "10.0.0.0/255.0.0.0", "10.0.0.0/33", "10.0.0/8",
    "010.0.0.1", "10.0.0.1/", "/8", "10.0.0.1/+8", "10.0.0.1/ 8", " 10.0.0.1", "10.0.0.1\n",
    "10.0.0.1/8/8", "::/129", "::ffff:10.0.0.256", "not-a-cidr", "", "0x0a000001", "1", 1, True,
    ["10.0.0.1"], {"a": "b"},
]  # fmt: skip
HOST_BITS = ["10.66.0.5/24", "fd00::1/64", "0.0.0.1/0", "10.0.0.1/31"]


@pytest.fixture
def place(net: Net) -> dict[str, Any]:
    network = net.network()
    subnet = net.subnet(network, "10.66.0.0/24")
    return {
        "network": network,
        "subnet": subnet,
        "port": net.port(network),
        "router": net.post("/routers", "router", name="r"),
        "group": net.post("/security-groups", "security_group", name="g"),
        "public": net.public(),
    }


def fields(place: dict[str, Any]) -> dict[str, tuple[str, str, str, Any]]:
    """Field -> (method, path, name, body) with "?" where an address or prefix is expected."""
    network, port, router = place["network"]["id"], place["port"]["id"], place["router"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.77.0.0/24"}
    change = f"/subnets/{place['subnet']['id']}"
    rule = {"security_group_id": place["group"]["id"], "direction": "ingress"}
    fip = {"floating_network_id": place["public"]["id"]}
    pair = [{"ip_address": "?"}]
    return {
        "pair": ("POST", "/ports", "port", {"network_id": network, "allowed_address_pairs": pair}),
        "pair put": ("PUT", f"/ports/{port}", "port", {"allowed_address_pairs": pair}),
        "fixed": ("POST", "/ports", "port", {"network_id": network, "fixed_ips": pair}),
        "fixed put": ("PUT", f"/ports/{port}", "port", {"fixed_ips": pair}),
        "cidr": ("POST", "/subnets", "subnet", {**subnet, "cidr": "?"}),
        "gateway": ("POST", "/subnets", "subnet", {**subnet, "gateway_ip": "?"}),
        "gateway put": ("PUT", change, "subnet", {"gateway_ip": "?"}),
        "dns": ("POST", "/subnets", "subnet", {**subnet, "dns_nameservers": ["?"]}),
        "dns put": ("PUT", change, "subnet", {"dns_nameservers": ["?"]}),
        "pool start": ("POST", "/subnets", "subnet",
                       {**subnet, "allocation_pools": [{"start": "?", "end": "10.77.0.9"}]}),
        "pool end": ("PUT", change, "subnet",
                     {"allocation_pools": [{"start": "10.66.0.2", "end": "?"}]}),
        "host route": ("POST", "/subnets", "subnet",
                       {**subnet, "host_routes": [{"destination": "?", "nexthop": "10.77.0.9"}]}),
        "host route via": ("PUT", change, "subnet",
                           {"host_routes": [{"destination": "10.0.0.0/8", "nexthop": "?"}]}),
        "route": ("PUT", f"/routers/{router}", "router",
                  {"routes": [{"destination": "?", "nexthop": "10.66.0.9"}]}),
        "route via": ("PUT", f"/routers/{router}/add_extraroutes", "router",
                      {"routes": [{"destination": "10.0.0.0/8", "nexthop": "?"}]}),
        "rule": ("POST", "/security-group-rules", "security_group_rule",
                 {**rule, "remote_ip_prefix": "?"}),
        "prefixes": ("POST", "/subnetpools", "subnetpool", {"name": "p", "prefixes": ["?"]}),
        "floating": ("POST", "/floatingips", "floatingip", {**fip, "floating_ip_address": "?"}),
        "floating to": ("POST", "/floatingips", "floatingip",
                        {**fip, "port_id": port, "fixed_ip_address": "?"}),
    }  # fmt: skip


NAMES = [
    "pair", "pair put", "fixed", "fixed put", "cidr", "gateway", "gateway put", "dns", "dns put",
    "pool start", "pool end", "host route", "host route via", "route", "route via", "rule",
    "prefixes", "floating", "floating to",
]  # fmt: skip


def filled(value: Any, text: Any) -> Any:
    if isinstance(value, dict):
        return {key: filled(inner, text) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, text) for inner in value]
    return text if value == "?" else value


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_address_is_refused(name: str, place: dict[str, Any], net: Net) -> None:
    assert set(fields(place)) == set(NAMES)
    method, path, key, body = fields(place)[name]
    for text in NEVER:
        if text == "" and name == "rule":
            continue  # as upstream, nothing is anywhere
        answer = net.client.request(method, "network", path, json={key: filled(body, text)})
        assert answer.status_code == 400, f"{text!r}: {answer.status_code} {answer.text}"
        assert answer.json()["NeutronError"]["message"]


@pytest.mark.parametrize("text", HOST_BITS)
@pytest.mark.parametrize("name", ["pair", "pair put", "host route", "route"])
def test_bits_beyond_the_prefix_are_refused(
    name: str, text: str, place: dict[str, Any], net: Net
) -> None:
    method, path, key, body = fields(place)[name]
    error = net.raw(method, path, 400, {key: filled(body, text)})
    assert text in error["message"]


def test_a_rule_and_a_subnet_take_the_network_of_an_address(
    place: dict[str, Any], net: Net
) -> None:
    """As upstream, which shows it as normalized_cidr."""
    rule = {"security_group_id": place["group"]["id"], "direction": "ingress"}
    made = net.post(
        "/security-group-rules", "security_group_rule", remote_ip_prefix="10.1.2.3/8", **rule
    )
    assert made["normalized_cidr"] == "10.0.0.0/8"
    assert net.subnet(place["network"], "10.78.0.9/24")["cidr"] == "10.78.0.0/24"


@pytest.mark.parametrize("text", ["not-a-cidr", "fe80::%x/64", "10.0.0.0/33"])
def test_computes_old_rules_are_checked_too(text: str, place: dict[str, Any], net: Net) -> None:
    rule = {"parent_group_id": place["group"]["id"], "ip_protocol": "tcp", "from_port": 1,
            "to_port": 2, "cidr": text}  # fmt: skip
    answer = net.client.post(
        "compute", "/os-security-group-rules", json={"security_group_rule": rule}
    )
    assert answer.status_code == 400, answer.text
