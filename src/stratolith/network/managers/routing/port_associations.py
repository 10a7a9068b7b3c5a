"""Associations of local IPs with the ports that their hosts' guests reach by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.local_ips import (
    BadLocalIpRequest,
    LocalIPAssociationExists,
    LocalIPAssociationNotFound,
    LocalIPNotFound,
)
from stratolith.network.managers import host_hints
from stratolith.network.managers.routing import local_ips
from stratolith.network.models import LocalIp, LocalIpAssociation, Port

_NAME = "local_ip_port_association"


def get(ctx: Context, local_ip_id: str, fixed_port_id: str) -> LocalIpAssociation:
    """Raises LocalIPAssociationNotFound."""
    try:
        local_ips.get(ctx, local_ip_id)
        association = ctx.session.get(LocalIpAssociation, _key(local_ip_id, fixed_port_id))
    except LocalIPNotFound:
        association = None
    if association is None:
        raise LocalIPAssociationNotFound(local_ip_id=local_ip_id, port_id=fixed_port_id)
    return association


def create(ctx: Context, local_ip: LocalIp, values: Mapping[str, Any]) -> LocalIpAssociation:
    """Raises BadLocalIpRequest, LocalIPAssociationExists and the errors of an address."""
    port = local_ips.own_port(ctx, values["fixed_port_id"], local_ip.project_id, _NAME)
    address = local_ips.address_of(ctx, port, values.get("fixed_ip"), _NAME)
    if port.network_id != local_ip.network_id:
        raise BadLocalIpRequest(
            resource=_NAME, msg=f"Port {port.id} is not on the network of the local IP"
        )
    key = _key(local_ip.id, port.id)
    if ctx.session.get(LocalIpAssociation, key) is not None:
        raise LocalIPAssociationExists(local_ip_id=local_ip.id, port_id=port.id)
    association = LocalIpAssociation(
        id=key,
        project_id=local_ip.project_id,
        local_ip_id=local_ip.id,
        fixed_port_id=port.id,
        fixed_ip=address,
    )
    ctx.session.add(association)
    ctx.session.flush()
    host_hints.own_hosts(ctx, port.id)
    return association


def delete(ctx: Context, association: LocalIpAssociation) -> None:
    local_ips.disassociate(ctx, association)


def places(
    ctx: Context, associations: Iterable[LocalIpAssociation]
) -> tuple[dict[str, str], dict[str, str]]:
    """Local IP -> its address, and port -> its host, of these associations."""
    rows = list(associations)
    of_local_ips = select(LocalIp.id, LocalIp.local_ip_address).where(
        LocalIp.id.in_({row.local_ip_id for row in rows})
    )
    of_ports = select(Port.id, Port.binding_host).where(
        Port.id.in_({row.fixed_port_id for row in rows})
    )
    addresses = {row.id: row.local_ip_address for row in ctx.session.execute(of_local_ips)}
    hosts = {row.id: row.binding_host for row in ctx.session.execute(of_ports)}
    return addresses, hosts


def _key(local_ip_id: str, port_id: str) -> str:
    return f"{local_ip_id}_{port_id}"
