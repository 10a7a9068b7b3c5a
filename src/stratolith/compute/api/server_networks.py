"""Security groups and floating IPs of servers; the network service stores them.

Every change calls the network API's own routes for the caller (network_proxy.py).
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
    """Add the group to every NIC of the server that does not have it yet."""
    server_operations.require_unlocked(ctx, server)
    server_operations.require(
        server, "addSecurityGroup", vm=("active", "paused", "stopped"), tasks=None
    )
    group_id = network_proxy.group(ctx, name)["id"]
    for port in _ports(ctx, server):
        if port["port_security_enabled"] and group_id not in port["security_groups"]:
            network_proxy.set_groups(ctx, port["id"], [*port["security_groups"], group_id])


def remove_security_group(ctx: Context, server: Server, name: str) -> None:
    """Raises NotFound if no NIC of the server has the group."""
    server_operations.require_unlocked(ctx, server)
    group_id = network_proxy.group(ctx, name)["id"]
    having = [port for port in _ports(ctx, server) if group_id in port["security_groups"]]
    if not having:
        raise NotFound(f"Security group {name} not associated with the instance {server.id}")
    for port in having:
        kept = [other_id for other_id in port["security_groups"] if other_id != group_id]
        network_proxy.set_groups(ctx, port["id"], kept)


def security_groups_of(ctx: Context, server: Server) -> list[Row]:
    """The groups of all NICs without duplicates, sorted by name."""
    ports = [port.port_id for port in interfaces.of_server(ctx, server)]
    ids = {
        group_id for groups in security_groups.of_ports(ctx, ports).values() for group_id in groups
    }
    return network_proxy.groups(ctx, sorted(ids))


def _ports(ctx: Context, server: Server) -> list[Row]:
    return [
        network_proxy.port(ctx, server_port.port_id)
        for server_port in interfaces.of_server(ctx, server)
    ]


def _floating(ctx: Context, address: str) -> Row:
    floating_ip = network_proxy.floating_ip(ctx, address)
    if floating_ip is None:
        raise NotFound("floating IP not found")
    return floating_ip


def add_floating_ip(ctx: Context, server: Server, address: str, fixed: str | None) -> None:
    """Associate a floating IP with a fixed address of the server (by default the first).

    Conflicts of the network service become BadRequest, as old clients expect.
    """
    ports = interfaces.of_server(ctx, server)
    for port in ports:
        for fixed_ip in port.fixed_ips:
            if fixed_ip["version"] == 4 and fixed in (None, fixed_ip["ip_address"]):
                values = {"port_id": port.port_id, "fixed_ip_address": fixed_ip["ip_address"]}
                try:
                    network_proxy.update_floating_ip(ctx, _floating(ctx, address)["id"], values)
                except Conflict as error:
                    raise BadRequest(str(error)) from None
                return
    if fixed is not None:
        raise BadRequest("Specified fixed address not assigned to instance")
    raise BadRequest("No fixed IPs associated to instance")


def remove_floating_ip(ctx: Context, server: Server, address: str) -> None:
    """Raises Conflict if it is not associated with an address of the server."""
    floating = _floating(ctx, address)
    port_ids = {port.port_id for port in interfaces.of_server(ctx, server)}
    if floating["port_id"] not in port_ids:
        raise Conflict(f"Floating IP {address} is not associated with instance {server.id}.")
    network_proxy.update_floating_ip(ctx, floating["id"], {"port_id": None})
