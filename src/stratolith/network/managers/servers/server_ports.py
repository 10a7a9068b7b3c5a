"""The functions for compute: plan, create, bind, release and describe a server's ports.

They use the caller's transaction, and no function uses the service of the context.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, RowReader
from stratolith.network.exceptions.general import OverQuota
from stratolith.network.exceptions.requests import (
    InterfaceNotFound,
    PortNameDiffers,
    TooManyPorts,
)
from stratolith.network.managers import (
    holders,
    host_hints,
    placement,
    ports,
    security_groups,
    tags,
)
from stratolith.network.managers.addressing import dns
from stratolith.network.managers.binding import inactive
from stratolith.network.managers.qos import allocation
from stratolith.network.managers.servers.server_requests import (
    NetworkRequest,
    PlannedPort,
    PortPlan,
    plan,
    unreachable,
)
from stratolith.network.managers.trunk import trunks
from stratolith.network.models import (
    FloatingIp,
    Network,
    Port,
    PortSecurityGroup,
    SecurityGroup,
)

Granted = Mapping[int, Mapping[str, str]]  # index of a planned port -> kind of demand -> provider
NOTHING: Granted = {}

__all__ = [
    "NOTHING",
    "Granted",
    "NetworkRequest",
    "PlannedPort",
    "PortPlan",
    "ServerPort",
    "attach",
    "bind",
    "change_groups",
    "create",
    "detach",
    "is_served_by",
    "network_metadata",
    "of_servers",
    "plan",
    "release",
    "servers_of",
    "tap_name",
    "unreachable",
]


class ServerPort(msgspec.Struct, array_like=True, gc=False):
    """One NIC of a server. fixed_ips: [{"ip_address", "version", "subnet_id"}];
    floating_ips: [{"ip_address", "fixed_ip_address"}]; security_groups: names.
    """

    port_id: str
    server_id: str
    network_id: str
    network_label: str
    mac: str
    status: str
    made_by_us: bool
    mtu: int
    tag: str | None = None
    fixed_ips: list[dict[str, Any]] = []
    floating_ips: list[dict[str, Any]] = []
    security_groups: list[str] = []

    @property
    def tap(self) -> str:
        """The name of its device on the host."""
        return tap_name(self.port_id)


_PORTS = KeyedReader(
    RowReader(
        ServerPort,
        (
            Port.id,
            Port.holder_id,
            Port.network_id,
            Network.name,
            Port.mac_address,
            Port.status,
            Port.made_by_server,
            Network.mtu,
        ),
    ),
    Port.holder_id,
    select(Port)
    .join(Network, Network.id == Port.network_id)
    .where(Port.holder == holders.SERVER)
    .order_by(Port.created_at, Port.id),
)
_FLOATING_IPS = KeyedReader(
    RowReader(
        tuple[str, str, str | None],
        (FloatingIp.port_id, FloatingIp.floating_ip_address, FloatingIp.fixed_ip_address),
    ),
    FloatingIp.port_id,
    select(FloatingIp).order_by(FloatingIp.created_at),
)
_GROUP_NAMES = KeyedReader(
    RowReader(tuple[str, str], (PortSecurityGroup.port_id, SecurityGroup.name)),
    PortSecurityGroup.port_id,
    select(PortSecurityGroup)
    .join(SecurityGroup, SecurityGroup.id == PortSecurityGroup.security_group_id)
    .order_by(SecurityGroup.name),
)


def tap_name(port_id: str) -> str:
    """The name of a port's device on its host, at most 15 characters."""
    return f"tap{port_id[:11]}"


def create(
    ctx: Context,
    plan: PortPlan,
    server_id: str,
    host: str,
    hostname: str,
    az: str,
    granted: Granted = NOTHING,
) -> list[ServerPort]:
    """Create the planned ports; returns all ports of the server."""
    create_planned(ctx, plan, server_id, host, hostname, az, granted)
    return of_servers(ctx, [server_id]).get(server_id, [])


def create_planned(
    ctx: Context,
    plan: PortPlan,
    server_id: str,
    host: str,
    hostname: str,
    az: str,
    granted: Granted = NOTHING,
) -> None:
    """Create or take the planned ports for a server; with host "" they are unbound.

    ``granted``: the providers of what ``plan.demands`` has. Raises TooManyPorts and the errors of
    creating a port.
    """
    for index, planned in enumerate(plan.ports):
        if planned.port_id is None:
            port = _make(ctx, plan, planned, server_id, host, hostname, az)
        else:
            port = _take(ctx, planned.port_id, server_id, host, hostname, az)
        if index in granted:
            allocation.note(port, planned.demands, granted[index])
            ctx.session.flush()


def bind(ctx: Context, port_ids: Iterable[str], host: str) -> None:
    """Realise these ports on ``host`` ("": on no host) from now on."""
    moved = []
    for port in ctx.session.scalars(select(Port).where(Port.id.in_(list(port_ids)))):
        if port.binding_host == host:
            continue
        moved.append(port)
        host_hints.touched(ctx, port)
        port.binding_host = host
        port.status = "DOWN"
        port.revision_number += 1
        ports.settle_host(ctx, port)
        ctx.session.flush()
        host_hints.touched(ctx, port)
    trunks.follow(ctx, moved)


def release(ctx: Context, server_id: str) -> None:
    """The server is deleted: delete the ports made for it, and free the user's ports."""
    for port in _of_server(ctx, server_id):
        _release(ctx, port)


def attach(
    ctx: Context,
    plan: PortPlan,
    server_id: str,
    host: str,
    hostname: str,
    az: str,
    granted: Granted = NOTHING,
) -> list[ServerPort]:
    """Add the planned ports to an existing server; returns only the new ones."""
    before = {port.id for port in _of_server(ctx, server_id)}
    server_ports = create(ctx, plan, server_id, host, hostname, az, granted)
    return [port for port in server_ports if port.port_id not in before]


