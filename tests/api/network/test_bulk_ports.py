"""Several ports of one request: they share what is read for them, and nothing else changes."""

from __future__ import annotations

from typing import Any

from tests.api.network.conftest import Net
from tests.testcloud import TestCloud, statements


def made(net: Net, network: Any, *ports: dict[str, Any], status: int = 201) -> Any:
    body = {"ports": [{"network_id": network["id"], **port} for port in ports]}
    answer = net.raw("POST", "/ports", status, body)
    return answer["ports"] if status == 201 else answer


def addresses(ports: Any) -> list[str]:
    return [fixed_ip["ip_address"] for port in ports for fixed_ip in port["fixed_ips"]]


def test_one_port_more_costs_its_rows_only(cloud: TestCloud, net: Net) -> None:
    network = net.network()
    net.subnet(network)
    made(net, network, {})

    def cost(number: int) -> int:
        ports: list[dict[str, Any]] = [{} for _ in range(number)]
        return len(statements(cloud.env, lambda: made(net, network, *ports)))

    assert cost(12) - cost(2) == 10 * 3  # the port, its address, its security group
    of_one = statements(cloud.env, lambda: net.port(network))
    assert len([sent for sent in of_one if sent.startswith("SELECT network_networks.")]) == 1


def test_chosen_addresses_leave_out_those_that_were_asked_for_before(net: Net) -> None:
    network = net.network()
    net.subnet(network, allocation_pools=[{"start": "10.0.0.10", "end": "10.0.0.15"}])
    last_but_one = {"fixed_ips": [{"ip_address": "10.0.0.14"}]}
    ports = made(net, network, {}, last_but_one, {}, {}, {})
    # DHCP has 10; 11 (above it), 14 (as asked), 15 (above the highest), then the gaps
    assert addresses(ports) == [f"10.0.0.{n}" for n in (11, 14, 15, 12, 13)]
    error = made(net, network, {}, status=409)
    assert error["type"] == "IpAddressGenerationFailure"


def test_an_address_or_mac_twice_in_a_request_makes_nothing(net: Net) -> None:
    network = net.network()
    net.subnet(network)
    twice = {"fixed_ips": [{"ip_address": "10.0.0.77"}]}
    assert made(net, network, twice, twice, status=409)["type"] == "IpAddressAlreadyAllocated"
    mac = {"mac_address": "fa:16:3e:00:00:01"}
    assert made(net, network, {}, mac, mac, status=409)["type"] == "MacAddressInUse"
    ports = net.get(f"/ports?network_id={network['id']}")["ports"]
    assert [port["device_owner"] for port in ports] == ["network:dhcp"]


def test_the_quota_counts_the_whole_request(boss: Net, net: Net) -> None:
    network = net.network()
    used = len(net.get("/ports")["ports"])
    boss.put(f"/quotas/{network['project_id']}", "quota", port=used + 3)
    error = made(net, network, {}, {}, {}, {}, status=409)
    assert error["type"] == "OverQuota"
    assert len(made(net, network, {}, {}, {})) == 3
    assert made(net, network, {}, status=409)["type"] == "OverQuota"


def test_ports_of_several_networks_and_projects(boss: Net, net: Net) -> None:
    networks = [net.network(), net.network(), boss.network(shared=True)]
    for number, network in enumerate(networks):
        maker = boss if number == 2 else net
        maker.subnet(network, f"10.{number}.0.0/24")
    body = {"ports": [{"network_id": network["id"]} for network in (*networks, *networks)]}
    ports = net.raw("POST", "/ports", 201, body)["ports"]
    assert sorted(addresses(ports)) == sorted(
        f"10.{number}.0.{host}" for number in range(3) for host in (3, 4)
    )
    assert len({port["mac_address"] for port in ports}) == 6
