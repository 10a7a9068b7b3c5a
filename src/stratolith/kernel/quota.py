"""Quotas: limits are rows, usage is counted from rows; there are no reservations.

The count runs in the same transaction as the insert, so two requests can never both take the last
unit.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Integer, String, bindparam, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.context import Context
from stratolith.kernel.db import Base
from stratolith.kernel.exceptions import QuotaExceeded
from stratolith.kernel.plate import Countable, Plate

DEFAULT_CLASS = "default"  # rows of this "project" override the built-in defaults


class QuotaLimit(Base):
    """The limit of one resource in one project (or of the class ``default``)."""

    __tablename__ = "kernel_quota_limits"

    service: Mapped[str] = mapped_column(String(64), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    resource: Mapped[str] = mapped_column(String(64), primary_key=True)
    hard_limit: Mapped[int] = mapped_column(Integer)


# Built once, because nearly every new resource needs it.
_LIMITS = select(QuotaLimit.project_id, QuotaLimit.resource, QuotaLimit.hard_limit).where(
    QuotaLimit.service == bindparam("service"),
    or_(
        QuotaLimit.project_id == bindparam("project"),
        QuotaLimit.project_id == DEFAULT_CLASS,
    ),
)


def _resources(ctx: Context, service: Plate | None) -> dict[str, Countable]:
    owner = service or ctx.service
    assert owner is not None
    return {resource.name: resource for resource in owner.quotas}


def limits(ctx: Context, project_id: str, service: Plate | None = None) -> dict[str, int]:
    """Resource name -> the project's effective limit (-1: none)."""
    owner = service or ctx.service
    assert owner is not None
    rows = ctx.session.execute(_LIMITS, {"service": owner.type, "project": project_id}).all()
    effective = {name: resource.default for name, resource in _resources(ctx, service).items()}
    for project in (DEFAULT_CLASS, project_id):
        effective.update({r: limit for p, r, limit in rows if p == project and r in effective})
    return effective


def noted(ctx: Context, project_id: str, service: Plate | None = None) -> dict[str, int]:
    """Resource name -> limit, only limits stored for the project (or class)."""
    owner = service or ctx.service
    assert owner is not None
    rows = ctx.session.execute(
        select(QuotaLimit.resource, QuotaLimit.hard_limit).where(
            QuotaLimit.service == owner.type, QuotaLimit.project_id == project_id
        )
    )
    return {row.resource: row.hard_limit for row in rows}


def usage(ctx: Context, project_id: str, service: Plate | None = None) -> dict[str, int]:
    """Resource name -> current usage of the project."""
    return {
        name: resource.count(ctx.session, project_id)
        for name, resource in _resources(ctx, service).items()
    }


def check(
    ctx: Context, project_id: str, wanted: Mapping[str, int], service: Plate | None = None
) -> None:
    """Raise QuotaExceeded unless the project may have ``wanted`` more of each resource."""
    resources = _resources(ctx, service)
    in_force = limits(ctx, project_id, service)
    for name, delta in wanted.items():
        limit = in_force[name]
        if limit < 0 or delta <= 0:
            continue
        used = resources[name].count(ctx.session, project_id)
        if used + delta > limit:
            raise QuotaExceeded(resource=name, requested=delta, used=used, limit=limit)


def room(ctx: Context, project_id: str, resource: str, service: Plate | None = None) -> int | None:
    """How many more of the resource the project may have, None for any number."""
    limit = limits(ctx, project_id, service)[resource]
    if limit < 0:
        return None
    return limit - _resources(ctx, service)[resource].count(ctx.session, project_id)


def set_limit(
    ctx: Context, project_id: str, resource: str, limit: int, service: Plate | None = None
) -> None:
    owner = service or ctx.service
    assert owner is not None
    ctx.session.merge(
        QuotaLimit(service=owner.type, project_id=project_id, resource=resource, hard_limit=limit)
    )
    ctx.session.flush()


def reset(ctx: Context, project_id: str, service: Plate | None = None) -> None:
    """Delete the project's own limits."""
    owner = service or ctx.service
    assert owner is not None
    ctx.session.execute(
        delete(QuotaLimit).where(
            QuotaLimit.service == owner.type, QuotaLimit.project_id == project_id
        )
    )