def detach(ctx: Context, server_id: str, port_id: str) -> None:
    """Detach a port from a server; raises InterfaceNotFound."""
    port = ctx.session.get(Port, port_id)
    if port is None or (port.holder, port.holder_id) != (holders.SERVER, server_id):
        raise InterfaceNotFound(port_id=port_id)
    allocation.give_back(ctx, port)
    _release(ctx, port)


def of_servers(ctx: Context, server_ids: Sequence[str]) -> dict[str, list[ServerPort]]:
    """Server id -> its ports, oldest first; a few statements for any number of servers."""
    by_server: dict[str, list[ServerPort]] = {}
    by_port: dict[str, ServerPort] = {}
    for port in _PORTS(ctx.session, server_ids):
        by_port[port.port_id] = port
        by_server.setdefault(port.server_id, []).append(port)
    for port_id, addresses in ports.fixed_ips(ctx, by_port).items():
        for fixed in addresses:
            version = 6 if ":" in fixed["ip_address"] else 4
            by_port[port_id].fixed_ips.append({**fixed, "version": version})
    for port_id, address, inner in _FLOATING_IPS(ctx.session, by_port):
        pair = {"ip_address": address, "fixed_ip_address": inner}
        by_port[port_id].floating_ips.append(pair)
    for port_id, name in _GROUP_NAMES(ctx.session, by_port):
        by_port[port_id].security_groups.append(name)
    return by_server


def servers_of(ctx: Context, port_ids: Iterable[str]) -> dict[str, str]:
    """Port id -> its server; other ports are left out."""
    rows = ctx.session.execute(
        select(Port.id, Port.holder_id).where(
            Port.id.in_(list(port_ids)), Port.holder == holders.SERVER
        )
    )
    return dict(rows.all())


def is_served_by(ctx: Context, host: str, server_id: str) -> bool:
    """Whether the host realises a network of the server, and so is a metadata service for it."""
    wanted = select(Port.network_id).where(holders.held_by(holders.SERVER, server_id))
    network_ids = set(placement.networks_of(ctx, host))
    return not network_ids.isdisjoint(ctx.session.scalars(wanted))


def network_metadata(ctx: Context, server_id: str) -> dict[str, Any]:
    """network_data.json of a server."""
    from stratolith.network.managers.servers import network_data

    return network_data.network_metadata(ctx, server_id)


def change_groups(
    ctx: Context, server_id: str, *, add: str | None = None, remove: str | None = None
) -> None:
    """Add a security group (by id) to all ports of a server, or remove it from them."""
    for port in _of_server(ctx, server_id):
        if not port.port_security_enabled:
            continue
        group_ids = security_groups.of_ports(ctx, [port.id]).get(port.id, [])
        wanted = [group for group in group_ids if group != remove]
        if add and add not in wanted:
            wanted.append(add)
        if wanted != group_ids:
            ports.update(ctx, port, {"security_groups": wanted})


# -- parts ---------------------------------------------------------------------------------------


def _of_server(ctx: Context, server_id: str) -> list[Port]:
    statement = select(Port).where(holders.held_by(holders.SERVER, server_id))
    return list(ctx.session.scalars(statement))


def _make(
    ctx: Context,
    plan: PortPlan,
    planned: PlannedPort,
    server_id: str,
    host: str,
    hostname: str,
    az: str,
) -> Port:
    fixed = None
    if planned.fixed_ip:
        fixed = [{"ip_address": planned.fixed_ip}]
    secure = planned.network.port_security_enabled
    values: dict[str, Any] = {
        "network_id": planned.network.id,
        "device_id": server_id,
        "device_owner": f"compute:{az}",
        "binding:host_id": host,
        "fixed_ips": fixed,
        "security_groups": plan.security_group_ids if secure else [],
    }
    try:
        port = ports.create(
            ctx,
            plan.project_id,
            values,
            network=planned.network,
            holder=(holders.SERVER, server_id),
            made_by_server=True,
            hostname=hostname,
        )
    except OverQuota:
        raise TooManyPorts from None
    dns.name_server_port(ctx, port, hostname)
    if planned.tag:
        tags.add(ctx, port.id, [planned.tag])
    return port


def _take(ctx: Context, port_id: str, server_id: str, host: str, hostname: str, az: str) -> Port:
    port = ctx.session.get(Port, port_id)
    assert port is not None  # the plan was made in this transaction
    if port.dns_name and port.dns_name != hostname.lower():
        raise PortNameDiffers(port_id=port_id, dns_name=port.dns_name, hostname=hostname)
    host_hints.touched(ctx, port)
    holders.hold(port, holders.SERVER, server_id)
    port.device_id, port.device_owner = server_id, f"compute:{az}"
    port.binding_host, port.hostname = host, hostname
    ports.settle_host(ctx, port)
    dns.name_server_port(ctx, port, hostname)
    port.status = "DOWN"
    port.revision_number += 1
    ctx.session.flush()
    host_hints.touched(ctx, port)
    trunks.follow(ctx, [port])
    return port


def _release(ctx: Context, port: Port) -> None:
    if port.made_by_server:
        trunks.abandon(ctx, port.id)
        ports.remove(ctx, port)
        return
    host_hints.touched(ctx, port)
    holders.release(port)
    allocation.forget(port)
    inactive.forget(ctx, port)
    port.device_id = port.device_owner = port.binding_host = port.hostname = ""
    port.dns_name = ""
    port.status = "DOWN"
    port.revision_number += 1
    ctx.session.flush()
    trunks.follow(ctx, [port])
