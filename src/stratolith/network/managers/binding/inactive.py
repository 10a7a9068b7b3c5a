"""Inactive bindings: hosts where a port is prepared, and may become active."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from stratolith.kernel.context import Context
from stratolith.network.models import Port, PortBinding


def on_host(ctx: Context, host: str) -> set[str]:
    """The ports with an inactive binding to this host, which the host prepares."""
    return set(ctx.session.scalars(select(PortBinding.port_id).where(PortBinding.host == host)))


def hosts_of(ctx: Context, ports: Select[Any], params: dict[str, Any] | None = None) -> set[str]:
    """The hosts that prepare any of the ports of a statement."""
    if ctx.session.scalar(select(PortBinding.port_id).limit(1)) is None:
        return set()
    prepared = ports.with_only_columns(PortBinding.host, maintain_column_froms=True)
    prepared = prepared.join(PortBinding, PortBinding.port_id == Port.id)
    return set(ctx.session.scalars(prepared, params or {}))


def forget(ctx: Context, port: Port, host: str | None = None) -> None:
    """Delete the inactive bindings of a port, or only the one to this host."""
    wanted = select(PortBinding).where(PortBinding.port_id == port.id)
    if host is not None:
        wanted = wanted.where(PortBinding.host == host)
    for row in ctx.session.scalars(wanted).all():
        ctx.session.delete(row)
