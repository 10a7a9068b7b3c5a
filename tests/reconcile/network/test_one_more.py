"""What one rule, floating IP or router interface more costs does not depend on what there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from stratolith.kernel.agent.host import Host
from stratolith.kernel.agent.local import LocalTransport
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.ids import new_uuid
from stratolith.network.agent import NetworkRoom
from stratolith.network.drivers.base import HostNetworkView
from stratolith.network.drivers.fake import FakeNetworkDriver
from stratolith.network.managers import (
    floatingips,
    networks,
    router_interfaces,
    routers,
    security_group_rules,
    security_groups,
    subnets,
)
from stratolith.network.managers.ports import subnets_of
from stratolith.network.managers.security import address_groups
from stratolith.network.managers.servers import server_ports
from stratolith.network.models import Network, Router, SecurityGroupRule
from tests.reconcile.network.test_one_port_more import HOSTS, counting, seen_so_far, woken
from tests.unit.network import rooms

OF_ROUTERS, BUSY = HOSTS[0], HOSTS[50]  # the first is in the cloud for longest
LIMITED = ("network", "subnet", "port", "router", "floatingip", "security_group_rule")


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    """A cloud of a hundred hosts that may reach each other by tunnels."""
    made = rooms.of_hosts(tmp_path, HOSTS, unlimited=LIMITED)
    yield made
    made.db.dispose()


class Counting(LocalTransport):
    """Adds up what answers cost, and notes whether all of the view was asked for.

    What the report costs that follows is not counted.
    """

    def __init__(self, env: Environment) -> None:
        assert env.agents is not None
        super().__init__(env.agents)
        self.env = env
        self.forget()

    def forget(self) -> None:
        self.statements = self.rows = self.bytes = 0
        self.whole = False

    def view(self, host: str, view: str, keys: list[str] | None) -> bytes:
        with counting(self.env) as counted:
            answer = super().view(host, view, keys)
        self.statements += len(counted.statements)
        self.rows += counted.rows
        self.bytes += len(answer)
        self.whole |= keys is None or b'"whole":{' in answer
        return answer


class Agent:
    """The network room of one host, moved by hand."""

    def __init__(self, env: Environment, name: str) -> None:
        self.transport, self.driver = Counting(env), FakeNetworkDriver()
        self.room = NetworkRoom(self.driver)
        self.host = Host(name, self.transport, [self.room])

    @property
    def view(self) -> HostNetworkView:
        assert self.driver.view is not None
        return self.driver.view


class World:
    """An external network, and the agents of two hosts."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.agents = {host: Agent(env, host) for host in (OF_ROUTERS, BUSY)}
        ctx = rooms.context(env)
        flat = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
        public = networks.create(ctx, "p1", {"name": "public", "router:external": True, **flat})
        outside = {"cidr": "172.24.0.0/16", "ip_version": 4, "enable_dhcp": False}
        subnets.create(ctx, "p1", public, outside)
        self.public = public.id
        self.group = security_groups.create(ctx, "p1", {"name": "own"}).id
        ctx.commit()

    def network(self, ctx: Context) -> Network:
        network = networks.create(ctx, "p1", {"name": "private"})
        subnets.create(ctx, "p1", network, {"cidr": "10.0.0.0/16", "ip_version": 4})
        return network

    def boot(self, ctx: Context, network_id: str, host: str) -> str:
        request = server_ports.NetworkRequest(network_id=network_id)
        plan = server_ports.plan(ctx, "p1", [request], [self.group])
        (made,) = server_ports.create(ctx, plan, new_uuid(), host, "name", "nova")
        return made.port_id

    def router(self, ctx: Context) -> tuple[Router, str]:
        """A router to a network with one guest; and the guest's port."""
        network = self.network(ctx)
        info = {"network_id": self.public}
        router = routers.create(ctx, "p1", {"name": "r", "external_gateway_info": info})
        (subnet,) = subnets_of(ctx, network.id)
        router_interfaces.add(ctx, router, {"subnet_id": subnet.id})
        return router, self.boot(ctx, network.id, BUSY)

    def cost(self, change: Callable[[Context], Any]) -> tuple[dict[str, set[str]], Any]:
        """Whom the change woke by which keys; statements and rows of the change, and of the
        answers to each host that looks.
        """
        for agent in self.agents.values():
            agent.room.sync(None)
        before = seen_so_far(self.env)
        ctx = rooms.context(self.env)
        with counting(self.env) as making:
            change(ctx)
            ctx.commit()
        keys = {host: {key for _, key in hints} for host, hints in woken(self.env, before).items()}
        numbers = {"change": (len(making.statements), making.rows)}
        for host, agent in self.agents.items():
            if host in keys:
                transport = agent.transport
                transport.forget()
                agent.room.sync(sorted(keys[host]))
                assert not transport.whole and transport.bytes < 4000
                numbers[host] = (transport.statements, transport.rows)
        most = 60 + len(keys)  # rows: one for each host that is told
        assert all(cost[0] <= 60 and cost[1] <= most for cost in numbers.values()), numbers
        return keys, numbers


