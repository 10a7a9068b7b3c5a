"""/auto-allocated-topology: a network behind the default external network, on request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.testcloud import Client, TestCloud

from .conftest import Net

OWN = "/auto-allocated-topology/None"
NAME = "auto_allocated_topology"


@pytest.fixture
def boss(admin: Client) -> Net:
    return Net(admin)


def _project(net: Net) -> str:
    return str(net.network()["project_id"])


def _pool(boss: Net, prefix: str = "10.200.0.0/16", length: int = 26, **values: Any) -> Any:
    named = {"name": "pool", "prefixes": [prefix], "default_prefixlen": length}
    return boss.post("/subnetpools", "subnetpool", **named, is_default=True, **values)


def _made(net: Net) -> tuple[int, int]:
    """How many automatic networks and routers there are."""
    networks = net.get("/networks?name=auto_allocated_network")["networks"]
    routers = net.get("/routers?name=auto_allocated_router")["routers"]
    return len(networks), len(routers)


def test_a_topology_on_request(net: Net, boss: Net) -> None:
    _pool(boss, shared=True)
    _pool(boss, "fd00:200::/48", 64, shared=True)
    project = _project(net)
    assert net.get(f"{OWN}?fields=dry-run")[NAME] == {"id": "dry-run=pass", "project_id": project}
    assert _made(net) == (0, 0)
    topology = net.get(OWN)[NAME]
    assert topology["project_id"] == topology["tenant_id"] == project
    assert net.get(f"/auto-allocated-topology/{project}")[NAME] == topology
    network = net.get(f"/networks/{topology['id']}")["network"]
    assert network["name"] == "auto_allocated_network" and network["admin_state_up"] is True
    subnets = net.get(f"/subnets?network_id={network['id']}&sort_key=name&sort_dir=asc")["subnets"]
    assert [subnet["name"] for subnet in subnets] == [
        "auto_allocated_subnet_v4",
        "auto_allocated_subnet_v6",
    ]
    assert subnets[0]["cidr"] == "10.200.0.0/26"
    (router,) = net.get("/routers?name=auto_allocated_router")["routers"]
    assert router["external_gateway_info"]["network_id"] == net.public()["id"]
    interfaces = net.get(f"/ports?device_id={router['id']}")["ports"]
    assert {port["network_id"] for port in interfaces} == {network["id"]}

    port = net.port(network)
    assert net.delete(f"/auto-allocated-topology/{project}", 409)["type"] == "NetworkInUse"
    assert _made(net) == (1, 1)
    net.delete(f"/ports/{port['id']}")
    net.delete(f"/auto-allocated-topology/{project}")
    assert _made(net) == (0, 0)
    net.delete(OWN)


def test_what_a_topology_needs(net: Net, boss: Net) -> None:
    for path in (f"{OWN}?fields=dry-run", OWN):
        error = net.get(path, 409)
        assert error["type"] == "AutoAllocationFailure"
    _pool(boss)  # not shared: other projects have none
    assert "private network" in net.get(OWN, 409)["message"]
    assert "Unrecognized field" in net.get(f"{OWN}?fields=id", 400)["message"]
    boss.put(f"/networks/{net.public()['id']}", "network", is_default=False)
    error = net.get(f"{OWN}?fields=dry-run", 409)
    assert error["message"] == "Deployment error: No default router:external network."
    assert _made(net) == (0, 0)


def test_nothing_is_left_of_a_topology_over_quota(net: Net, boss: Net) -> None:
    _pool(boss, shared=True)
    project = _project(net)
    boss.put(f"/quotas/{project}", "quota", router=len(net.get("/routers")["routers"]))
    assert net.get(OWN, 409)["type"] == "OverQuota"
    assert _made(net) == (0, 0)


def test_other_projects_have_their_own(net: Net, boss: Net) -> None:
    _pool(boss, shared=True)
    project, other = _project(net), _project(boss)
    net.get(f"/auto-allocated-topology/{other}", 403)
    net.delete(f"/auto-allocated-topology/{other}", 403)
    topology = boss.get(f"/auto-allocated-topology/{project}")[NAME]
    assert topology["project_id"] == project
    assert net.get(OWN)[NAME] == topology
    assert boss.get(OWN)[NAME]["id"] != topology["id"]


def test_a_topology_that_a_user_took_apart(net: Net, boss: Net) -> None:
    _pool(boss, shared=True)
    first = net.get(OWN)[NAME]["id"]
    (router,) = net.get("/routers?name=auto_allocated_router")["routers"]
    (subnet,) = net.get(f"/subnets?network_id={first}")["subnets"]
    path = f"/routers/{router['id']}"
    net.raw("PUT", f"{path}/remove_router_interface", 200, {"subnet_id": subnet["id"]})
    net.delete(path)
    assert net.get(OWN)[NAME]["id"] == first
    net.delete(OWN)
    second = net.get(OWN)[NAME]["id"]
    (router,) = net.get("/routers?name=auto_allocated_router")["routers"]
    (subnet,) = net.get(f"/subnets?network_id={second}")["subnets"]
    path = f"/routers/{router['id']}"
    net.raw("PUT", f"{path}/remove_router_interface", 200, {"subnet_id": subnet["id"]})
    net.delete(f"/networks/{second}")
    assert net.get(OWN)[NAME]["id"] not in (first, second)


def test_requests_at_the_same_time_get_one_topology(cloud: TestCloud, net: Net, boss: Net) -> None:
    _pool(boss, shared=True)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: net.get(OWN)[NAME]["id"], range(8)))
    assert len(set(answers)) == 1 and _made(net) == (1, 1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: net.delete(OWN), range(4)))
    assert _made(net) == (0, 0)


def test_only_one_network_is_the_default(net: Net, boss: Net) -> None:
    external = {"router:external": True}
    public = net.public()["id"]
    error = boss.post("/networks", "network", 409, is_default=True, **external)
    assert error["message"] == f"A default external network already exists: {public}."
    other = boss.network(**external)
    path = f"/networks/{other['id']}"
    assert boss.put(path, "network", 409, is_default=True)["type"] == "DefaultExternalNetworkExists"
    boss.put(f"/networks/{public}", "network", is_default=True)  # again
    boss.put(f"/networks/{public}", "network", is_default=False)
    assert boss.put(path, "network", is_default=True)["is_default"] is True
    changed = boss.put(path, "network", **{"router:external": False})
    assert changed["is_default"] is False
    assert boss.network(is_default=True)["is_default"] is False  # no external network
