"""Requests at the same time never get the same number, address or MAC; the last unit goes once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.testcloud import TestCloud

AT_ONCE = 8


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[TestCloud]:
    made = TestCloud(
        tmp_path / "cloud",
        network={"vlan_ranges": ["physnet9:100:119"], "bridge_mappings": ["physnet9:br9"]},
    )
    yield made
    made.close()


def test_numbers_of_a_small_range(cloud: TestCloud) -> None:
    values = {"provider:network_type": "vlan", "provider:physical_network": "physnet9"}

    def make(number: int) -> tuple[int, int]:
        answer = cloud.client("admin").post("network", "/networks", json={"network": values})
        made = answer.json().get("network", {})
        return answer.status_code, made.get("provider:segmentation_id", 0)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(make, range(24)))
    statuses = Counter(status for status, _ in outcomes)
    assert statuses == {201: 20, 503: 4}
    assert {number for _, number in outcomes if number} == set(range(100, 120))


def test_networks_of_many_clients(cloud: TestCloud) -> None:
    """Each client's first choice is the next number: those that collide choose another one."""

    def make(number: int) -> int:
        body = {"network": {"name": f"n{number}", "provider:network_type": "vxlan"}}
        answer = cloud.client("admin").post("network", "/networks", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["network"]["provider:segmentation_id"])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        numbers = list(pool.map(make, range(64)))
    assert len(set(numbers)) == 64


def test_ports_of_many_clients(cloud: TestCloud) -> None:
    demo = cloud.client("demo")
    network = demo.post("network", "/networks", json={"network": {}}).json()["network"]["id"]
    subnet = {"network_id": network, "cidr": "10.50.0.0/24", "ip_version": 4}
    assert demo.post("network", "/subnets", json={"subnet": subnet}).status_code == 201

    def make(number: int) -> str:
        body = {"port": {"network_id": network}}
        answer = cloud.client("demo").post("network", "/ports", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["port"]["fixed_ips"][0]["ip_address"])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        given = list(pool.map(make, range(64)))
    assert len(set(given)) == 64


def test_addresses_of_a_small_pool(cloud: TestCloud) -> None:
    demo = cloud.client("demo")
    network = demo.post("network", "/networks", json={"network": {}}).json()["network"]["id"]
    pool_of = [{"start": "10.50.0.10", "end": "10.50.0.25"}]
    subnet = {"network_id": network, "cidr": "10.50.0.0/24", "ip_version": 4}
    subnet |= {"allocation_pools": pool_of, "enable_dhcp": False}
    assert demo.post("network", "/subnets", json={"subnet": subnet}).status_code == 201
    one, two = {"port": {"network_id": network}}, {"ports": [{"network_id": network}] * 2}

    def make(number: int) -> list[str]:
        body = two if number % 2 else one
        answer = cloud.client("demo").post("network", "/ports", json=body)
        assert answer.status_code in (201, 409), answer.text
        document = answer.json()
        ports = document.get("ports") or [document["port"]] if answer.status_code == 201 else []
        return [port["fixed_ips"][0]["ip_address"] for port in ports]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        given = [address for addresses in pool.map(make, range(20)) for address in addresses]
    assert len(given) == len(set(given)) == 16
