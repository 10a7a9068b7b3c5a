"""Attach and detach NICs of existing servers, also while they run."""

from __future__ import annotations

from collections.abc import Sequence

from stratolith.compute.exceptions import (
    HostDown,
    InterfaceAttachResourceAllocationFailed,
    ItemNotFound,
)
from stratolith.compute.managers import hosts, server_operations, state
from stratolith.compute.models import Server
from stratolith.compute.scheduler import port_demands
from stratolith.compute.scheduler.port_demands import PortDemands
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict
from stratolith.network.managers.servers import server_ports
from stratolith.network.managers.servers.server_ports import Granted, NetworkRequest, ServerPort
from stratolith.placement.managers import allocations, forest

_STATES = ("active", "paused", "stopped")


def of_server(ctx: Context, server: Server) -> list[ServerPort]:
    return list(server_ports.of_servers(ctx, [server.id]).get(server.id, []))


def get(ctx: Context, server: Server, port_id: str) -> ServerPort:
    """Raises ItemNotFound."""
    for port in of_server(ctx, server):
        if port.port_id == port_id:
            return port
    raise ItemNotFound(what=f"Port {port_id} of instance {server.id}")


def attach(ctx: Context, server: Server, request: NetworkRequest | None) -> ServerPort:
    """Add a NIC to the server; the host plugs it in.

    Raises InvalidState, ServerLocked, Conflict (no hot-plug),
    InterfaceAttachResourceAllocationFailed, and the network's errors.
    """
    server_operations.require_unlocked(ctx, server)
    server_operations.require(server, "attach_interface", vm=_STATES, tasks=None)
    if server.host is None:
        raise Conflict(f"Instance {server.id} is on no host.")
    _require_hotplug(ctx, server)
    plan = server_ports.plan(ctx, server.project_id, [request] if request else None)
    if not plan.ports:
        raise BadRequest("There is no network to attach an interface to.")
    granted = _claim(ctx, server, server.host, plan.demands)
    made = server_ports.attach(
        ctx, plan, server.id, server.host, server.hostname, server.zone or "", granted
    )
    for port in made:
        server_operations.begin(ctx, [server], state.ATTACH, params={"port_id": port.port_id})
    server.generation += 1
    return made[0]


def detach(ctx: Context, server: Server, port_id: str) -> None:
    """Let the host unplug the NIC; then the port is detached. Raises ItemNotFound, Conflict."""
    server_operations.require_unlocked(ctx, server)
    server_operations.require(server, "detach_interface", vm=_STATES, tasks=None)
    get(ctx, server, port_id)
    if server.host is None or server.host not in hosts.alive(ctx):
        raise HostDown(server_id=server.id)
    _require_hotplug(ctx, server)
    server.generation += 1
    server_operations.begin(ctx, [server], state.DETACH, params={"port_id": port_id})


def with_address(server: Server, ports: Sequence[ServerPort], address: str) -> ServerPort:
    """The server's port with this address; raises BadRequest."""
    for port in ports:
        if any(fixed_ip["ip_address"] == address for fixed_ip in port.fixed_ips):
            return port
    raise BadRequest(f"Fixed IP {address} is not one of instance {server.id}.")


def _claim(ctx: Context, server: Server, host: str, demands: PortDemands) -> Granted:
    """Add what the new ports need to the server's allocation; the server stays on its host."""
    if not any(demands):
        return {}
    tree = port_demands.trees(forest.load(ctx)).get(hosts.get(ctx, host).uuid)
    grant = port_demands.grant(tree, demands) if tree is not None else None
    if grant is None:
        raise InterfaceAttachResourceAllocationFailed(
            server_id=server.id, demands=port_demands.told(demands)
        )
    allocations.adjust(ctx, server.id, grant.resources)
    return grant.providers


def _require_hotplug(ctx: Context, server: Server) -> None:
    if server.vm_state == "stopped":
        return
    capabilities = hosts.get(ctx, server.host or "").facts.get("capabilities", {})
    if not capabilities.get("hotplug_nic"):
        raise Conflict("The hypervisor cannot plug interfaces into a running guest.")
