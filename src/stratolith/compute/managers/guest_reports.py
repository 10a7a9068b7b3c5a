"""Process the reports of agents about their guests.

``take_report`` stores facts, states and results of many guests in one transaction. It is
level-triggered: the same report may come twice.

A report is a ``GuestsReport``; ``left_out`` in it comes from the view. The answer lists the unknown
guests that the host must destroy.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.compute.agent.documents import (
    FactsReport,
    GuestReport,
    GuestsReport,
    ResultReport,
)
from stratolith.compute.managers import guests, hosts, server_operations, state, unusable
from stratolith.compute.managers.server_actions import finish_deletion
from stratolith.compute.managers.servers import by_ids
from stratolith.compute.models import ComputeHost, Server
from stratolith.kernel.agent.reports import checked
from stratolith.kernel.context import Context
from stratolith.kernel.operations import OPEN, Operation
from stratolith.kernel.readable import LeftOut
from stratolith.network.managers.servers import server_ports

LOG = logging.getLogger(__name__)
_FAILED = "The {} of the instance failed on its host; administrators can read the details."


def take_report(ctx: Context, host: str, payload: Any) -> dict[str, list[str]]:
    """Store the observations of a host; returns {"destroy": [ids]}.

    A server with unusable rows gets a fault; the reports about the other servers are stored. Raises
    BadRequest for a payload that is no report.
    """
    report = checked(payload, GuestsReport)
    if report.facts:
        checked({"facts": report.facts}, FactsReport)
        _take_facts(ctx, host, report.facts)
    ids = {guest.id for guest in report.guests} | {fault.id for fault in report.faults}
    ids |= (
        {restart.id for restart in report.restarts}
        | {result.server_id for result in report.results}
        | set(report.destroyed)
    )
    left_out = LeftOut()
    # looked at again: the report may be older than a repair of the row
    left_out.reasons.update(guests.left_out_now(ctx, sorted(report.left_out or {})))
    left_out.by_halves(sorted(ids), lambda some: _take(ctx, host, some, report))
    for server_id, reason in left_out.reasons.items():
        unusable.mark(ctx, server_id, reason, host=host)
    return {"destroy": _to_destroy(ctx, host, report.unknown)}


def _take_facts(ctx: Context, host: str, facts: dict[str, Any]) -> None:
    def take(_: list[str]) -> tuple[()]:
        with ctx.session.begin_nested():
            hosts.report(ctx, host, facts)
        return ()

    left_out = LeftOut()
    left_out.by_halves([host], take)
    for reason in left_out.reasons.values():
        LOG.error("the facts of host %s cannot be stored: %s", host, reason)


def _take(ctx: Context, host: str, ids: list[str], report: GuestsReport) -> tuple[()]:
    """Store the reports about these servers: all of them or nothing."""
    with ctx.session.begin_nested():
        servers = {
            server_id: server
            for server_id, server in by_ids(ctx, ids).items()
            if server.host == host and server.deleted_at is None
        }
        operations = server_operations.open_operations(ctx, list(servers))
        for guest in report.guests:
            if guest.id in servers:
                _observe(ctx, servers[guest.id], guest)
        for result in report.results:
            if result.server_id in servers:
                _end(ctx, servers[result.server_id], operations, result)
        for reported in report.faults:
            if reported.id in servers:
                server_operations.set_fault(ctx, servers[reported.id], reported.message)
        for restart in report.restarts:
            if restart.id in servers:
                server_operations.note_restart(ctx, servers[restart.id], restart.detail)
        _adopt(servers.values(), operations, {guest.id for guest in report.guests})
        destroyed = [servers[i] for i in report.destroyed if i in servers]
        server_operations.refresh(ctx, servers.values(), operations)
        finish_deletion(ctx, [s for s in destroyed if s.delete_requested_at is not None])
    return ()


def _observe(ctx: Context, server: Server, seen: GuestReport) -> None:
    """Store the observed state; if it did not change, nothing is written."""
    if server.observed_power != seen.power.value:
        server.observed_power = seen.power.value
        server.observed_at = ctx.env.clock.now()
    if server.observed_vifs != seen.vifs:
        server.observed_vifs = seen.vifs


def _end(
    ctx: Context,
    server: Server,
    operations: Mapping[str, Sequence[Operation]],
    result: ResultReport,
) -> None:
    now = ctx.env.clock.now()
    for operation in operations.get(server.id, ()):
        if operation.id != result.operation_id or operation.state not in OPEN:
            continue
        error = result.error
        server_operations.end(operation, now, error)
        if operation.kind == state.DETACH and not error:
            _drop_port(ctx, server, operation.params["port_id"])
        if error:
            LOG.warning("%s of instance %s failed: %s", operation.kind, server.id, error)
            _failed(ctx, server, operation, error, result.owner_message or "")
        elif operation.kind in (state.CREATE, state.REBOOT, state.REBUILD, state.START):
            server_operations.clear_fault(server)
            if operation.kind == state.CREATE and server.launched_at is None:
                server.launched_at = now


def _failed(
    ctx: Context, server: Server, operation: Operation, error: str, owner_message: str
) -> None:
    """A failed hot-plug does not change the server; any other failure becomes its fault.

    ``owner_message``: the part of the error that the server's owner may read; without it, the
    fault only names the failed action.
    """
    if operation.kind == state.ATTACH:
        _drop_port(ctx, server, operation.params["port_id"])
    elif operation.kind != state.DETACH:
        owner_message = owner_message or _FAILED.format(operation.kind.replace("_", " "))
        server_operations.set_fault(ctx, server, owner_message, details=error)
        if server.observed_power == "shutdown":
            server.desired_power = "stopped"
        if server.host:  # the host must clean up after a failed build
            ctx.hint_host(server.host, server_operations.VIEW, server.id)


def _drop_port(ctx: Context, server: Server, port_id: str) -> None:
    ports = server_ports.of_servers(ctx, [server.id]).get(server.id, [])
    if any(port.port_id == port_id for port in ports):
        server_ports.detach(ctx, server.id, port_id)


def _adopt(servers: Any, operations: Mapping[str, Sequence[Operation]], reported: set[str]) -> None:
    """Accept that a guest powered off by itself: its user shut it down."""
    power_kinds = {state.CREATE, state.START, state.STOP, state.REBOOT, state.REBUILD}
    power_kinds |= {state.PAUSE, state.UNPAUSE}
    for server in servers:
        busy = any(
            operation.kind in power_kinds and operation.state in OPEN
            for operation in operations.get(server.id, ())
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
    """Filter the guests that are not in the host's full view: those that the host must destroy.

    A guest is kept if the row of its server cannot be read or names an unknown host: it may
    still be a server of this host.
    """
    if not unknown:
        return []
    left_out = LeftOut()
    wanted = select(Server.id, Server.host, Server.deleted_at).where(Server.id.in_(unknown))
    places = {place.id: place for place in left_out.rows(ctx.session, wanted, Server.id, _Place)}
    known = set(ctx.session.scalars(select(ComputeHost.host)))
    kept = set(left_out.reasons)
    for place in places.values():
        elsewhere = place.host is None or (place.host != host and place.host in known)
        if place.deleted_at is None and not elsewhere:
            kept.add(place.id)
    for guest_id in sorted(set(unknown) & kept):
        reason = left_out.reasons.get(guest_id, "a server that is not in its view")
        LOG.warning("guest %s on host %s is not destroyed: %s", guest_id, host, reason)
    return [guest_id for guest_id in unknown if guest_id not in kept]
