"""Actions on existing servers: power, reboot, deletion, and the administrator's reset.

Each action writes the desired state and an operation. The host's agent carries it out, and its
report ends the operation (managers/guest_reports.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete as sql_delete

from stratolith.compute.exceptions import HostDown, ServerNotReady
from stratolith.compute.managers import hosts, metadata_service, server_operations, state
from stratolith.compute.models import Server, ServerGroupMember
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Conflict
from stratolith.network.managers.servers import server_ports
from stratolith.placement.managers import allocations


def _act(ctx: Context, server: Server, kind: str, **params: str) -> None:
    server.generation += 1
    operation = server_operations.begin(ctx, [server], kind, params=params)[0]
    server_operations.refresh(ctx, [server], {server.id: [operation]})


def start(ctx: Context, server: Server) -> None:
    """Raises InvalidState unless the server is stopped, ServerLocked, Conflict (host is down)."""
    server_operations.require_unlocked(ctx, server)
    server_operations.require(server, "start", vm=("stopped",))
    require_host_up(ctx, server)
    server.desired_power = "running"
    _act(ctx, server, state.START)


def stop(ctx: Context, server: Server) -> None:
    """Raises InvalidState unless the server is active or in error, ServerLocked, Conflict."""
    server_operations.require_unlocked(ctx, server)
    server_operations.require(server, "stop", vm=("active", "error"))
    _require_made(server)
    require_host_up(ctx, server)
    server.desired_power = "stopped"
    _act(ctx, server, state.STOP)


def reboot(ctx: Context, server: Server, kind: str) -> None:
    """``kind``: SOFT or HARD. A hard reboot also recovers a server in error."""
    server_operations.require_unlocked(ctx, server)
    if kind == "SOFT":
        server_operations.require(server, "reboot", vm=("active",))
    else:
        allowed = (None, "reboot_started", "rebooting", "reboot_started_hard")
        server_operations.require(
            server, "reboot", vm=("active", "stopped", "paused", "error"), tasks=allowed
        )
    _require_made(server)
    require_host_up(ctx, server)
    server.desired_power = "running"
    _act(ctx, server, state.REBOOT, type=kind)


def pause(ctx: Context, server: Server) -> None:
    server_operations.require_unlocked(ctx, server)
    server_operations.require(server, "pause", vm=("active",))
    _require_pausable(ctx, server)
    server.desired_power = "paused"
    _act(ctx, server, state.PAUSE)


def unpause(ctx: Context, server: Server) -> None:
    server_operations.require_unlocked(ctx, server)
    server_operations.require(server, "unpause", vm=("paused",))
    require_host_up(ctx, server)
    server.desired_power = "running"
    _act(ctx, server, state.UNPAUSE)


def _require_pausable(ctx: Context, server: Server) -> None:
    require_host_up(ctx, server)
    facts = hosts.get(ctx, server.host or "").facts
    if not facts.get("capabilities", {}).get("pause"):
        raise Conflict(f"The hypervisor of instance {server.id} cannot pause guests.")


def reset_state(ctx: Context, server: Server, wanted: str) -> None:
    """``wanted``: active or error. Open operations end with an error."""
    now = ctx.env.clock.now()
    for operation in server_operations.open_operations(ctx, [server.id]).get(server.id, ()):
        if operation.kind != state.DELETE:
            why = "given up: the state was reset by an administrator"
            server_operations.end(operation, now, why)
    if wanted == "error":
        server.has_error = True
    else:
        server_operations.clear_fault(server)
        if server.observed_power == "running":
            server.desired_power = "running"
    server_operations.refresh(ctx, [server])


def inject_network_info(ctx: Context, server: Server) -> None:
    """Let the host compare the guest's NICs with the server's ports now."""
    server_operations.require_unlocked(ctx, server)
    _require_made(server)
    require_host_up(ctx, server)
    ctx.hint_host(server.host or "", server_operations.VIEW, server.id)


def _require_made(server: Server) -> None:
    """Raise ServerNotReady if the server has no host or no guest yet."""
    if server.host is None or server.observed_power is None:
        raise ServerNotReady(server_id=server.id)


def require_host_up(ctx: Context, server: Server) -> None:
    """Raise Conflict if the server has no host or its host is down."""
    if server.host is None or server.host not in hosts.alive(ctx):
        raise HostDown(server_id=server.id)


# -- deletion ------------------------------------------------------------------------------------


def delete(ctx: Context, server: Server) -> None:
    """Let the host destroy the guest; without a host that is up, end the deletion at once.

    Raises ServerLocked.
    """
    server_operations.require_unlocked(ctx, server)
    now = ctx.env.clock.now()
    if server.delete_requested_at is None:
        server.delete_requested_at = now
        server.generation += 1
    if server.host is None or server.host not in hosts.alive(ctx):
        server_operations.note(ctx, server, state.DELETE)
        finish_deletion(ctx, [server])
        return
    open_operations = server_operations.open_operations(ctx, [server.id]).get(server.id, [])
    if all(operation.kind != state.DELETE for operation in open_operations):
        seconds = ctx.env.settings.of(ComputeSettings).operation_timeout
        open_operations += server_operations.begin(ctx, [server], state.DELETE, seconds=seconds)
    server_operations.refresh(ctx, [server], {server.id: open_operations})


def finish_deletion(ctx: Context, servers: Sequence[Server]) -> None:
    """Release ports and allocations, and mark the servers deleted.

    Their guests are destroyed already, or will be when a host that is down returns.
    """
    alive = [server for server in servers if server.deleted_at is None]
    if not alive:
        return
    now = ctx.env.clock.now()
    operations = server_operations.open_operations(ctx, [server.id for server in alive])
    for server in alive:
        for operation in operations.get(server.id, ()):
            gave_up = None if operation.kind == state.DELETE else "given up: the server is deleted"
            server_operations.end(operation, now, gave_up)
        server_ports.release(ctx, server.id)
        allocations.release(ctx, server.id)
        server.deleted_at = server.terminated_at = now
        metadata_service.changed(ctx, server)
        server.observed_power = None
    _leave_groups(ctx, [server.id for server in alive])
    server_operations.refresh(ctx, alive, {})
    ctx.session.flush()


def _leave_groups(ctx: Context, server_ids: Iterable[str]) -> None:
    ctx.session.execute(
        sql_delete(ServerGroupMember).where(ServerGroupMember.server_id.in_(list(server_ids)))
    )
