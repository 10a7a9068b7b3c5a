"""What agents realise, as administrators see and set it: the routers and networks of agents.

A router that is removed from its agent has no agent until it is added to another one, as
upstream. Networks are on the hosts of their guests and routers; more hosts can be added.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.agents import (
    InvalidDHCPAgent,
    InvalidL3Agent,
    NetworkHasPortsThere,
    NetworkHostedByDHCPAgent,
    NetworkNotHostedByDhcpAgent,
    RouterHostedByL3Agent,
    RouterSchedulingFailed,
)
from stratolith.network.managers import agents, host_hints, networks, placement, places, routers
from stratolith.network.managers.agents import Agent
from stratolith.network.managers.routing import elections
from stratolith.network.models import DhcpPlace, Network, Router


def routers_of(ctx: Context, agent: Agent) -> list[Router]:
    """The routers that an L3 agent realises; none for other agents."""
    if agent.shown["binary"] != agents.L3:
        return []
    router_ids = placement.on_host(ctx, placement.ROUTER, agent.shown["host"])
    statement = (
        select(Router).where(Router.id.in_(router_ids)).order_by(Router.created_at, Router.id)
    )
    return list(ctx.session.scalars(statement))


def networks_of(ctx: Context, agent: Agent) -> list[Network]:
    """The networks of which a DHCP agent has a part; none for other agents."""
    if agent.shown["binary"] != agents.DHCP:
        return []
    network_ids = placement.networks_of(ctx, agent.shown["host"])
    statement = (
        select(Network).where(Network.id.in_(network_ids)).order_by(Network.created_at, Network.id)
    )
    return list(ctx.session.scalars(statement))


def of_router(ctx: Context, router_id: str) -> list[dict[str, Any]]:
    """The L3 agents of a router, with what each is (``ha_state``); raises RouterNotFound."""
    router = routers.get(ctx, router_id)
    states = elections.states(ctx, router.id)
    hosts = _on(ctx, states or [placement.host_of(ctx, router_id)], agents.L3)
    is_known = any(agent["alive"] for agent in hosts)
    for agent in hosts:
        agent["ha_state"] = states.get(agent["host"])
        if agent["ha_state"] == elections.ACTIVE and not agent["alive"]:
            agent["ha_state"] = elections.STANDBY if is_known else elections.UNKNOWN
    return hosts


def of_network(ctx: Context, network_id: str) -> list[dict[str, Any]]:
    """The DHCP agents of a network; none for an unknown network, as upstream."""
    return _on(ctx, placement.hosts_of_network(ctx, network_id), agents.DHCP)


def _on(ctx: Context, hosts: Iterable[str], binary: str) -> list[dict[str, Any]]:
    wanted = set(hosts)
    all_agents = agents.list_all(ctx)
    return [agent for agent in all_agents if agent["host"] in wanted and agent["binary"] == binary]


def add_router(ctx: Context, agent: Agent, router_id: str) -> None:
    """Raises RouterNotFound, InvalidL3Agent, RouterHostedByL3Agent, RouterSchedulingFailed."""
    router = routers.get(ctx, router_id)
    if agent.shown["binary"] != agents.L3 or not agent.shown["admin_state_up"]:
        raise InvalidL3Agent(id=agent.id)
    hosts = placement.having(ctx, [router.id]).get(router.id, set())
    if agent.shown["host"] in hosts:
        return
    current_host = placement.host_of(ctx, router.id)
    if current_host and not elections.are_of(router):
        raise RouterHostedByL3Agent(
            router_id=router.id, agent_id=agents.id_of(current_host, agents.L3)
        )
    if not agent.shown["alive"]:
        raise RouterSchedulingFailed(router_id=router.id, agent_id=agent.id)
    if elections.are_of(router):
        elections.add_host(ctx, router, agent.shown["host"])
        return
    places.place(ctx, placement.ROUTER, router.id, agent.shown["host"])


def remove_router(ctx: Context, agent: Agent, router_id: str) -> None:
    """Raises RouterNotFound. As upstream, no error if the router is not on this agent."""
    router = routers.get(ctx, router_id)
    if agent.shown["binary"] != agents.L3:
        return
    if elections.are_of(router):
        elections.remove_host(ctx, router, agent.shown["host"])
    elif placement.host_of(ctx, router.id) == agent.shown["host"]:
        places.place(ctx, placement.ROUTER, router.id, "")


def add_network(ctx: Context, agent: Agent, network_id: str) -> None:
    """Raises NetworkNotFound, InvalidDHCPAgent, NetworkHostedByDHCPAgent."""
    network = networks.get(ctx, network_id)
    if agent.shown["binary"] != agents.DHCP or not agent.shown["admin_state_up"]:
        raise InvalidDHCPAgent(id=agent.id)
    host = agent.shown["host"]
    if host in placement.hosts_of_network(ctx, network.id):
        raise NetworkHostedByDHCPAgent(network_id=network.id, agent_id=agent.id)
    ctx.session.add(DhcpPlace(network_id=network.id, host=host))
    ctx.session.flush()
    host_hints.network(ctx, network.id)


def remove_network(ctx: Context, agent: Agent, network_id: str) -> None:
    """Raises InvalidDHCPAgent, NetworkNotHostedByDhcpAgent (also for an unknown network), and
    NetworkHasPortsThere, because a host answers the guests that run on it.
    """
    if agent.shown["binary"] != agents.DHCP:
        raise InvalidDHCPAgent(id=agent.id)
    host = agent.shown["host"]
    if host not in placement.hosts_of_network(ctx, network_id):
        raise NetworkNotHostedByDhcpAgent(network_id=network_id, agent_id=agent.id)
    host_hints.network(ctx, network_id)
    dhcp_place = ctx.session.get(DhcpPlace, (network_id, host))
    if dhcp_place is not None:
        ctx.session.delete(dhcp_place)
        ctx.session.flush()
    if host in placement.hosts_of_network(ctx, network_id):
        raise NetworkHasPortsThere(network_id=network_id, agent_id=agent.id)
