"""Conntrack helpers: what reads what goes to a port through a router."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.conntrack_helpers import (
    BadConntrackHelperRequest,
    ConntrackHelperNotAllowed,
    ConntrackHelperNotFound,
    InvalidProtocolForHelper,
)
from stratolith.network.managers import host_hints, routers
from stratolith.network.models import ConntrackHelper, Router
from stratolith.network.settings import NetworkSettings

_VALUES = ("protocol", "port", "helper")


def get_below(ctx: Context, router_id: str, helper_id: str) -> ConntrackHelper:
    """Raises RouterNotFound, ConntrackHelperNotFound."""
    router = routers.get(ctx, router_id)
    row = ctx.session.get(ConntrackHelper, helper_id)
    if row is None or row.router_id != router.id:
        raise ConntrackHelperNotFound(id=helper_id)
    return row


def create(ctx: Context, router: Router, values: Mapping[str, Any]) -> ConntrackHelper:
    """Raises ConntrackHelperNotAllowed, InvalidProtocolForHelper, BadConntrackHelperRequest."""
    row = ConntrackHelper(
        project_id=router.project_id,
        router_id=router.id,
        **{name: values[name] for name in _VALUES},
    )
    _check(ctx, row)
    ctx.session.add(row)
    _changed(ctx, row)
    return row


def update(ctx: Context, row: ConntrackHelper, values: Mapping[str, Any]) -> None:
    """Raises the errors of create."""
    with ctx.session.no_autoflush:
        for name in _VALUES:
            if name in values:
                setattr(row, name, values[name])
        _check(ctx, row)
    row.revision_number += 1
    _changed(ctx, row)


def delete(ctx: Context, row: ConntrackHelper) -> None:
    ctx.session.delete(row)
    _changed(ctx, row)


def of_routers(ctx: Context, ids: Iterable[str]) -> dict[str, list[ConntrackHelper]]:
    """Router -> its helpers; those without are left out."""
    by_router: dict[str, list[ConntrackHelper]] = {}
    wanted = list(ids)
    if wanted:
        rows = select(ConntrackHelper).where(ConntrackHelper.router_id.in_(wanted))
        for row in ctx.session.scalars(rows.order_by(ConntrackHelper.id)):
            by_router.setdefault(row.router_id, []).append(row)
    return by_router


def _changed(ctx: Context, row: ConntrackHelper) -> None:
    """The helpers are shown with their router."""
    ctx.session.get_one(Router, row.router_id).revision_number += 1
    ctx.session.flush()
    host_hints.router(ctx, row.router_id)


def _check(ctx: Context, row: ConntrackHelper) -> None:
    allowed = [
        protocol
        for helper, _, protocol in (
            pair.partition("/") for pair in ctx.env.settings.of(NetworkSettings).conntrack_helpers
        )
        if helper == row.helper
    ]
    if not allowed:
        raise ConntrackHelperNotAllowed(helper=row.helper)
    if row.protocol not in allowed:
        raise InvalidProtocolForHelper(
            helper=row.helper, protocol=row.protocol, supported_protocols=", ".join(allowed)
        )
    same = select(ConntrackHelper.id).where(
        ConntrackHelper.router_id == row.router_id,
        ConntrackHelper.protocol == row.protocol,
        ConntrackHelper.port == row.port,
        ConntrackHelper.helper == row.helper,
        ConntrackHelper.id != row.id,
    )
    if ctx.session.scalar(same.limit(1)) is not None:
        values = {name: getattr(row, name) for name in ("router_id", *_VALUES)}
        raise BadConntrackHelperRequest(
            msg="A duplicate conntrack helper entry with same attributes already exists, "
            f"conflicting values are {values}"
        )
