"""Hints to the hosts that are affected by a change, and to no others.

Called before a change that removes an object from a host, network or group, and after each change.
A host that gets a hint twice syncs once. The key names the changed object;
``reconcilers/view_parts.py`` compiles the host's part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, or_, select

from stratolith.kernel.context import Context
from stratolith.network.managers import holders, placement
from stratolith.network.managers.binding import inactive
from stratolith.network.managers.events import VIEW
from stratolith.network.models import (
    FixedIp,
    FloatingIp,
    Log,
    Network,
    Port,
    PortSecurityGroup,
    Router,
    SecurityGroupRule,
    Subnet,
)
from stratolith.network.segment_settings import TUNNELS
from stratolith.network.settings import NetworkSettings

PORT, NETWORK, ROUTER = "port", "network", "router"
GROUP = "group"  # the rules of a security group
QOS = "qos"  # the rules of a QoS policy
ADDRESS_GROUP = "address_group"  # all addresses of an address group
ADDRESS = "address"  # one address of it: "address/GROUP/10.0.0.0/8"
LOG = "log"
NORTHBOUND = "network.northbound"  # the kind of hints to the writer of OVN's database
SOUTHBOUND = "network.southbound"  # the kind of hints about hosts that OVN may admit
MEMBERS = "members"  # the addresses of its ports, for hosts with rules that name the group

MOST_ADDRESSES = 8  # changed by one request; for more, all addresses are read again

_HOSTS_WITH_RULES = (
    select(Port.binding_host)
    .join(PortSecurityGroup, PortSecurityGroup.port_id == Port.id)
    .join(
        SecurityGroupRule,
        SecurityGroupRule.security_group_id == PortSecurityGroup.security_group_id,
    )
    .where(Port.binding_host != "")
    .distinct()
)
# Built once, because every new or deleted server needs it.
_HOSTS_WITH_RULES_ABOUT = _HOSTS_WITH_RULES.where(
    SecurityGroupRule.remote_group_id.in_(
        select(PortSecurityGroup.security_group_id).where(
            PortSecurityGroup.port_id == bindparam("port")
        )
    )
)


def key_of(kind: str, object_id: str) -> str:
    return f"{kind}/{object_id}"


def touched(ctx: Context, port: Port) -> None:
    """Hint about a port of a guest or router: the hosts with a part of it."""
    if port.holder == holders.ELECTION:
        network(ctx, port.network_id)
        router(ctx, port.holder_id)
    elif port.holder in holders.ROUTER:
        router(ctx, port.holder_id)
        _router_port(ctx, port)
        if port.binding_host:  # the port was bound before it became the router's
            _hint(ctx, {port.binding_host}, NETWORK, port.network_id)
    elif port.binding_host:
        _guest_port(ctx, port)


def are_floating_ips_distributed(settings: NetworkSettings) -> bool:
    """Whether the hosts of servers translate floating IPs, instead of the routers' hosts."""
    return settings.driver == "ovn" and settings.enable_distributed_floating_ip


def own_hosts(ctx: Context, port_id: str) -> None:
    """Hint about what only the host of a port, and those that prepare it, have of it."""
    wanted = select(Port.binding_host).where(Port.id == port_id, Port.binding_host != "")
    _hint(ctx, _hosts_of(ctx, wanted), PORT, port_id)


def _guest_port(ctx: Context, port: Port) -> None:
    """Hint about a guest's port: its own host; hosts with a part of its network, for names, leases
    and tunnels; hosts with rules that name one of its security groups.
    """
    hosts = {port.binding_host} | placement.hosts_of_network(ctx, port.network_id)
    hosts |= _hosts_of(ctx, _HOSTS_WITH_RULES_ABOUT, {"port": port.id})
    _hint(ctx, hosts, PORT, port.id)
    if are_floating_ips_distributed(ctx.env.settings.of(NetworkSettings)):
        of_port = select(FloatingIp.router_id).where(FloatingIp.port_id == port.id)
        for router_id in set(ctx.session.scalars(of_port)) - {None}:
            ctx.hint(NORTHBOUND, key_of(ROUTER, str(router_id)))


