"""Floating IPs."""

from __future__ import annotations

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.managers import events
from stratolith.network.models import FloatingIp


def let_go(ctx: Context, port_id: str, fixed_ip: str | None = None) -> None:
    """A port, or one of its addresses, goes: its floating IPs stand for nothing any more."""
    found = select(FloatingIp).where(FloatingIp.port_id == port_id)
    if fixed_ip is not None:
        found = found.where(FloatingIp.fixed_ip_address == fixed_ip)
    for floating in ctx.session.scalars(found):
        floating.port_id = floating.fixed_ip_address = floating.router_id = None
        floating.status = "DOWN"
        floating.revision_number += 1
        events.changed(ctx, floating.floating_network_id)
    ctx.session.flush()
