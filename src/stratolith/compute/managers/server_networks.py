"""Security groups and floating IPs of servers: asked for here, kept by the network service."""

from __future__ import annotations

from typing import Any

from stratolith.compute.exceptions import ItemNotFound
from stratolith.compute.managers import actions, interfaces
from stratolith.compute.models import Server
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound
from stratolith.network.managers import floatingips, lookups, security_groups, server_ports


def _group_id(ctx: Context, server: Server, name: str) -> str:
    """Raises NotFound for an unknown group."""
    try:
        return security_groups.resolve(ctx, server.project_id, [name])[0]
    except BadRequest as error:
        raise NotFound(str(error)) from None


def add_security_group(ctx: Context, server: Server, name: str) -> None:
    """To every NIC of the server; a group it has already changes nothing."""
    actions.require_unlocked(ctx, server)
    actions.require(server, "addSecurityGroup", vm=("active", "paused", "stopped"), tasks=None)
    server_ports.change_groups(ctx, server.id, add=_group_id(ctx, server, name))


def remove_security_group(ctx: Context, server: Server, name: str) -> None:
    """Raises NotFound when no NIC of the server has it."""
    actions.require_unlocked(ctx, server)
    group_id = _group_id(ctx, server, name)
    ports = [port.port_id for port in interfaces.of_server(ctx, server)]
    have = security_groups.of_ports(ctx, ports)
    if all(group_id not in groups for groups in have.values()):
        raise NotFound(f"Security group {name} not associated with the instance {server.id}")
    server_ports.change_groups(ctx, server.id, remove=group_id)


def security_groups_of(ctx: Context, server: Server) -> list[Any]:
    """The network service's groups of all NICs, each once, by name."""
    ports = [port.port_id for port in interfaces.of_server(ctx, server)]
    ids = {one for groups in security_groups.of_ports(ctx, ports).values() for one in groups}
    return lookups.groups(ctx, sorted(ids))


def _floating(ctx: Context, server: Server, address: str) -> Any:
    found = lookups.floating_ip(ctx, server.project_id, address)
    if found is None:
        raise ItemNotFound(what=f"Floating IP {address}")
    return found


def add_floating_ip(ctx: Context, server: Server, address: str, fixed: str | None) -> None:
    """Let a floating IP stand for a fixed address of the server (its first by default)."""
    floating = _floating(ctx, server, address)
    ports = interfaces.of_server(ctx, server)
    for port in ports:
        for one in port.fixed_ips:
            if one["version"] == 4 and fixed in (None, one["ip_address"]):
                values = {"port_id": port.port_id, "fixed_ip_address": one["ip_address"]}
                floatingips.update(ctx, floating, values)
                return
    if fixed is not None:
        raise BadRequest("Specified fixed address not assigned to instance")
    raise BadRequest("No fixed IPs associated to instance")


def remove_floating_ip(ctx: Context, server: Server, address: str) -> None:
    floating = _floating(ctx, server, address)
    mine = {port.port_id for port in interfaces.of_server(ctx, server)}
    if floating.port_id not in mine:
        raise Conflict(f"Floating IP {address} is not associated with instance {server.id}.")
    floatingips.update(ctx, floating, {"port_id": None})
