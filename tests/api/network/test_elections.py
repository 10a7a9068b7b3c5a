"""Routers that several hosts have (``ha``), as administrators and members see them."""

from __future__ import annotations

import pytest

from stratolith.kernel.agent.protocol import Offers
from tests.api.network.conftest import Net
from tests.testcloud import TestCloud

OTHER = "another-host"


@pytest.fixture
def two(cloud: TestCloud, boss: Net) -> tuple[str, str]:
    """The cloud has two hosts: the names of one that reports, and of one that does not."""
    cloud.start_hosts()
    cloud.wait(lambda: boss.get("/agents?alive=true")["agents"])
    assert cloud.env.agents is not None
    offers = Offers(tunnel_address="192.0.2.2")
    cloud.env.agents.seen(OTHER, "1", ["network"], cloud.env.clock.now(), offers)
    return cloud.hosts[0].name, OTHER


def states(boss: Net, router: str) -> dict[str, str]:
    agents = boss.get(f"/routers/{router}/l3-agents")["agents"]
    return {agent["host"]: agent["ha_state"] for agent in agents}


def test_a_router_of_two_hosts_through_its_life(
    cloud: TestCloud, boss: Net, net: Net, two: tuple[str, str]
) -> None:
    own, other = two
    assert boss.get("/extensions/l3-ha")["extension"]["name"] == "HA Router extension"
    project = net.network()["project_id"]
    router = boss.post("/routers", "router", name="r", ha=True, project_id=project)
    path = f"/routers/{router['id']}"
    assert router["ha"] is True and "ha" not in net.get(path)["router"]
    cloud.wait(lambda: states(boss, router["id"]) == {own: "active", other: "standby"})
    assert net.get(path)["router"]["status"] == "ACTIVE"
    # the project's own lists show nothing of the network between the hosts
    (messages,) = boss.get(f"/networks?name=HA network project {project}")["networks"]
    assert messages["project_id"] == "" and messages["id"] not in {
        network["id"] for network in net.get("/networks")["networks"]
    }
    ports = boss.get(f"/ports?network_id={messages['id']}")["ports"]
    assert {port["binding:host_id"] for port in ports} == {own, other}
    assert {port["device_owner"] for port in ports} == {"network:router_ha_interface"}
    assert {port["status"] for port in ports if port["binding:host_id"] == own} == {"ACTIVE"}
    for port in ports:
        assert boss.delete(f"/ports/{port['id']}", 409)["type"] == "ServicePortInUse"
    boss.delete(f"/networks/{messages['id']}", 409)
    for host in two:
        (agent,) = boss.get(f"/agents?host={host}&binary=neutron-l3-agent")["agents"]
        listed = boss.get(f"/agents/{agent['id']}/l3-routers")["routers"]
        assert router["id"] in {shown["id"] for shown in listed}
    net.delete(path)
    assert boss.get(f"/networks?name=HA network project {project}") == {"networks": []}


def test_a_router_changes_while_it_is_down(boss: Net, net: Net, two: tuple[str, str]) -> None:
    network = net.network()
    subnet = net.subnet(network)
    router = net.post("/routers", "router", name="r")["id"]
    joined = {"subnet_id": subnet["id"]}
    port = net.raw("PUT", f"/routers/{router}/add_router_interface", 200, joined)["port_id"]
    path = f"/routers/{router}"
    error = boss.put(path, "router", 400, ha=True)
    assert error["type"] == "BadRequest" and "admin_state_up to False" in error["message"]
    assert boss.put(path, "router", ha=False)["ha"] is False
    assert states(boss, router) == {two[0]: None}
    boss.put(path, "router", ha=True, admin_state_up=False)
    owner = net.get(f"/ports/{port}")["port"]["device_owner"]
    assert owner == "network:ha_router_replicated_interface"
    assert set(states(boss, router)) == set(two)
    assert boss.put(path, "router", 400, ha=False, admin_state_up=True)["type"] == "BadRequest"
    boss.put(path, "router", ha=False)
    assert net.get(f"/ports/{port}")["port"]["device_owner"] == "network:router_interface"
    assert list(states(boss, router)) == [two[0]]


def test_an_administrator_chooses_its_hosts(boss: Net, net: Net, two: tuple[str, str]) -> None:
    router = boss.post("/routers", "router", ha=True)["id"]
    own, other = (
        boss.get(f"/agents?host={host}&binary=neutron-l3-agent")["agents"][0]["id"] for host in two
    )
    boss.raw("POST", f"/agents/{other}/l3-routers", 201, {"router_id": router})  # it has it
    boss.delete(f"/agents/{own}/l3-routers/{router}")
    assert list(states(boss, router)) == [two[1]]
    boss.raw("POST", f"/agents/{own}/l3-routers", 201, {"router_id": router})
    assert set(states(boss, router)) == set(two)
    boss.put(f"/agents/{own}", "agent", admin_state_up=False)
    assert list(states(boss, router)) == [two[1]]
