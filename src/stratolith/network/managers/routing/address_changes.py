"""Addresses of ports that users may not change: those that a router or floating IP rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.ports import BadPortRequest, RouterPortAddressFixed
from stratolith.network.managers import holders, ports
from stratolith.network.managers.routing import local_ips
from stratolith.network.models import FloatingIp, Port


def update_port(ctx: Context, port: Port, values: Mapping[str, Any]) -> Port:
    """Change a port for its user.

    Raises RouterPortAddressFixed, BadPortRequest and the errors of ``ports.update``.
    """
    if values.get("fixed_ips") is not None:
        _check(ctx, port, values["fixed_ips"])
    return ports.update(ctx, port, values)


def _check(ctx: Context, port: Port, wanted: Sequence[Mapping[str, Any]]) -> None:
    addresses = {entry["ip_address"] for entry in wanted if entry.get("ip_address")}
    if port.holder == holders.INTERFACE:
        own = {
            fixed_ip["ip_address"]: fixed_ip["subnet_id"]
            for fixed_ip in ports.fixed_ips(ctx, [port.id]).get(port.id, [])
            if ":" not in fixed_ip["ip_address"]
        }
        kept = {entry.get("subnet_id") for entry in wanted if not entry.get("ip_address")}
        lost = [
            text for text, subnet in own.items() if text not in addresses and subnet not in kept
        ]
        added = [text for text in addresses if ":" not in text and text not in own]
        if lost or added:
            raise RouterPortAddressFixed(port_id=port.id)
    if any(address not in addresses for address in local_ips.addresses_of(ctx, port.id)):
        raise BadPortRequest(
            msg=f"Cannot update the fixed_ips of the port {port.id}, because a local IP has its "
            "address from it"
        )
    used = select(FloatingIp.fixed_ip_address).where(FloatingIp.port_id == port.id)
    if any(address not in addresses for address in ctx.session.scalars(used)):
        raise BadPortRequest(
            msg=f"Cannot update the fixed_ips of the port {port.id}, because its original fixed_ip "
            "has been associated to a floating ip"
        )
