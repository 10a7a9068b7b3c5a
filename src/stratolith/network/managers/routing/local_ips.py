"""Local IPs: addresses that the guests of a network reach as a port of their own host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.ids import new_uuid
from stratolith.network.exceptions.local_ips import (
    BadLocalIpRequest,
    LocalIPInUse,
    LocalIPNoIP,
    LocalIPNoRequestedIP,
    LocalIPNotFound,
    LocalIPPortOrNetworkRequired,
    LocalIPRequestedIPNotFound,
)
from stratolith.network.exceptions.ports import PortNotFound, ServicePortInUse
from stratolith.network.managers import holders, host_hints, networks, ports, visibility
from stratolith.network.models import LocalIp, LocalIpAssociation, Port

OWNER = "network:local_ip"
NOT_APPLICABLE = "N/A"


def get(ctx: Context, local_ip_id: str) -> LocalIp:
    """Raises LocalIPNotFound."""
    local_ip = ctx.session.get(LocalIp, local_ip_id)
    if local_ip is None or not (ctx.is_admin or ctx.owns(local_ip.project_id)):
        raise LocalIPNotFound(id=local_ip_id)
    return local_ip


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> LocalIp:
    """Make a local IP of an address of ``local_port_id``, or of a new port on ``network_id``.

    Raises LocalIPPortOrNetworkRequired, BadLocalIpRequest, NetworkNotFound, the errors of
    ``address_of`` and those of making a port.
    """
    local_ip_id = new_uuid()
    port_id, wanted = values.get("local_port_id"), values.get("local_ip_address")
    if port_id:
        port = own_port(ctx, port_id, project_id, "local_ip")
    elif values.get("network_id"):
        port = _new_port(ctx, project_id, local_ip_id, values)
        wanted = wanted or _chosen(ctx, port)
    else:
        raise LocalIPPortOrNetworkRequired
    local_ip = LocalIp(
        id=local_ip_id,
        project_id=project_id,
        name=values.get("name") or "",
        description=values.get("description") or "",
        local_port_id=port.id,
        network_id=port.network_id,
        local_ip_address=address_of(ctx, port, wanted, "local_ip"),
        ip_mode=values["ip_mode"],
    )
    ctx.session.add(local_ip)
    ctx.session.flush()
    return local_ip


def update(ctx: Context, local_ip: LocalIp, values: Mapping[str, Any]) -> None:
    for name in ("name", "description"):
        if name in values:
            setattr(local_ip, name, values[name])
    local_ip.revision_number += 1
    ctx.session.flush()


def delete(ctx: Context, local_ip: LocalIp) -> None:
    """Raises LocalIPInUse."""
    used = select(LocalIpAssociation.id).where(LocalIpAssociation.local_ip_id == local_ip.id)
    if ctx.session.scalar(used.limit(1)) is not None:
        raise LocalIPInUse(id=local_ip.id)
    port = ctx.session.get(Port, local_ip.local_port_id)
    ctx.session.delete(local_ip)
    ctx.session.flush()
    if port is not None and port.holder == holders.LOCAL_IP:
        ports.remove(ctx, port)


# -- ports ---------------------------------------------------------------------------------------


def check_deletable(ctx: Context, port_id: str) -> None:
    """Raise ServicePortInUse when a local IP has its address from the port."""
    if addresses_of(ctx, port_id):
        raise ServicePortInUse(port_id=port_id, reason="still referenced by Local IPs")


def addresses_of(ctx: Context, port_id: str) -> list[str]:
    """The addresses of a port that are local IPs."""
    own = select(LocalIp.local_ip_address).where(LocalIp.local_port_id == port_id)
    return list(ctx.session.scalars(own))


def forget_port(ctx: Context, port_id: str, address: str | None = None) -> None:
    """Delete the associations with a port, or with one of its addresses, that is deleted; without
    ``address`` also the local IPs that have theirs from it.
    """
    wanted = LocalIpAssociation.fixed_port_id == port_id
    if address is not None:
        wanted &= LocalIpAssociation.fixed_ip == address
    else:
        own = select(LocalIp.id).where(LocalIp.local_port_id == port_id)
        wanted |= LocalIpAssociation.local_ip_id.in_(own)
    for row in list(ctx.session.scalars(select(LocalIpAssociation).where(wanted))):
        disassociate(ctx, row)
    if address is None:
        for local_ip in list(
            ctx.session.scalars(select(LocalIp).where(LocalIp.local_port_id == port_id))
        ):
            ctx.session.delete(local_ip)
        ctx.session.flush()


def disassociate(ctx: Context, association: LocalIpAssociation) -> None:
    port_id = association.fixed_port_id
    ctx.session.delete(association)
    ctx.session.flush()
    host_hints.own_hosts(ctx, port_id)


# -- parts ---------------------------------------------------------------------------------------


def own_port(ctx: Context, port_id: str, project_id: str, resource: str) -> Port:
    """A port of the project, for administrators any port; raises BadLocalIpRequest."""
    try:
        port = ports.get(ctx, port_id)
    except PortNotFound:
        port = None
    if port is None or (port.project_id != project_id and not ctx.is_admin):
        raise BadLocalIpRequest(resource=resource, msg=f"Port {port_id} not found")
    return port


def address_of(ctx: Context, port: Port, wanted: str | None, resource: str) -> str:
    """The address of a port that is meant: the wanted one, else its only one.

    Raises LocalIPNoIP, LocalIPNoRequestedIP, LocalIPRequestedIPNotFound, BadLocalIpRequest.
    """
    own = [entry["ip_address"] for entry in ports.fixed_ips(ctx, [port.id]).get(port.id, [])]
    if not own:
        raise LocalIPNoIP(port_id=port.id)
    if wanted and wanted not in own:
        raise LocalIPRequestedIPNotFound(port_id=port.id, ip=wanted)
    if not wanted and len(own) > 1:
        raise LocalIPNoRequestedIP(port_id=port.id)
    address = wanted or own[0]
    if ":" in address:
        raise BadLocalIpRequest(resource=resource, msg=f"{address} is not an IPv4 address")
    return address


def _chosen(ctx: Context, port: Port) -> str:
    """The address of a new port that was chosen; others follow from its MAC address (SLAAC)."""
    own = [entry["ip_address"] for entry in ports.fixed_ips(ctx, [port.id])[port.id]]
    return next(address for address in own if ":" not in address)


def _new_port(ctx: Context, project_id: str, local_ip_id: str, values: Mapping[str, Any]) -> Port:
    network, wanted = networks.get(ctx, values["network_id"]), values.get("local_ip_address")
    if not (ctx.is_admin or visibility.may_use(ctx, network, project_id)):
        raise BadLocalIpRequest(
            resource="local_ip", msg=f"Network {network.id} is not for ports of this project"
        )
    subnets = [s for s in ports.subnets_of(ctx, network.id) if s.ip_version == 4]
    if not subnets:
        raise BadLocalIpRequest(
            resource="local_ip", msg=f"Network {network.id} does not contain any IPv4 subnet"
        )
    entry = {"ip_address": wanted} if wanted else {"subnet_id": subnets[0].id}
    port = ports.create(
        ctx,
        project_id,
        {
            "network_id": network.id,
            "device_owner": OWNER,
            "device_id": local_ip_id,
            "fixed_ips": [entry],
        },
        network=network,
        holder=(holders.LOCAL_IP, local_ip_id),
    )
    port.status = NOT_APPLICABLE
    return port
