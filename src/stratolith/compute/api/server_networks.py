"""Security groups and floating IPs of servers: asked for here, kept by the network service.

Every change is made by the network API's own routes for the caller (network_proxy.py).
"""

from __future__ import annotations

from stratolith.compute.api.proxies import network_proxy
from stratolith.compute.api.proxies.network_proxy import Row
from stratolith.compute.managers import interfaces, server_operations
from stratolith.compute.models import Server
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound
from stratolith.network.managers import security_groups


def add_security_group(ctx: Context, server: Server, name: str) -> None:
    """To every NIC of the server; a group it has already changes nothing."""
    server_operations.require_unlocked(ctx, server)
    server_operations.require(
        server, "addSecurityGroup", vm=("active", "paused", "stopped"), tasks=None
    )
    group_id = network_proxy.group(ctx, name)["id"]
    for port in _ports(ctx, server):
        if port["port_security_enabled"] and group_id not in port["security_groups"]:
            network_proxy.set_groups(ctx, port["id"], [*port["security_groups"], group_id])


def remove_security_group(ctx: Context, server: Server, name: str) -> None:
    """Raises NotFound when no NIC of the server has it."""
    server_operations.require_unlocked(ctx, server)
    group_id = network_proxy.group(ctx, name)["id"]
    having = [port for port in _ports(ctx, server) if group_id in port["security_groups"]]
    if not having:
        raise NotFound(f"Security group {name} not associated with the instance {server.id}")
    for port in having:
        kept = [one for one in port["security_groups"] if one != group_id]
        network_proxy.set_groups(ctx, port["id"], kept)


def security_groups_of(ctx: Context, server: Server) -> list[Row]:
    """The network service's groups of all NICs, each once, by name."""
    ports = [port.port_id for port in interfaces.of_server(ctx, server)]
    ids = {one for groups in security_groups.of_ports(ctx, ports).values() for one in groups}
    return network_proxy.groups(ctx, sorted(ids))


def _ports(ctx: Context, server: Server) -> list[Row]:
    return [network_proxy.port(ctx, one.port_id) for one in interfaces.of_server(ctx, server)]


def _floating(ctx: Context, address: str) -> Row:
    found = network_proxy.floating_ip(ctx, address)
    if found is None:
        raise NotFound("floating IP not found")
    return found


def add_floating_ip(ctx: Context, server: Server, address: str, fixed: str | None) -> None:
    """Let a floating IP stand for a fixed address of the server (its first by default).

    Raises BadRequest also where the network service sees a conflict, as these clients know it.
    """
    ports = interfaces.of_server(ctx, server)
    for port in ports:
        for one in port.fixed_ips:
            if one["version"] == 4 and fixed in (None, one["ip_address"]):
                values = {"port_id": port.port_id, "fixed_ip_address": one["ip_address"]}
                try:
                    network_proxy.update_floating_ip(ctx, _floating(ctx, address)["id"], values)
                except Conflict as error:
                    raise BadRequest(str(error)) from None
                return
    if fixed is not None:
        raise BadRequest("Specified fixed address not assigned to instance")
    raise BadRequest("No fixed IPs associated to instance")


def remove_floating_ip(ctx: Context, server: Server, address: str) -> None:
    """Raises Conflict when it does not stand for an address of the server."""
    floating = _floating(ctx, address)
    mine = {port.port_id for port in interfaces.of_server(ctx, server)}
    if floating["port_id"] not in mine:
        raise Conflict(f"Floating IP {address} is not associated with instance {server.id}.")
    network_proxy.update_floating_ip(ctx, floating["id"], {"port_id": None})
