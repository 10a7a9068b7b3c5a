"""What one port more costs does not depend on how many ports and hosts there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from stratolith.kernel.agent.host import Host
from stratolith.kernel.agent.local import LocalTransport
from stratolith.kernel.agent.protocol import Hints
from stratolith.kernel.environment import Environment
from stratolith.network.agent import NetworkRoom
from stratolith.network.drivers.fake import FakeNetworkDriver
from stratolith.network.managers import networks, router_interfaces, routers, subnets
from stratolith.network.managers.ports import subnets_of
from stratolith.network.managers.servers import server_ports
from stratolith.network.models import Port
from tests.unit.network import rooms

HOSTS = [f"h{number:03}" for number in range(100)]
OF_ROUTERS, BUSY = HOSTS[0], HOSTS[50]  # the first is in the cloud for longest


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    """A cloud of a hundred hosts that may reach each other by tunnels."""
    made = rooms.of_hosts(tmp_path, HOSTS, unlimited=["port"])
    yield made
    made.db.dispose()


@dataclass
class Counted:
    statements: list[str] = field(default_factory=list)
    rows: int = 0


@contextmanager
def counting(env: Environment) -> Iterator[Counted]:
    """Statements, and the rows that those give which read: asked once more to count them."""
    counted = Counted()

    def note(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        counted.statements.append(statement)
        if statement.lstrip().upper().startswith("SELECT"):
            again = connection.connection.cursor()
            again.execute(statement, parameters)
            counted.rows += len(again.fetchall())
            again.close()

    event.listen(env.db.engine, "after_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(env.db.engine, "after_cursor_execute", note)


class Agent:
    """The network room of one host, moved by hand."""

    def __init__(self, env: Environment, name: str) -> None:
        assert env.agents is not None
        self.driver = FakeNetworkDriver()
        self.room = NetworkRoom(self.driver)
        self.host = Host(name, LocalTransport(env.agents), [self.room])

    def ports(self) -> set[str]:
        assert self.driver.view is not None
        return {port.id for network in self.driver.view.networks for port in network.ports}


def boot(env: Environment, network_id: str, server: str) -> str:
    ctx = rooms.context(env)
    request = server_ports.NetworkRequest(network_id=network_id)
    plan = server_ports.plan(ctx, "p1", [request], [])
    (made,) = server_ports.create(ctx, plan, server, BUSY, server, "nova")
    ctx.commit()
    return made.port_id


def seen_so_far(env: Environment) -> dict[str, Hints]:
    assert env.agents is not None
    return {host: env.agents.nothing_new(env.agents.wait(host, "", 0, 0).seq) for host in HOSTS}


def woken(env: Environment, before: dict[str, Hints]) -> dict[str, list[tuple[str, str]]]:
    """The hosts whose agents have something to look at, and what."""
    assert env.agents is not None
    news = {host: env.agents.peek(host, old.epoch, old.seq) for host, old in before.items()}
    return {host: found.hints for host, found in news.items() if found is not None}


def one_more(env: Environment, network_id: str, server: str, agents: dict[str, Agent]) -> Any:
    """Make a port and have its hosts look; gives what that took in numbers."""
    before = seen_so_far(env)
    with counting(env) as making:
        port_id = boot(env, network_id, server)
    told = woken(env, before)
    assert all(found == [("network", f"port/{port_id}")] for found in told.values())
    looking = {}
    for host in told:
        with counting(env) as looking[host]:
            agents[host].room.sync([f"port/{port_id}"])
    assert port_id in agents[BUSY].ports()
    ctx = rooms.context(env, write=False)
    assert ctx.session.get_one(Port, port_id).status == "ACTIVE"
    ctx.close()
    numbers = {host: (len(one.statements), one.rows) for host, one in looking.items()}
    return (len(making.statements), making.rows), numbers


@pytest.mark.parametrize("routed", [False, True], ids=["alone", "with a router"])
def test_one_port_more_costs_the_same_among_50_and_500(env: Environment, routed: bool) -> None:
    ctx = rooms.context(env)
    network = networks.create(ctx, "p1", {"name": "private"})
    subnets.create(ctx, "p1", network, {"cidr": "10.0.0.0/16", "ip_version": 4})
    if routed:
        router = routers.create(ctx, "p1", {"name": "r"})
        joined = subnets_of(ctx, network.id)[0]
        router_interfaces.add(ctx, router, {"subnet_id": joined.id})
    network_id = network.id
    ctx.commit()
    realising = [BUSY, OF_ROUTERS] if routed else [BUSY]
    agents = {host: Agent(env, host) for host in realising}
    costs = []
    for first, last in ((0, 50), (51, 500)):
        for number in range(first, last):
            boot(env, network_id, f"s{number}")
        for agent in agents.values():
            agent.room.sync(None)
        costs.append(one_more(env, network_id, f"s{last}", agents))
    few, many = costs
    assert few == many
    making, looking = many
    assert sorted(looking) == sorted(realising)
    for statements, rows in (making, *looking.values()):
        assert statements <= 60
        assert rows <= 60
