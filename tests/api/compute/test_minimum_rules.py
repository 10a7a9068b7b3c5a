"""Servers whose ports have minimum QoS rules: hosts promise no more than they have."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stratolith.kernel.clock import SimulatedClock
from tests.testcloud import Client, TestCloud

from .conftest import World, error_of

EGRESS, INGRESS = "NET_BW_EGR_KILOBIT_PER_SEC", "NET_BW_IGR_KILOBIT_PER_SEC"
RATE = "NET_PACKET_RATE_KILOPACKET_PER_SEC"
TYPES = {"bw": ("minimum_bandwidth", "min_kbps"), "pps": ("minimum_packet_rate", "min_kpps")}


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[TestCloud]:
    """Hosts with 1000 kbit/s out and 500 in for networks in tunnels, and 10,000 packets/s."""
    capacity = {
        "resource_provider_bandwidths": ["rp_tunnelled:1000:500", "br-stl-ext:70:"],
        "resource_provider_packet_processing_without_direction": 10,
    }
    cloud = TestCloud(tmp_path / "cloud", network=capacity)
    yield cloud
    cloud.close()


class Promises:
    """Policies, ports and what placement says of them."""

    def __init__(self, world: World) -> None:
        self.world, self.admin = world, world.admin

    def policy(self, **rules: int) -> str:
        """bw=..., pps=...: minimum rules; ``bw`` for egress."""
        policy_id: str = self.api("POST", "/qos/policies", policy={"name": "q", "shared": True})[
            "policy"
        ]["id"]
        for short, amount in rules.items():
            self.rule(policy_id, short, amount)
        return policy_id

    def rule(self, policy_id: str, short: str, amount: int, status: int = 201, **more: Any) -> Any:
        kind, name = TYPES[short]
        way = {"direction": "any" if short == "pps" else "egress", **more}
        body = {f"{kind}_rule": {name: amount, **way}}
        return self.api("POST", f"/qos/policies/{policy_id}/{kind}_rules", status, **body)

    def api(self, verb: str, path: str, status: int = 0, **body: Any) -> Any:
        answer = self.admin.request(verb, "network", path, **({"json": body} if body else {}))
        usual = {"POST": 201, "DELETE": 204}.get(verb, 200)
        assert answer.status_code == (status or usual), answer.text
        return answer.json() if answer.content else None

    def port(self, policy_id: str | None, **more: Any) -> str:
        values = {"network_id": self.world.network, "qos_policy_id": policy_id, **more}
        made = self.world.demo.post("network", "/ports", json={"port": values})
        assert made.status_code == 201, made.text
        assert "resource_request" not in made.json()["port"]
        port_id: str = made.json()["port"]["id"]
        return port_id

    def shown(self, port_id: str) -> Any:
        return self.api("GET", f"/ports/{port_id}")["port"]

    def used(self, server_id: str) -> dict[str, int]:
        """Class -> amount of the server's allocation, without the flavor's."""
        path = f"/allocations/{server_id}"
        found = self.admin.get("placement", path, microversion="1.39").json()["allocations"]
        return {
            name: amount
            for provider in found.values()
            for name, amount in provider["resources"].items()
            if name.startswith("NET_")
        }

    def providers(self) -> dict[str, Any]:
        """Name without the host -> provider."""
        found = self.admin.get("placement", "/resource_providers", microversion="1.39").json()
        return {one["name"].partition(":")[2]: one for one in found["resource_providers"]}


@pytest.fixture
def promises(world: World) -> Promises:
    made = Promises(world)
    world.cloud.wait(lambda: "Linux bridge agent:rp_tunnelled" in made.providers())
    return made


def test_what_a_host_promises_is_in_placement(promises: Promises) -> None:
    providers = promises.providers()
    assert providers.keys() == {
        "",
        "Linux bridge agent",
        "Linux bridge agent:rp_tunnelled",
        "Linux bridge agent:br-stl-ext",
    }
    agent, tunnels = providers["Linux bridge agent"], providers["Linux bridge agent:rp_tunnelled"]
    assert agent["parent_provider_uuid"] == providers[""]["uuid"]
    assert tunnels["parent_provider_uuid"] == agent["uuid"]

    def of(provider: Any, what: str) -> Any:
        path = f"/resource_providers/{provider['uuid']}/{what}"
        return promises.admin.get("placement", path, microversion="1.39").json()[what]

    totals = {name: stock["total"] for name, stock in of(tunnels, "inventories").items()}
    assert totals == {EGRESS: 1000, INGRESS: 500}
    assert of(tunnels, "traits") == ["CUSTOM_NETWORK_TUNNEL_PROVIDER", "CUSTOM_VNIC_TYPE_NORMAL"]
    bridge = providers["Linux bridge agent:br-stl-ext"]
    assert of(bridge, "traits") == ["CUSTOM_PHYSNET_PHYSNET1", "CUSTOM_VNIC_TYPE_NORMAL"]
    assert of(bridge, "inventories").keys() == {EGRESS}
    assert of(agent, "inventories")[RATE]["total"] == 10
    agents = promises.api("GET", "/agents")["agents"]
    (l2_agent,) = (one for one in agents if one["agent_type"] == "Linux bridge agent")
    shown = l2_agent["configurations"]["resource_provider_bandwidths"]
    assert shown == {"rp_tunnelled": {"egress": 1000, "ingress": 500}, "br-stl-ext": {"egress": 70}}
    assert l2_agent["resources_synced"] is True


def test_a_server_holds_what_its_port_needs_until_it_is_deleted(
    promises: Promises, world: World
) -> None:
    policy = promises.policy(bw=600, pps=4)
    port = promises.port(policy)
    request = promises.shown(port)["resource_request"]
    bandwidth, rate = request["request_groups"]
    assert bandwidth["required"] == ["CUSTOM_NETWORK_TUNNEL_PROVIDER", "CUSTOM_VNIC_TYPE_NORMAL"]
    assert bandwidth["resources"] == {EGRESS: 600}
    assert rate["required"] == ["CUSTOM_VNIC_TYPE_NORMAL"] and rate["resources"] == {RATE: 4}
    assert request["same_subtree"] == [bandwidth["id"], rate["id"]]
    server = world.create(networks=[{"port": port}])
    assert promises.used(server) == {EGRESS: 600, RATE: 4}
    providers = promises.providers()
    assert promises.shown(port)["binding:profile"] == {
        "allocation": {
            bandwidth["id"]: providers["Linux bridge agent:rp_tunnelled"]["uuid"],
            rate["id"]: providers["Linux bridge agent"]["uuid"],
        }
    }
    refused = world.post("two", networks=[{"port": promises.port(policy)}])
    second = refused.json()["server"]["id"]
    fault = world.until(second, "ERROR")["fault"]["message"]
    assert fault.startswith("No valid host was found.")
    assert f"{EGRESS}: 600" in fault and promises.used(second) == {}
    world.demo.delete("compute", f"/servers/{server}")
    world.until_gone(server)
    assert promises.shown(port)["binding:profile"] == {}
    assert promises.used(server) == {}
    again = world.create("again", networks=[{"port": port}])
    assert promises.used(again) == {EGRESS: 600, RATE: 4}


def test_servers_of_one_request_share_what_there_is(promises: Promises, world: World) -> None:
    """Also ports that are made for a server, on a network with a policy."""
    path = f"/networks/{world.network}"
    promises.api("PUT", path, network={"qos_policy_id": promises.policy(bw=400)})
    answer = world.post("many", min_count=3, max_count=3)
    assert answer.status_code == 202, answer.text
    world.cloud.wait(lambda: world.driver and _statuses(world) == ["ACTIVE", "ACTIVE", "ERROR"])
    usages = [promises.used(one["id"]) for one in _servers(world)]
    assert sorted(usages, key=len) == [{}, {EGRESS: 400}, {EGRESS: 400}]


def _servers(world: World) -> list[Any]:
    found: list[Any] = world.demo.get("compute", "/servers/detail").json()["servers"]
    return found


def _statuses(world: World) -> list[str]:
    return sorted(server["status"] for server in _servers(world))


def test_interfaces_come_and_go_with_their_part(promises: Promises, world: World) -> None:
    server = world.create()
    assert promises.used(server) == {}
    first, second = promises.port(promises.policy(bw=700)), promises.port(promises.policy(bw=400))
    attach = f"/servers/{server}/os-interface"

    def wanted(port: str) -> dict[str, Any]:
        return {"interfaceAttachment": {"port_id": port}}

    assert world.demo.post("compute", attach, json=wanted(first)).status_code == 200
    world.until(server, "ACTIVE")
    assert promises.used(server) == {EGRESS: 700}
    refused = world.demo.post("compute", attach, json=wanted(second))
    assert refused.status_code == 400 and "during interface attach" in error_of(refused)
    assert promises.used(server) == {EGRESS: 700}
    assert promises.shown(second)["device_id"] == ""
    assert world.demo.delete("compute", f"{attach}/{first}").status_code == 202
    world.cloud.wait(lambda: promises.used(server) == {})
    assert promises.shown(first)["binding:profile"] == {}
    assert world.demo.post("compute", attach, json=wanted(second)).status_code == 200
    assert promises.used(server) == {EGRESS: 400}
    world.until(server, "ACTIVE")
    promises.api("DELETE", f"/ports/{second}")
    assert promises.used(server) == {}
    assert promises.admin.get("placement", f"/allocations/{server}").json()["allocations"]


def test_another_policy_changes_the_allocation(promises: Promises, world: World) -> None:
    small, large, rates = promises.policy(bw=300), promises.policy(bw=900), promises.policy(pps=2)
    port = promises.port(small)
    server = world.create(networks=[{"port": port}])

    def change(policy: str | None, status: int = 200) -> Any:
        return promises.api("PUT", f"/ports/{port}", status, port={"qos_policy_id": policy})

    def allocation() -> Any:
        shown = promises.shown(port)
        groups = (shown["resource_request"] or {"request_groups": []})["request_groups"]
        granted = shown["binding:profile"]["allocation"]
        assert granted.keys() <= {group["id"] for group in groups}
        return granted

    change(large)
    assert promises.used(server) == {EGRESS: 900} and len(allocation()) == 1
    other = world.create("other", networks=[{"port": promises.port(promises.policy(bw=100))}])
    error = change(promises.policy(bw=901), 409)["NeutronError"]
    assert error["type"] == "QosPlacementAllocationUpdateConflict" and server in error["message"]
    assert promises.used(server) == {EGRESS: 900} and promises.used(other) == {EGRESS: 100}
    change(rates)  # a type that was not there before: as upstream, nothing is allocated for it
    assert promises.used(server) == {} and allocation() == {}
    change(small)
    assert promises.used(server) == {}


def test_a_networks_policy_counts_for_its_ports(promises: Promises, world: World) -> None:
    path = f"/networks/{world.network}"
    promises.api("PUT", path, network={"qos_policy_id": promises.policy(bw=100, pps=1)})
    server = world.create()
    own = world.create("own", networks=[{"port": promises.port(promises.policy(bw=50))}])
    assert promises.used(server) == {EGRESS: 100, RATE: 1}
    promises.api("PUT", path, network={"qos_policy_id": promises.policy(bw=200, pps=3)})
    assert promises.used(server) == {EGRESS: 200, RATE: 3}
    assert promises.used(own) == {EGRESS: 50}
    too_much = {"qos_policy_id": promises.policy(bw=951, pps=3)}
    error = promises.api("PUT", path, 409, network=too_much)["NeutronError"]
    assert error["type"] == "QosPlacementAllocationUpdateConflict"
    directed = promises.policy(bw=1)
    promises.rule(directed, "pps", 1, direction="egress")
    error = promises.api("PUT", path, 501, network={"qos_policy_id": directed})["NeutronError"]
    assert error["type"] == "NotImplementedError" and "direction" in error["message"]
    promises.api("PUT", path, network={"qos_policy_id": None})
    assert promises.used(server) == {}


def test_rules_of_servers_ports_stay_as_they_are(promises: Promises, world: World) -> None:
    policy = promises.policy(bw=100)
    port = promises.port(policy)
    below = f"/qos/policies/{policy}/minimum_bandwidth_rules"
    (rule,) = promises.api("GET", below)["minimum_bandwidth_rules"]
    body = {"minimum_bandwidth_rule": {"min_kbps": 150}}
    promises.api("PUT", f"{below}/{rule['id']}", **body)
    server = world.create(networks=[{"port": port}])
    assert promises.used(server) == {EGRESS: 150}
    world.demo.put("network", f"/ports/{port}", json={"port": {"device_owner": "mine"}})
    errors = [
        promises.api("PUT", f"{below}/{rule['id']}", 501, **body),
        promises.api("DELETE", f"{below}/{rule['id']}", 501),
        promises.rule(policy, "pps", 1, 501),
    ]
    for error in errors:
        assert error["NeutronError"]["type"] == "NotImplementedError"
        assert "tracked in Placement" in error["NeutronError"]["message"]
    limit = {"bandwidth_limit_rule": {"max_kbps": 1000}}
    promises.api("POST", f"/qos/policies/{policy}/bandwidth_limit_rules", **limit)
    world.demo.delete("compute", f"/servers/{server}")
    world.until_gone(server)
    promises.api("DELETE", f"{below}/{rule['id']}")


def test_old_clients_are_told_that_they_are_too_old(promises: Promises, world: World) -> None:
    body = world.body(networks=[{"port": promises.port(promises.policy(bw=1))}])
    answer = world.demo.post("compute", "/servers", json=body, microversion="2.71")
    assert answer.status_code == 400 and "until microversion 2.72" in error_of(answer)
    answer = world.demo.post("compute", "/servers", json=body, microversion="2.72")
    assert answer.status_code == 202


def test_a_physical_network_without_bandwidth_has_no_host(promises: Promises, world: World) -> None:
    """The bandwidth of tunnels is of no use to it."""
    segment = {"provider:network_type": "vlan", "provider:physical_network": "physnet1"}
    values = {"name": "v", "shared": True, **segment}
    network = promises.api("POST", "/networks", network=values)["network"]["id"]
    subnet = {"network_id": network, "cidr": "10.9.0.0/24", "ip_version": 4}
    promises.api("POST", "/subnets", subnet=subnet)
    fits, wide = promises.policy(bw=70), promises.policy(bw=71)
    server = world.create(networks=[{"port": promises.port(fits, network_id=network)}])
    assert promises.used(server) == {EGRESS: 70}
    answer = world.post("wide", networks=[{"port": promises.port(wide, network_id=network)}])
    world.until(answer.json()["server"]["id"], "ERROR")


def test_many_requests_at_once_share_what_there_is(promises: Promises, world: World) -> None:
    policy = promises.policy(bw=250)
    ports = [promises.port(policy) for _ in range(8)]

    def create(port: str) -> None:
        client: Client = world.demo
        client.post("compute", "/servers", json=world.body(port, networks=[{"port": port}]),
                    microversion="2.96")  # fmt: skip

    threads = [threading.Thread(target=create, args=[port]) for port in ports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.cloud.wait(lambda: _statuses(world) == ["ACTIVE"] * 4 + ["ERROR"] * 4)
    assert sum(promises.used(one["id"]).get(EGRESS, 0) for one in _servers(world)) == 1000


def test_a_host_that_leaves_takes_its_providers_along(promises: Promises) -> None:
    services = promises.admin.get("compute", "/os-services", microversion="2.96").json()["services"]
    (service,) = (one for one in services if one["binary"] == "nova-compute")
    cloud = promises.world.cloud
    for host in cloud.hosts:
        host.stop()
    cloud.env.clock = SimulatedClock(cloud.env.clock.now() + timedelta(minutes=5))
    path = f"/os-services/{service['id']}"
    answer = promises.admin.delete("compute", path, microversion="2.96")
    assert answer.status_code == 204, answer.text
    assert promises.providers() == {}