def _hosts_of(ctx: Context, hosts: Select[str], params: dict[str, Any] | None = None) -> set[str]:
    """The hosts that a statement selects as ``Port.binding_host``, and those that prepare one of
    its ports.
    """
    bound = set(ctx.session.scalars(hosts, params or {}))
    return bound | inactive.hosts_of(ctx, hosts, params) if bound else bound


def _router_port(ctx: Context, port: Port) -> None:
    """Hint about a router's port: hosts with a part of its network, if they have tunnels to it."""
    wanted = select(Network.network_type, Network.several_segments)
    row = ctx.session.execute(wanted.where(Network.id == port.network_id)).one_or_none()
    if row is None or not (row.network_type in TUNNELS or row.several_segments):
        return
    if ctx.session.scalar(select(Router.ha).where(Router.id == port.holder_id)):
        network(ctx, port.network_id)
    else:
        _hint(ctx, placement.hosts_of_network(ctx, port.network_id), PORT, port.id)


def network(ctx: Context, network_id: str) -> None:
    """Hint about a network or its subnets, DHCP and gateway: the hosts with a part of it."""
    _hint(ctx, placement.hosts_of_network(ctx, network_id), NETWORK, network_id)


def router(ctx: Context, router_id: str | None) -> None:
    """Hint about a router, its routes, floating IPs or ports: the router's hosts."""
    hosts = placement.having(ctx, [router_id]) if router_id else {}
    if router_id and hosts:
        _hint(ctx, hosts[router_id], ROUTER, router_id)


def routers_of(ctx: Context, project_id: str | None) -> None:
    """Hint about all routers of a project, or about all there are (None)."""
    wanted = select(Router.id)
    if project_id is not None:
        wanted = wanted.where(Router.project_id == project_id)
    for router_id, hosts in placement.having(ctx, ctx.session.scalars(wanted)).items():
        _hint(ctx, hosts, ROUTER, router_id)


def routers_of_pool(ctx: Context, pool_id: str) -> None:
    """Hint about the address scope of a pool: the hosts of routers with ports in its subnets."""
    router_ids = (
        select(Port.holder_id)
        .join(FixedIp, FixedIp.port_id == Port.id)
        .join(Subnet, Subnet.id == FixedIp.subnet_id)
        .where(Subnet.subnetpool_id == pool_id, Port.holder.in_(holders.ROUTER))
    )
    for router_id in set(ctx.session.scalars(router_ids)):
        router(ctx, router_id)


def router_place(ctx: Context, router_id: str) -> None:
    """Hint about a router's host: that host, and hosts with tunnels to the router's ports."""
    router(ctx, router_id)
    router_ports = select(Port).where(Port.holder_id == router_id, Port.holder.in_(holders.ROUTER))
    for port in ctx.session.scalars(router_ports).all():
        _router_port(ctx, port)


def router_left(ctx: Context, router_id: str, host: str) -> None:
    """Hint about the networks of a router that is not on ``host`` any more: to that host.

    It gets no hints about networks that it has no part of, and the router may return before the
    host looks.
    """
    if host:
        of_router = select(Port.network_id).where(
            Port.holder_id == router_id, Port.holder.in_(holders.ROUTER)
        )
        for network_id in ctx.session.scalars(of_router.distinct()):
            _hint(ctx, {host}, NETWORK, network_id)


def qos_policy(ctx: Context, policy_id: str) -> None:
    """Hint about the rules of a QoS policy: the hosts of what has the policy."""
    _hint(ctx, hosts_of_qos_policy(ctx, policy_id), QOS, policy_id)


def hosts_of_qos_policy(ctx: Context, policy_id: str) -> set[str]:
    """The hosts of ports, floating IPs and gateways with the policy, also by their network."""
    networks = select(Network.id).where(Network.qos_policy_id == policy_id)
    ports = select(Port.binding_host).where(
        or_(Port.qos_policy_id == policy_id, Port.network_id.in_(networks)),
        Port.binding_host != "",
    )
    of_floating_ips = select(FloatingIp.router_id).where(
        or_(
            FloatingIp.qos_policy_id == policy_id,
            FloatingIp.floating_network_id.in_(networks),
        ),
        FloatingIp.router_id.is_not(None),
    )
    of_gateways = select(Port.holder_id).where(
        Port.holder == holders.GATEWAY, Port.network_id.in_(networks)
    )
    routers = select(Router.id).where(
        or_(
            Router.id.in_(of_floating_ips),
            Router.id.in_(of_gateways),
            Router.qos_policy_id == policy_id,
        )
    )
    hosts = _hosts_of(ctx, ports.distinct())
    hosts = hosts.union(*placement.having(ctx, ctx.session.scalars(routers)).values())
    return hosts - {""}