@pytest.mark.parametrize(
    ("hosts", "steps"), [([BUSY], (50, 150)), (HOSTS, (100, 400))], ids=["one host", "all hosts"]
)
def test_a_rule_is_told_once_for_all_ports_of_its_group(
    env: Environment, hosts: list[str], steps: tuple[int, int]
) -> None:
    """Of 50 and of 200 ports on one host, of 100 and of 500 ports on a hundred."""
    world, costs = World(env), []
    ctx = rooms.context(env)
    network_id = world.network(ctx).id
    rule = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"}
    rule |= {"security_group_id": world.group}
    for ports in steps:
        for count in range(ports):
            world.boot(ctx, network_id, hosts[count % len(hosts)])
        ctx.commit()
        keys, cost = world.cost(lambda ctx: security_group_rules.create(ctx, "p1", rule))
        assert keys == {host: {f"group/{world.group}"} for host in hosts}
        costs.append(cost)
        for network in world.agents[BUSY].view.networks:
            assert {len(port.rules) for port in network.ports} == {3}
        ctx = rooms.context(env)
        ctx.session.execute(delete(SecurityGroupRule).where(SecurityGroupRule.protocol == "tcp"))
    ctx.close()
    few, many = costs
    assert few == many


def test_a_router_is_told_alone(env: Environment) -> None:
    """A floating IP more, and an interface to a network that the router's host did not have, of one
    of 10 and of 100 routers on the host.
    """
    world, costs = World(env), []
    ctx = rooms.context(env)
    for number in (10, 90):
        for _ in range(number):
            router, guest = world.router(ctx)
        network = networks.create(ctx, "p1", {"name": "another"})
        subnets.create(ctx, "p1", network, {"cidr": "10.9.0.0/16", "ip_version": 4})
        world.boot(ctx, network.id, BUSY)
        (subnet,) = subnets_of(ctx, network.id)
        router_id, network_id, joined = router.id, network.id, {"subnet_id": subnet.id}
        values = {"floating_network_id": world.public, "port_id": guest}
        ctx.commit()
        keys, floating = world.cost(partial(floatingips.create, project_id="p1", values=values))
        assert keys == {OF_ROUTERS: {f"router/{router_id}"}}
        keys, interface = world.cost(partial(add_interface, router_id=router_id, values=joined))
        (of_port,) = keys[BUSY]
        assert of_port.startswith("port/")
        assert keys == {OF_ROUTERS: {f"router/{router_id}", of_port}, BUSY: {of_port}}
        costs.append((floating, interface))
        view = world.agents[OF_ROUTERS].view
        (shown,) = [router for router in view.routers if router.id == router_id]
        assert len(shown.floating_ips) == 1 and len(shown.interfaces) == 2
        assert network_id in {network.id for network in view.networks}
        ctx = rooms.context(env)
    ctx.close()
    assert len(view.routers) == 100
    few, many = costs
    assert few == many


def add_interface(ctx: Context, router_id: str, values: dict[str, str]) -> None:
    router_interfaces.add(ctx, ctx.session.get_one(Router, router_id), values)


def test_an_address_of_a_group_is_told_alone(env: Environment) -> None:
    """Of a group with 10 and with 1,000 addresses, and of 20 and 60 ports whose rules name it."""
    world, costs = World(env), []
    ctx = rooms.context(env)
    network_id = world.network(ctx).id
    group = address_groups.create(ctx, "p1", {"name": "list"})
    rule = {"direction": "ingress", "ethertype": "IPv4", "remote_address_group_id": group.id}
    security_group_rules.create(ctx, "p1", {"security_group_id": world.group, **rule})
    made = 0
    for addresses, ports in ((10, 20), (990, 40)):
        many = [f"10.{n // 250}.{n % 250}.1/32" for n in range(made, made + addresses)]
        address_groups.add_addresses(ctx, group, many)
        made += addresses
        for _ in range(ports):
            world.boot(ctx, network_id, BUSY)
        ctx.commit()
        one = [f"192.0.2.{made % 250}/32"]
        for change in (address_groups.add_addresses, address_groups.remove_addresses):
            keys, cost = world.cost(partial(change_addresses, change, group.id, one))
            assert keys == {BUSY: {f"address/{group.id}/{one[0]}"}}
            costs.append(cost)
        (present,) = world.agents[BUSY].view.address_groups.values()
        assert len(present) == made
        ctx = rooms.context(env)
        group = address_groups.get(ctx, group.id)
    ctx.close()
    assert costs[:2] == costs[2:]


def change_addresses(change: Any, group_id: str, addresses: list[str], ctx: Context) -> None:
    change(ctx, address_groups.get(ctx, group_id), addresses)
