"""Which hosts look at a port that changed: those that have something of it, and no others."""

from __future__ import annotations

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.managers import placement
from stratolith.network.managers.events import VIEW
from stratolith.network.models import Port, PortSecurityGroup, SecurityGroupRule


def key_of(port_id: str) -> str:
    """The key by which hosts are told of a port."""
    return f"port/{port_id}"


def port_of(key: str) -> str:
    """The port that a key is about, "" for other keys."""
    kind, _, port_id = key.partition("/")
    return port_id if kind == "port" else ""


def touched(ctx: Context, port: Port) -> None:
    """Have the hosts look at the port that have something of what the database says now.

    Called before a change that takes the port from a host, network or group, and after it.
    """
    for host in hosts_of(ctx, port):
        ctx.hint_host(host, VIEW, key_of(port.id))


def hosts_of(ctx: Context, port: Port) -> set[str]:
    """The port's own host; those with a part of its network, for names, leases and tunnels; and
    those where rules name one of its security groups. None while it is bound nowhere.
    """
    if not port.binding_host:
        return set()
    found = {port.binding_host} | placement.hosts_of_network(ctx, port.network_id)
    mine = select(PortSecurityGroup.security_group_id).where(PortSecurityGroup.port_id == port.id)
    named = (
        select(Port.binding_host)
        .join(PortSecurityGroup, PortSecurityGroup.port_id == Port.id)
        .join(
            SecurityGroupRule,
            SecurityGroupRule.security_group_id == PortSecurityGroup.security_group_id,
        )
        .where(SecurityGroupRule.remote_group_id.in_(mine), Port.binding_host != "")
    )
    return found | set(ctx.session.scalars(named.distinct()))
