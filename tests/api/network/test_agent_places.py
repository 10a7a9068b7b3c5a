"""Which agent realises a router or a network: shown, taken away and given by administrators."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.network.conftest import Net
from tests.testcloud import TestCloud

OTHER = "another-host"


@pytest.fixture
def two(cloud: TestCloud, boss: Net) -> tuple[str, str]:
    """The cloud has two hosts: the names of the one that takes routers and of the other."""
    cloud.start_hosts()
    own = cloud.hosts[0].name
    cloud.wait(lambda: boss.get("/agents?alive=true")["agents"])
    assert cloud.env.agents is not None
    cloud.env.agents.seen(OTHER, "1", ["network"], cloud.env.clock.now())
    return own, OTHER


def agent(boss: Net, host: str, binary: str = "neutron-l3-agent") -> str:
    (found,) = boss.get(f"/agents?host={host}&binary={binary}")["agents"]
    return str(found["id"])


def hosts(boss: Net, path: str) -> list[str]:
    return [one["host"] for one in boss.get(path)["agents"]]


def test_a_router_is_placed_when_it_is_made(boss: Net, net: Net, two: tuple[str, str]) -> None:
    own, _ = two
    router = net.post("/routers", "router", name="r")
    assert hosts(boss, f"/routers/{router['id']}/l3-agents") == [own]
    listed = boss.get(f"/agents/{agent(boss, own)}/l3-routers")["routers"]
    assert router["id"] in [one["id"] for one in listed]
    assert boss.get(f"/agents/{agent(boss, own, 'neutron-dhcp-agent')}/l3-routers") == {
        "routers": []
    }
    boss.delete(f"/routers/{router['id']}")
    boss.get(f"/routers/{router['id']}/l3-agents", 404)


def test_a_router_goes_to_the_agent_that_it_is_given_to(
    cloud: TestCloud, boss: Net, net: Net, two: tuple[str, str]
) -> None:
    own, other = two
    router = net.post("/routers", "router", name="r")["id"]
    first, second = agent(boss, own), agent(boss, other)
    give = {"router_id": router}
    error = boss.raw("POST", f"/agents/{second}/l3-routers", 409, give)
    assert error["type"] == "RouterHostedByL3Agent" and first in error["message"]
    boss.raw("POST", f"/agents/{first}/l3-routers", 201, give)  # it is there
    boss.delete(f"/agents/{second}/l3-routers/{router}")  # not there: nothing changes
    assert hosts(boss, f"/routers/{router}/l3-agents") == [own]
    boss.delete(f"/agents/{first}/l3-routers/{router}")
    cloud.settle()  # what an administrator took away is not put back
    assert hosts(boss, f"/routers/{router}/l3-agents") == []
    boss.raw("POST", f"/agents/{second}/l3-routers", 201, give)
    assert hosts(boss, f"/routers/{router}/l3-agents") == [other]
    assert [one["id"] for one in boss.get(f"/agents/{second}/l3-routers")["routers"]] == [router]


def test_floating_ips_of_a_router_without_a_host_are_down(
    cloud: TestCloud, boss: Net, net: Net, two: tuple[str, str]
) -> None:
    own, _ = two
    public = net.public()["id"]
    gateway = {"network_id": public}
    router = net.post("/routers", "router", external_gateway_info=gateway)["id"]
    network = net.network()
    subnet = net.subnet(network, "10.71.0.0/24")
    path = f"/routers/{router}/add_router_interface"
    net.raw("PUT", path, 200, {"subnet_id": subnet["id"]})
    values = {"floating_network_id": public, "port_id": net.port(network)["id"]}
    floating = f"/floatingips/{net.post('/floatingips', 'floatingip', **values)['id']}"

    def status() -> str:
        shown: str = net.get(floating)["floatingip"]["status"]
        return shown

    cloud.wait(lambda: status() == "ACTIVE")
    first = agent(boss, own)
    boss.delete(f"/agents/{first}/l3-routers/{router}")
    assert status() == "DOWN"
    cloud.settle()
    assert status() == "DOWN"
    boss.raw("POST", f"/agents/{first}/l3-routers", 201, {"router_id": router})
    cloud.wait(lambda: status() == "ACTIVE")


def test_what_cannot_take_a_router(boss: Net, net: Net, two: tuple[str, str]) -> None:
    own, other = two
    router = net.post("/routers", "router", name="r")["id"]
    boss.delete(f"/agents/{agent(boss, own)}/l3-routers/{router}")
    dhcp = agent(boss, other, "neutron-dhcp-agent")
    error = boss.raw("POST", f"/agents/{dhcp}/l3-routers", 404, {"router_id": router})
    assert error["type"] == "InvalidL3Agent"
    second = agent(boss, other)
    boss.put(f"/agents/{second}", "agent", admin_state_up=False)
    error = boss.raw("POST", f"/agents/{second}/l3-routers", 404, {"router_id": router})
    assert error["type"] == "InvalidL3Agent"
    boss.raw("POST", f"/agents/{second}/l3-routers", 404, {"router_id": "nothing"})
    boss.raw("POST", f"/agents/{second}/l3-routers", 400, {"id": router})
    boss.raw("POST", "/agents/nothing/l3-routers", 404, {"router_id": router})


def test_routers_leave_an_agent_that_goes_out_of_service(
    boss: Net, net: Net, two: tuple[str, str]
) -> None:
    own, other = two
    router = net.post("/routers", "router", name="r")["id"]
    boss.put(f"/agents/{agent(boss, own)}", "agent", admin_state_up=False)
    assert hosts(boss, f"/routers/{router}/l3-agents") == [other]
    boss.put(f"/agents/{agent(boss, own)}", "agent", admin_state_up=True)
    assert hosts(boss, f"/routers/{router}/l3-agents") == [other]  # it does not come back


def test_a_network_is_answered_where_its_guests_are_and_where_it_is_wanted(
    boss: Net, net: Net, two: tuple[str, str]
) -> None:
    own, other = two
    network = net.network()["id"]
    net.subnet({"id": network}, "10.77.0.0/24")
    path = f"/networks/{network}/dhcp-agents"
    first, second = (agent(boss, host, "neutron-dhcp-agent") for host in two)
    assert hosts(boss, path) == []
    boss.raw("POST", f"/agents/{second}/dhcp-networks", 201, {"network_id": network})
    assert hosts(boss, path) == [other]
    assert [n["id"] for n in boss.get(f"/agents/{second}/dhcp-networks")["networks"]] == [network]
    error = boss.raw("POST", f"/agents/{second}/dhcp-networks", 409, {"network_id": network})
    assert error["type"] == "NetworkHostedByDHCPAgent"
    error = boss.delete(f"/agents/{first}/dhcp-networks/{network}", 409)
    assert error["type"] == "NetworkNotHostedByDhcpAgent"
    boss.delete(f"/agents/{second}/dhcp-networks/{network}")
    assert hosts(boss, path) == []
    boss.post("/ports", "port", network_id=network, **{"binding:host_id": own})
    assert hosts(boss, path) == [own]
    error = boss.delete(f"/agents/{first}/dhcp-networks/{network}", 409)
    assert error["type"] == "NetworkHasPortsThere"
    l3 = agent(boss, other)
    error = boss.raw("POST", f"/agents/{l3}/dhcp-networks", 404, {"network_id": network})
    assert error["type"] == "InvalidDHCPAgent"


def test_a_network_gets_a_dhcp_agent_with_its_first_port(
    boss: Net, net: Net, two: tuple[str, str]
) -> None:
    network = net.network()
    path = f"/networks/{network['id']}/dhcp-agents"
    net.post("/ports", "port", network_id=network["id"])
    assert hosts(boss, path) == []  # nothing to answer without a subnet
    net.subnet(network, "10.78.0.0/24")
    port = net.post("/ports", "port", network_id=network["id"])
    (host,) = hosts(boss, path)
    assert host in two
    net.post("/ports", "port", network_id=network["id"])
    assert hosts(boss, path) == [host]
    net.delete(f"/ports/{port['id']}")
    dhcp = agent(boss, host, "neutron-dhcp-agent")
    boss.delete(f"/agents/{dhcp}/dhcp-networks/{network['id']}")
    assert hosts(boss, path) == []
    net.post("/ports", "port", network_id=network["id"])
    assert len(hosts(boss, path)) == 1


def test_agents_out_of_service_get_no_networks(boss: Net, net: Net, two: tuple[str, str]) -> None:
    for host in two:
        dhcp = agent(boss, host, "neutron-dhcp-agent")
        boss.put(f"/agents/{dhcp}", "agent", admin_state_up=False)
    network = net.network()
    net.subnet(network, "10.78.0.0/24")
    net.post("/ports", "port", network_id=network["id"])
    assert hosts(boss, f"/networks/{network['id']}/dhcp-agents") == []


def test_nobody_else_sees_or_changes_it(boss: Net, net: Net, two: tuple[str, str]) -> None:
    own, _ = two
    router, network = net.post("/routers", "router", name="r")["id"], net.network()["id"]
    l3, dhcp = agent(boss, own), agent(boss, own, "neutron-dhcp-agent")
    asked: list[tuple[str, str, Any]] = [
        ("GET", f"/agents/{l3}/l3-routers", None),
        ("POST", f"/agents/{l3}/l3-routers", {"router_id": router}),
        ("DELETE", f"/agents/{l3}/l3-routers/{router}", None),
        ("GET", f"/agents/{dhcp}/dhcp-networks", None),
        ("POST", f"/agents/{dhcp}/dhcp-networks", {"network_id": network}),
        ("DELETE", f"/agents/{dhcp}/dhcp-networks/{network}", None),
        ("GET", f"/routers/{router}/l3-agents", None),
        ("GET", f"/networks/{network}/dhcp-agents", None),
    ]
    for method, path, body in asked:
        net.raw(method, path, 403, body)
    assert hosts(boss, f"/routers/{router}/l3-agents") == [own]
