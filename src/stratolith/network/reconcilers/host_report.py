"""Takes a host's report and sets the status of ports, routers and floating IPs."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from stratolith.kernel.agent.reports import checked
from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.network.drivers.base import Applied
from stratolith.network.managers import events, holders, host_hints, placement, places
from stratolith.network.managers.qos import host_capacity
from stratolith.network.managers.routing import elections
from stratolith.network.managers.segments import hosts
from stratolith.network.managers.trunk import states
from stratolith.network.models import FloatingIp, Network, Port, Router
from stratolith.network.reconcilers.view_rows import StatusRow, columns

MOST_OF_A_REASON = 255  # characters
LOG = logging.getLogger(__name__)
# Host -> its errors of the last report: each is logged once, as reports repeat them.
_LOGGED: Once[dict[str, dict[str, str]]] = Once(lambda env: {})


def take_report(ctx: Context, host: str, payload: Any) -> dict[str, Any]:
    """Set statuses from an ``Applied``; raises BadRequest for other payloads."""
    applied = checked(payload, Applied)
    _log_new_errors(ctx, host, applied.errors)
    _connections(ctx, host, applied)
    host_capacity.report(ctx, host, applied.capacity)
    _guests(ctx, host, applied)
    _dhcp_ports(ctx, host, applied)
    router_ids = set(placement.on_host(ctx, placement.ROUTER, host))
    if router_ids:
        elected = elections.take_report(ctx, host, applied.elections)
        _routers(ctx, host, router_ids, applied, elected)
        _floating(ctx, router_ids, applied)
    if not router_ids.issuperset(applied.routers):
        LOG.warning("%s reports routers that it should not realise", host)
    places.settle(ctx, placement.waiting(ctx))
    ctx.session.flush()
    return {}


def _log_new_errors(ctx: Context, host: str, errors: dict[str, str]) -> None:
    logged = _LOGGED.of(ctx.env)
    before = logged.get(host, {})
    for object_id, reason in errors.items():
        if before.get(object_id) != reason:
            LOG.warning("%s: %s is not realised: %s", host, object_id, reason)
    logged[host] = dict(errors)


def _connections(ctx: Context, host: str, applied: Applied) -> None:
    """Store the host's physical networks; a change concerns its networks that use one."""
    if not hosts.report(ctx, host, applied.physical_networks):
        return
    for network_id in placement.networks_of(ctx, host):
        network = ctx.session.get(Network, network_id)
        if network is not None and (network.physical_network or network.several_segments):
            host_hints.network(ctx, network_id)


def _guests(ctx: Context, host: str, applied: Applied) -> None:
    """Ports of guests on the host: ACTIVE when wired, ERROR on failure, otherwise DOWN."""
    wired, errors, left_out = set(applied.ports), applied.errors, LeftOut()
    statement = columns(StatusRow, Port).where(
        Port.binding_host == host,
        or_(
            Port.status != "ACTIVE",
            Port.id.in_(list(errors)),
            Port.network_id.in_(list(errors)),
        ),
    )
    changed: dict[tuple[str, str], list[StatusRow]] = defaultdict(list)
    for row in left_out.rows(ctx.session, statement, Port.id, StatusRow):
        status, reason = "DOWN", ""
        if row.id in errors or row.network_id in errors:
            status, reason = "ERROR", _shortened(errors.get(row.id) or errors[row.network_id])
        elif row.id in wired and row.admin_state_up:
            status = "ACTIVE"
        if (row.status, row.binding_error) != (status, reason):
            changed[status, reason].append(row)
    for (status, reason), rows in changed.items():
        _set_binding(ctx, [row.id for row in rows], status, reason)
        for row in rows:
            if row.status != status:
                events.port_status(ctx, msgspec.structs.replace(row, status=status))
    for port_id, reason in left_out.reasons.items():
        _set_binding(ctx, [port_id], "ERROR", _shortened(reason))
    changed_ids = [row.id for rows in changed.values() for row in rows]
    states.refresh_of_ports(ctx, [*changed_ids, *left_out.reasons])


def _set_binding(ctx: Context, port_ids: Sequence[str], status: str, reason: str) -> None:
    """As ``_set_status``. ``reason``: why the host cannot realise the ports."""
    differs = or_(Port.status != status, Port.binding_error != reason)
    changed = update(Port).where(Port.id.in_(port_ids), differs)
    ctx.session.execute(changed.values(status=status, binding_error=reason))


def _shortened(reason: str) -> str:
    return reason[:MOST_OF_A_REASON]


def _dhcp_ports(ctx: Context, host: str, applied: Applied) -> None:
    """Ports of DHCP servers become ACTIVE with their networks, where the host realises these."""
    of_dhcp = (Port.holder == holders.DHCP) & Port.admin_state_up.is_(True)
    not_active = select(Port.network_id).where(
        of_dhcp, Port.status != "ACTIVE", Port.network_id.in_(applied.networks)
    )
    waiting = list(ctx.session.scalars(not_active))
    networks = placement.networks_of(ctx, host, waiting) if waiting else []
    _set_status(ctx, Port, "ACTIVE", Port.network_id, networks, of_dhcp)


def _routers(
    ctx: Context, host: str, router_ids: set[str], applied: Applied, elected: Mapping[str, str]
) -> None:
    """Set the status of the host's routers and of their ports.

    ``elected``: router that other hosts have, too -> its status, by what all of them report.
    """
    realised = [router_id for router_id in applied.routers if router_id in router_ids]
    of_routers = Port.holder.in_(holders.ROUTER) & Port.admin_state_up.is_(True)
    _set_status(ctx, Port, "ACTIVE", Port.holder_id, realised, of_routers)
    of_elections = (Port.holder == holders.ELECTION) & (Port.binding_host == host)
    _set_status(ctx, Port, "ACTIVE", Port.holder_id, realised, of_elections)
    failed = [key for key in applied.errors if key in router_ids and key not in applied.routers]
    for status, alone in (("ACTIVE", realised), ("ERROR", failed)):
        ids = [key for key in alone if key not in elected]
        ids += [key for key, wanted in elected.items() if wanted == status]
        _set_status(ctx, Router, status, Router.id, ids)


def _floating(ctx: Context, router_ids: set[str], applied: Applied) -> None:
    failed = [key for key in applied.errors if key not in applied.floating_ips]
    used = FloatingIp.router_id.in_(sorted(router_ids))
    _set_status(ctx, FloatingIp, "ACTIVE", FloatingIp.id, applied.floating_ips, used)
    _set_status(ctx, FloatingIp, "ERROR", FloatingIp.id, failed, used)


def _set_status(
    ctx: Context,
    model: type[Port] | type[Router] | type[FloatingIp],
    status: str,
    column: InstrumentedAttribute[Any],
    values: Sequence[str],
    *which: ColumnElement[bool],
) -> None:
    """Set the status without reading rows, so that an unreadable row does not affect others."""
    if values:
        changed = update(model).where(model.status != status, column.in_(values), *which)
        ctx.session.execute(changed.values(status=status))
