"""Limits and usage of projects, as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from stratolith.kernel import quota
from stratolith.kernel.context import Context
from stratolith.kernel.quota import DEFAULT_CLASS, QuotaLimit
from stratolith.network.exceptions.general import HTTPBadRequest, InvalidQuotaValue
from stratolith.network.quotas import RESOURCES

NAMES = [resource.name for resource in RESOURCES]


def limits(ctx: Context, project_id: str) -> dict[str, int]:
    return quota.limits(ctx, project_id, ctx.env.service("network"))


def defaults(ctx: Context) -> dict[str, int]:
    return quota.limits(ctx, DEFAULT_CLASS, ctx.env.service("network"))


def details(ctx: Context, project_id: str) -> dict[str, dict[str, int]]:
    """Resource -> limit, used, reserved (always 0: there are no reservations)."""
    service = ctx.env.service("network")
    in_force = quota.limits(ctx, project_id, service)
    used = quota.usage(ctx, project_id, service)
    return {n: {"limit": in_force[n], "used": used[n], "reserved": 0} for n in NAMES}


def changed_projects(ctx: Context) -> list[str]:
    """The projects whose limits were changed."""
    rows = ctx.session.scalars(
        select(QuotaLimit.project_id)
        .where(QuotaLimit.service == "network", QuotaLimit.project_id != DEFAULT_CLASS)
        .distinct()
        .order_by(QuotaLimit.project_id)
    )
    return list(rows)


def update(ctx: Context, project_id: str, wanted: Mapping[str, int], *, force: bool) -> None:
    """Set limits; raises InvalidQuotaValue when more is already used (unless forced)."""
    service = ctx.env.service("network")
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        raise HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    if not force:
        used = quota.usage(ctx, project_id, service)
        below = sorted(n for n, limit in wanted.items() if 0 <= limit < used[n])
        if below:
            raise InvalidQuotaValue(unders=below)
    for name, limit in wanted.items():
        quota.set_limit(ctx, project_id, name, limit, service)


def reset(ctx: Context, project_id: str) -> None:
    quota.reset(ctx, project_id, ctx.env.service("network"))
