"""Deletion of logs together with the security group or the port that they are about."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, select

from stratolith.kernel.context import Context
from stratolith.network.managers import host_hints
from stratolith.network.models import Log


def of_group(ctx: Context, group_id: str) -> None:
    """Delete the logs of a security group."""
    _delete(ctx, Log.resource_id == group_id)


def of_ports(ctx: Context, port_ids: Iterable[str]) -> None:
    """Delete the logs of these ports."""
    _delete(ctx, Log.target_id.in_(list(port_ids)))


def _delete(ctx: Context, which: ColumnElement[bool]) -> None:
    logs = list(ctx.session.scalars(select(Log).where(which)))
    for log in logs:
        host_hints.log(ctx, log)
        ctx.session.delete(log)
    if logs:
        ctx.session.flush()
