"""A change wakes the hosts that realise it, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.hints import HOST_HINT
from stratolith.network.drivers.base import HostNetworkView
from stratolith.network.managers import (
    floatingips,
    networks,
    ports,
    router_interfaces,
    routers,
    security_group_rules,
    security_groups,
    subnets,
)
from stratolith.network.managers.servers import server_ports
from stratolith.network.models import (
    Network,
    Port,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from stratolith.network.reconcilers.host_view import compile_view
from tests.unit.network import rooms

HOSTS = ("h1", "h2", "h3", "h4")  # routers, guests of one network, guests of the other, nothing


class World:
    """A routed network with a guest, another network with a guest of another group."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        ctx = rooms.context(env)
        flat = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
        public = networks.create(ctx, "p1", {"name": "public", "router:external": True, **flat})
        outside = {"cidr": "172.24.4.0/24", "ip_version": 4, "enable_dhcp": False}
        subnets.create(ctx, "p1", public, outside)
        self.public = public.id
        self.one, self.two = self._network(ctx, "one"), self._network(ctx, "two")
        self.group = security_groups.create(ctx, "p1", {"name": "own"}).id
        info = {"network_id": public.id}
        router = routers.create(ctx, "p1", {"name": "r", "external_gateway_info": info})
        self.router, self.subnet = router.id, ports.subnets_of(ctx, self.one)[0].id
        router_interfaces.add(ctx, router, {"subnet_id": self.subnet})
        self.guest = self._boot(ctx, self.one, "s1", "h2", [])
        self._boot(ctx, self.two, "s2", "h3", [self.group])
        self.named = security_groups.create(ctx, "p1", {"name": "named"}).id
        for named in (self.named, security_groups.default_of(ctx, "p1")):
            values = {"direction": "ingress", "ethertype": "IPv6", "remote_group_id": named}
            security_group_rules.create(ctx, "p1", {"security_group_id": self.group, **values})
        ctx.commit()

    @staticmethod
    def _network(ctx: Context, name: str) -> str:
        network = networks.create(ctx, "p1", {"name": name})
        subnets.create(ctx, "p1", network, {"cidr": "10.0.0.0/24", "ip_version": 4})
        return network.id

    @staticmethod
    def _boot(ctx: Context, network_id: str, server: str, host: str, groups: list[str]) -> str:
        request = server_ports.NetworkRequest(network_id=network_id)
        plan = server_ports.plan(ctx, "p1", [request], groups)
        (made,) = server_ports.create(ctx, plan, server, host, server, "nova")
        return made.port_id

    def views(self) -> dict[str, HostNetworkView]:
        ctx = rooms.context(self.env, write=False)
        try:
            return {
                host: msgspec.structs.replace(compile_view(ctx, host), generation=0)
                for host in HOSTS
            }
        finally:
            ctx.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    env = rooms.environment(tmp_path)
    assert env.agents is not None
    for number, host in enumerate(HOSTS, 1):
        offers = Offers(tunnel_address=f"192.0.2.{number}")
        env.agents.seen(host, "1", ["network"], env.clock.now(), offers)
    yield World(env)
    env.db.dispose()


def new_subnet(ctx: Context, world: World) -> None:
    network = ctx.session.get_one(Network, world.one)
    subnets.create(ctx, "p1", network, {"cidr": "10.5.0.0/24", "ip_version": 4})


def other_mtu(ctx: Context, world: World) -> None:
    networks.update(ctx, ctx.session.get_one(Network, world.two), {"mtu": 1400})


def other_dns(ctx: Context, world: World) -> None:
    subnet = ctx.session.get_one(Subnet, world.subnet)
    subnets.update(ctx, subnet, {"dns_nameservers": ["9.9.9.9"]})


def router_down(ctx: Context, world: World) -> None:
    routers.update(ctx, ctx.session.get_one(Router, world.router), {"admin_state_up": False})


def gateway_leaves(ctx: Context, world: World) -> None:
    router = ctx.session.get_one(Router, world.router)
    routers.update(ctx, router, {"external_gateway_info": {}})


def router_leaves(ctx: Context, world: World) -> None:
    router = ctx.session.get_one(Router, world.router)
    router_interfaces.remove(ctx, router, {"subnet_id": world.subnet})


def new_rule(ctx: Context, world: World) -> None:
    values = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"}
    security_group_rules.create(ctx, "p1", {"security_group_id": world.group, **values})


def rule_goes(ctx: Context, world: World) -> None:
    of_group = select(SecurityGroupRule).where(SecurityGroupRule.security_group_id == world.group)
    security_group_rules.delete(ctx, ctx.session.scalars(of_group).all()[0])


def named_group_goes(ctx: Context, world: World) -> None:
    """With the rules that name it, which another group has."""
    group = ctx.session.get_one(SecurityGroup, world.named)
    security_groups.delete(ctx, group)


def automatic_subnet(ctx: Context, world: World) -> None:
    """Guests get addresses in it, which rules of other networks' guests name."""
    network = ctx.session.get_one(Network, world.one)
    automatic = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    subnets.create(ctx, "p1", network, {"cidr": "fd00::/64", "ip_version": 6, **automatic})


def floating(ctx: Context, world: World) -> None:
    values = {"floating_network_id": world.public, "port_id": world.guest}
    floatingips.create(ctx, "p1", values)


def port_goes(ctx: Context, world: World) -> None:
    ports.delete(ctx, ctx.session.get_one(Port, world.guest))


def of_nobody(ctx: Context, world: World) -> None:
    network = networks.create(ctx, "p1", {"name": "empty"})
    ports.create(ctx, "p1", {"network_id": network.id})
    subnets.create(ctx, "p1", network, {"cidr": "10.0.0.0/24", "ip_version": 4})
    security_groups.create(ctx, "p1", {"name": "unused"})


def first_port(ctx: Context, world: World) -> None:
    network = networks.create(ctx, "p1", {"name": "new"})
    subnets.create(ctx, "p1", network, {"cidr": "10.0.0.0/24", "ip_version": 4})
    ports.create(ctx, "p1", {"network_id": network.id})


CHANGES: list[tuple[Callable[[Context, World], None], set[str]]] = [
    (new_subnet, {"h1", "h2"}),
    (other_mtu, {"h3"}),
    (other_dns, {"h1", "h2"}),
    (router_down, {"h1"}),
    (gateway_leaves, {"h1"}),
    (router_leaves, {"h1", "h2"}),
    (new_rule, {"h3"}),
    (rule_goes, {"h3"}),
    (named_group_goes, {"h3"}),
    (automatic_subnet, {"h1", "h2", "h3"}),
    (floating, {"h1"}),
    (port_goes, {"h1", "h2", "h3"}),
    (of_nobody, set()),
    (first_port, {"h1"}),
]


@pytest.mark.parametrize(
    ("change", "wanted"), CHANGES, ids=[change.__name__ for change, _ in CHANGES]
)
def test_a_change_wakes_who_realises_it(world: World, change: Any, wanted: set[str]) -> None:
    told: list[str] = []
    world.env.hints.listen(HOST_HINT, told.append)
    before = world.views()
    ctx = rooms.context(world.env)
    change(ctx, world)
    ctx.commit()
    after = world.views()
    assert {hint.split("\n")[0] for hint in told} == wanted
    changed = {host for host in HOSTS if before[host] != after[host]}
    assert changed <= wanted
    assert changed or not wanted  # the change is one
