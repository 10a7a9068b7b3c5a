"""Which hosts look at what changed: those that have something of it, and no others.

Called before a change that takes a thing from a host, network or group, and after each change: a
host that is told twice looks once.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from stratolith.kernel.context import Context
from stratolith.network.managers import holders, placement
from stratolith.network.managers.events import VIEW
from stratolith.network.models import Port, PortSecurityGroup, SecurityGroupRule


def key_of(port_id: str) -> str:
    """The key by which hosts are told of a port. Other keys ask for the whole view."""
    return f"port/{port_id}"


def port_of(key: str) -> str:
    """The port that a key is about, "" for other keys."""
    kind, _, port_id = key.partition("/")
    return port_id if kind == "port" else ""


def touched(ctx: Context, port: Port) -> None:
    """A guest's port: its own host; those with a part of its network, for names, leases and
    tunnels; and those where rules name one of its security groups. None while it is bound nowhere.
    """
    if not port.binding_host:
        return
    mine = select(PortSecurityGroup.security_group_id).where(PortSecurityGroup.port_id == port.id)
    found = {port.binding_host} | placement.hosts_of_network(ctx, port.network_id)
    found |= _hosts_with_rules(ctx, SecurityGroupRule.remote_group_id.in_(mine))
    for host in found:
        ctx.hint_host(host, VIEW, key_of(port.id))


def network(ctx: Context, network_id: str) -> None:
    """A network or what it has of its own (subnets, DHCP, gateway): the hosts with a part of it."""
    for host in placement.hosts_of_network(ctx, network_id):
        ctx.hint_host(host, VIEW, f"network/{network_id}")


def router(ctx: Context, router_id: str) -> None:
    """A router or its ports: its host, and those with a part of a network that it joins, whose
    tunnels lead to it."""
    here = (Port.holder_id == router_id) & Port.holder.in_(holders.ROUTER)
    found = {placement.host_of(ctx, router_id)} - {""}
    for network_id in ctx.session.scalars(select(Port.network_id).where(here).distinct()):
        found |= placement.hosts_of_network(ctx, network_id)
    for host in found:
        ctx.hint_host(host, VIEW, f"router/{router_id}")


def floating_ip(ctx: Context, router_id: str | None) -> None:
    """A floating IP of this router: the host of the router."""
    host = placement.host_of(ctx, router_id) if router_id else ""
    if host:
        ctx.hint_host(host, VIEW, f"router/{router_id}")


def group(ctx: Context, group_id: str) -> None:
    """A security group's rules: the hosts with ports that these, or rules naming it, are for."""
    of_ports = select(Port.binding_host).join(
        PortSecurityGroup, PortSecurityGroup.port_id == Port.id
    )
    mine = of_ports.where(PortSecurityGroup.security_group_id == group_id, Port.binding_host != "")
    found = set(ctx.session.scalars(mine.distinct()))
    found |= _hosts_with_rules(ctx, SecurityGroupRule.remote_group_id == group_id)
    for host in found:
        ctx.hint_host(host, VIEW, f"group/{group_id}")


def _hosts_with_rules(ctx: Context, which: ColumnElement[bool]) -> set[str]:
    """The hosts with ports that these rules are for."""
    wanted = (
        select(Port.binding_host)
        .join(PortSecurityGroup, PortSecurityGroup.port_id == Port.id)
        .join(
            SecurityGroupRule,
            SecurityGroupRule.security_group_id == PortSecurityGroup.security_group_id,
        )
        .where(which, Port.binding_host != "")
    )
    return set(ctx.session.scalars(wanted.distinct()))
