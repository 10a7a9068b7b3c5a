"""What becomes of an agent's reports about its guests.

``take_report`` takes facts, states and results of many guests at once, in one transaction. It is
level-triggered: any report may come twice.

A report: {"facts": {...}?, "guests": [{"id", "power", "vifs", "detail"}], "gone": [ids],
"results": [{"server_id", "operation_id", "error", "told"}], "faults": [{"id", "message"}],
"restarts": [{"id", "detail"}], "left_out": {id: reason}, "unknown": [ids]}. ``left_out`` is the
view's. The answer names the unknown guests that are to be destroyed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.compute.managers import hosts, server_operations, state, unusable
from stratolith.compute.managers.server_actions import finish_deletion
from stratolith.compute.managers.servers import by_ids
from stratolith.compute.models import ComputeHost, Server
from stratolith.kernel.context import Context
from stratolith.kernel.operations import OPEN, Operation
from stratolith.kernel.readable import LeftOut
from stratolith.network.managers.servers import server_ports

Report = dict[str, Any]
_BY_SERVER = ("guests", "faults", "restarts")  # parts of a report that name servers by "id"
LOG = logging.getLogger(__name__)
_FAILED = "The {} of the instance failed on its host; administrators can read the details."


def take_report(ctx: Context, host: str, payload: Report) -> Report:
    """Write down what a host observed; gives {"destroy": [ids]}.

    A server whose rows cannot be used gets a fault, and the others get what was reported of them.
    """
    if payload.get("facts"):
        _take_facts(ctx, host, payload["facts"])
    ids = {one["id"] for part in _BY_SERVER for one in payload.get(part, ())}
    ids |= {one["server_id"] for one in payload.get("results", ())} | set(payload.get("gone", ()))
    left_out = LeftOut()
    left_out.reasons.update(payload.get("left_out") or {})
    left_out.by_halves(sorted(ids), lambda some: _take(ctx, host, some, payload))
    for server_id, reason in left_out.reasons.items():
        unusable.mark(ctx, server_id, reason, host=host)
    return {"destroy": _to_destroy(ctx, host, payload.get("unknown", ()))}


def _take_facts(ctx: Context, host: str, facts: Report) -> None:
    def take(_: list[str]) -> tuple[()]:
        with ctx.session.begin_nested():
            hosts.report(ctx, host, facts)
        return ()

    left_out = LeftOut()
    left_out.by_halves([host], take)
    for reason in left_out.reasons.values():
        LOG.error("what host %s measured cannot be kept: %s", host, reason)


def _take(ctx: Context, host: str, ids: list[str], payload: Report) -> tuple[()]:
    """Take what is said of these servers, all of it or nothing."""
    with ctx.session.begin_nested():
        servers = {
            server_id: server
            for server_id, server in by_ids(ctx, ids).items()
            if server.host == host and server.deleted_at is None
        }
        operations = server_operations.open_operations(ctx, list(servers))
        for one in payload.get("guests", ()):
            if one["id"] in servers:
                _observe(ctx, servers[one["id"]], one)
        for one in payload.get("results", ()):
            if one["server_id"] in servers:
                _end(ctx, servers[one["server_id"]], operations, one)
        for one in payload.get("faults", ()):
            if one["id"] in servers:
                server_operations.set_fault(ctx, servers[one["id"]], one["message"])
        for one in payload.get("restarts", ()):
            if one["id"] in servers:
                server_operations.note_restart(ctx, servers[one["id"]], str(one.get("detail", "")))
        _adopt(servers.values(), operations, {one["id"] for one in payload.get("guests", ())})
        gone = [servers[i] for i in payload.get("gone", ()) if i in servers]
        server_operations.refresh(ctx, servers.values(), operations)
        finish_deletion(ctx, [s for s in gone if s.delete_requested_at is not None])
    return ()


def _observe(ctx: Context, server: Server, seen: Mapping[str, Any]) -> None:
    """A state that is no news writes nothing."""
    if server.observed_power != seen["power"]:
        server.observed_power = seen["power"]
        server.observed_at = ctx.env.clock.now()
    if server.observed_vifs != seen.get("vifs", []):
        server.observed_vifs = seen.get("vifs", [])


def _end(
    ctx: Context,
    server: Server,
    operations: Mapping[str, Sequence[Operation]],
    result: Mapping[str, Any],
) -> None:
    now = ctx.env.clock.now()
    for operation in operations.get(server.id, ()):
        if operation.id != result["operation_id"] or operation.state not in OPEN:
            continue
        error = result.get("error")
        server_operations.end(operation, now, error)
        if operation.kind == state.DETACH and not error:
            _drop_port(ctx, server, operation.params["port_id"])
        if error:
            LOG.warning("%s of instance %s failed: %s", operation.kind, server.id, error)
            _failed(ctx, server, operation, error, str(result.get("told") or ""))
        elif operation.kind in (state.CREATE, state.REBOOT, state.REBUILD, state.START):
            server_operations.clear_fault(server)
            if operation.kind == state.CREATE and server.launched_at is None:
                server.launched_at = now


def _failed(ctx: Context, server: Server, operation: Operation, error: str, told: str) -> None:
    """A failed hot-plug leaves the server as it was; any other failure is its fault.

    ``told``: what of the error the server's owner may read; else the fault says what failed.
    """
    if operation.kind == state.ATTACH:
        _drop_port(ctx, server, operation.params["port_id"])
    elif operation.kind != state.DETACH:
        told = told or _FAILED.format(operation.kind.replace("_", " "))
        server_operations.set_fault(ctx, server, told, details=error)
        if server.observed_power == "shutdown":
            server.desired_power = "stopped"
        if server.host:  # what is left of a failed build has to go
            ctx.hint_host(server.host, server_operations.VIEW, server.id)


def _drop_port(ctx: Context, server: Server, port_id: str) -> None:
    ports = server_ports.of_servers(ctx, [server.id]).get(server.id, [])
    if any(port.port_id == port_id for port in ports):
        server_ports.detach(ctx, server.id, port_id)


def _adopt(servers: Any, operations: Mapping[str, Sequence[Operation]], reported: set[str]) -> None:
    """A guest that went off, or was paused, by itself stays so: it is what its user did."""
    power_kinds = {state.CREATE, state.START, state.STOP, state.REBOOT, state.REBUILD}
    power_kinds |= {state.PAUSE, state.UNPAUSE}
    for server in servers:
        busy = any(
            one.kind in power_kinds and one.state in OPEN for one in operations.get(server.id, ())
        )
        if server.id not in reported or busy or server.launched_at is None:
            continue
        if server.observed_power == "shutdown" and server.desired_power == "running":
            server.desired_power = "stopped"


class _Place(msgspec.Struct, frozen=True):
    id: str
    host: str | None
    deleted_at: datetime | None


def _to_destroy(ctx: Context, host: str, unknown: Sequence[str]) -> list[str]:
    """Of the guests a host has and its full view has not: those known to be no server of it.

    A server whose row cannot be read, or names a host that nobody knows, is not known to be none.
    """
    if not unknown:
        return []
    left_out = LeftOut()
    wanted = select(Server.id, Server.host, Server.deleted_at).where(Server.id.in_(unknown))
    places = {one.id: one for one in left_out.rows(ctx.session, wanted, Server.id, _Place)}
    known = set(ctx.session.scalars(select(ComputeHost.host)))
    kept = set(left_out.reasons)
    for one in places.values():
        elsewhere = one.host is None or (one.host != host and one.host in known)
        if one.deleted_at is None and not elsewhere:
            kept.add(one.id)
    for guest_id in sorted(set(unknown) & kept):
        reason = left_out.reasons.get(guest_id, "a server that is not in its view")
        LOG.warning("guest %s on host %s is let be: %s", guest_id, host, reason)
    return [guest_id for guest_id in unknown if guest_id not in kept]