def group(ctx: Context, group_id: str) -> None:
    """Hint about the rules of a security group: the hosts of the group's ports."""
    wanted = (
        select(Port.binding_host)
        .join(PortSecurityGroup, PortSecurityGroup.port_id == Port.id)
        .where(PortSecurityGroup.security_group_id == group_id, Port.binding_host != "")
    )
    _hint(ctx, _hosts_of(ctx, wanted.distinct()), GROUP, group_id)


def groups_naming(ctx: Context, group_id: str) -> None:
    """Hint about a deleted security group: its rules, and those of other groups that name it."""
    naming = select(SecurityGroupRule.security_group_id).where(
        SecurityGroupRule.remote_group_id == group_id
    )
    for changed_id in {group_id, *ctx.session.scalars(naming.distinct())}:
        group(ctx, changed_id)


def addresses(ctx: Context, network_id: str) -> None:
    """Hint about addresses of many ports of a network: hosts with rules that name their groups."""
    of_ports = (
        select(PortSecurityGroup.security_group_id)
        .join(Port, Port.id == PortSecurityGroup.port_id)
        .where(Port.network_id == network_id, Port.binding_host != "")
    )
    remote_groups = select(SecurityGroupRule.remote_group_id).where(
        SecurityGroupRule.remote_group_id.in_(of_ports)
    )
    for group_id in set(ctx.session.scalars(remote_groups.distinct())):
        hosts = _hosts_with_rules(ctx, SecurityGroupRule.remote_group_id == group_id)
        _hint(ctx, hosts, MEMBERS, str(group_id))


def _hint(ctx: Context, hosts: set[str], kind: str, object_id: str) -> None:
    for host in hosts:
        ctx.hint_host(host, VIEW, key_of(kind, object_id))
    if hosts and ctx.env.settings.of(NetworkSettings).driver == "ovn":
        ctx.hint(NORTHBOUND, key_of(kind, object_id))


def _hosts_with_rules(ctx: Context, which: ColumnElement[bool]) -> set[str]:
    """The hosts with ports that have these rules."""
    return _hosts_of(ctx, _HOSTS_WITH_RULES.where(which))


def group_addresses(ctx: Context, address_group_id: str, changed: Sequence[str]) -> None:
    """Hint about changed addresses of an address group: hosts with rules that name it."""
    hosts = _hosts_with_rules(ctx, SecurityGroupRule.remote_address_group_id == address_group_id)
    if len(changed) > MOST_ADDRESSES:
        _hint(ctx, hosts, ADDRESS_GROUP, address_group_id)
        return
    for address in changed:
        _hint(ctx, hosts, ADDRESS, f"{address_group_id}/{address}")


def log(ctx: Context, log: Log) -> None:
    """Hint about a log: the hosts with ports that it is about."""
    wanted = select(Port.binding_host).where(Port.binding_host != "", logged_by(log))
    _hint(ctx, _hosts_of(ctx, wanted.distinct()), LOG, log.id)


def logged_by(log: Log) -> ColumnElement[bool]:
    """A condition on Port: the ports that the log is about."""
    if log.target_id:
        return Port.id == log.target_id
    if log.resource_id:
        return Port.id.in_(
            select(PortSecurityGroup.port_id).where(
                PortSecurityGroup.security_group_id == log.resource_id
            )
        )
    return Port.project_id == log.project_id


def host_left(ctx: Context, host: str) -> None:
    """A host has left the cloud: OVN must not let it in any more."""
    if ctx.env.settings.of(NetworkSettings).driver == "ovn":
        ctx.hint(SOUTHBOUND, "hosts")
