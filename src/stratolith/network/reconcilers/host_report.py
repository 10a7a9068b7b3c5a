"""Takes what a host says it realised, and shows it as the status of ports and floating IPs."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from sqlalchemy import or_, select

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.network.drivers.base import Applied
from stratolith.network.managers import events, holders
from stratolith.network.models import FloatingIp, Port, Router

LOG = logging.getLogger(__name__)


def take_report(ctx: Context, host: str, payload: Any) -> dict[str, Any]:
    """Statuses from an ``Applied``; raises BadRequest when it is none."""
    try:
        applied = msgspec.convert(payload, Applied)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from None
    for object_id, reason in applied.errors.items():
        LOG.warning("%s: %s is not realised: %s", host, object_id, reason)
    _guests(ctx, host, applied)
    _own_ports(ctx, applied)
    _routers(ctx, applied)
    _floating(ctx, applied)
    ctx.session.flush()
    return {}


def _guests(ctx: Context, host: str, applied: Applied) -> None:
    """Ports of guests on this host: up once wired, down when that failed or is not wanted."""
    wired = set(applied.ports)
    ports = ctx.session.scalars(
        select(Port).where(
            Port.binding_host == host,
            or_(Port.status != "ACTIVE", Port.id.in_(list(applied.errors))),
        )
    )
    for port in list(ports):
        wanted = "DOWN"
        if port.id in wired and port.id not in applied.errors and port.admin_state_up:
            wanted = "ACTIVE"
        if port.status != wanted:
            port.status = wanted
            events.port_status(ctx, port)


def _own_ports(ctx: Context, applied: Applied) -> None:
    """Ports of routers and DHCP servers come up with what they belong to."""
    ports = ctx.session.scalars(
        select(Port).where(
            Port.status != "ACTIVE",
            or_(
                Port.holder.in_(holders.ROUTER) & Port.holder_id.in_(applied.routers),
                (Port.holder == holders.DHCP) & Port.network_id.in_(applied.networks),
            ),
        )
    )
    for port in list(ports):
        if port.admin_state_up:
            port.status = "ACTIVE"


def _routers(ctx: Context, applied: Applied) -> None:
    failed = [key for key in applied.errors if key not in applied.routers]
    for router in ctx.session.scalars(
        select(Router).where(
            or_(
                (Router.status != "ACTIVE") & Router.id.in_(applied.routers),
                (Router.status != "ERROR") & Router.id.in_(failed),
            )
        )
    ):
        router.status = "ACTIVE" if router.id in applied.routers else "ERROR"


def _floating(ctx: Context, applied: Applied) -> None:
    for floating in ctx.session.scalars(
        select(FloatingIp).where(
            FloatingIp.port_id.is_not(None),
            or_(
                (FloatingIp.status != "ACTIVE") & FloatingIp.id.in_(applied.floating_ips),
                (FloatingIp.status != "ERROR") & FloatingIp.id.in_(list(applied.errors)),
            ),
        )
    ):
        floating.status = "ACTIVE" if floating.id in applied.floating_ips else "ERROR"
