"""What the network driver of a cloud cannot do is refused, and its extensions are not listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.network.conftest import Net
from tests.testcloud import TestCloud

LACKING = {
    "expose-l3-conntrack-helper", "l3-conntrack-helper", "l3-ext-ndp-proxy",
    "l3-ndp-proxy", "local_ip", "logging", "metering", "metering_source_and_destination_fields",
}  # fmt: skip


@pytest.fixture
def ovn(tmp_path: Path) -> Iterator[Net]:
    cloud = TestCloud(tmp_path / "cloud", cloud={"fake": False}, network={"driver": "ovn"})
    yield Net(cloud.client("admin"))
    cloud.close()


@pytest.fixture
def linux(tmp_path: Path) -> Iterator[Net]:
    cloud = TestCloud(tmp_path / "cloud", cloud={"fake": False}, network={"driver": "linux"})
    yield Net(cloud.client("admin"))
    cloud.close()


def aliases(net: Net) -> set[str]:
    return {extension["alias"] for extension in net.get("/extensions")["extensions"]}


def test_extensions_of_the_driver_are_listed(ovn: Net) -> None:
    listed = aliases(ovn)
    assert not listed & LACKING
    assert {"qos", "trunk", "address-group", "floating-ip-port-forwarding"} <= listed
    for alias in sorted(LACKING):
        assert ovn.get(f"/extensions/{alias}", 404)["type"] == "ExtensionNotFound"
    kinds = {each["type"] for each in ovn.get("/qos/rule-types")["rule_types"]}
    assert "bandwidth_limit" in kinds and "packet_rate_limit" not in kinds


def test_another_driver_has_them(linux: Net) -> None:
    assert aliases(linux) >= LACKING
    linux.post("/metering/metering-labels", "metering_label", name="m")


def test_nothing_is_promised(ovn: Net) -> None:
    router = ovn.post("/routers", "router", name="r")
    helper = {"protocol": "tcp", "port": 21, "helper": "ftp"}
    path = f"/routers/{router['id']}/conntrack_helpers"
    refused = {
        "l3-conntrack-helper": ovn.post(path, "conntrack_helper", 404, **helper),
        "metering": ovn.post("/metering/metering-labels", "metering_label", 404, name="m"),
        "logging": ovn.post("/log/logs", "log", 404, resource_type="security_group"),
        "local_ip": ovn.post("/local-ips", "local_ip", 404, name="l"),
        "l3-ndp-proxy": ovn.post("/routers", "router", 404, enable_ndp_proxy=True),
    }
    for alias, error in refused.items():
        assert error["type"] == "ExtensionNotFound" and alias in error["message"]
    ovn.put(f"/routers/{router['id']}", "router", 404, enable_ndp_proxy=True)
    ovn.put(f"/routers/{router['id']}", "router", enable_ndp_proxy=False)
    assert ovn.get("/metering/metering-labels")["metering_labels"] == []


def test_options_that_cannot_be_sent(ovn: Net) -> None:
    network = ovn.network()

    def options(name: str, value: str | None, version: int = 4) -> dict[str, object]:
        option = {"opt_name": name, "opt_value": value, "ip_version": version}
        return {"extra_dhcp_opts": [option]}

    def post(status: int, name: str, value: str, version: int = 4) -> dict[str, object]:
        values = {"network_id": network["id"], **options(name, value, version)}
        made: dict[str, object] = ovn.post("/ports", "port", status, **values)
        return made

    port = post(201, "bootfile-name", "pxe.0")
    assert "'99'" in str(post(400, "99", "x")["message"])
    assert "cannot have the value" in str(post(400, "mtu", "much")["message"])
    post(400, "bootfile-url", "tftp://x", 6)
    post(201, "dns-server", "fd00::1", 6)
    path = f"/ports/{port['id']}"
    ovn.put(path, "port", 400, **options("99", "x"))
    ovn.put(path, "port", **options("99", None))  # one that it never had is taken away


def test_limits_of_packets_for_addresses(ovn: Net) -> None:
    """A policy that the driver does not enforce is refused where it is attached, and its rule
    where the policy is in use.
    """
    policies = [ovn.post("/qos/policies", "policy", name=f"p{n}")["id"] for n in range(2)]
    rules = [f"/qos/policies/{policy}/packet_rate_limit_rules" for policy in policies]
    ovn.post(rules[0], "packet_rate_limit_rule", max_kpps=1)
    outside = ovn.network(**{"router:external": True})
    ovn.subnet(outside, "10.7.0.0/24")
    place = {"floating_network_id": outside["id"]}
    gateway = {"network_id": outside["id"]}
    for policy, status in ((policies[0], 409), (policies[1], 201)):
        floating = ovn.post("/floatingips", "floatingip", status, **place, qos_policy_id=policy)
        info = {**gateway, "qos_policy_id": policy}
        ovn.post("/routers", "router", status, name="r", external_gateway_info=info)
        if status == 409:
            assert floating["type"] == "QosRuleNotSupported"
    assert ovn.post(rules[1], "packet_rate_limit_rule", 409, max_kpps=1)["type"] == (
        "QosRuleNotSupported"
    )
    ovn.put(f"/floatingips/{floating['id']}", "floatingip", 409, qos_policy_id=policies[0])
