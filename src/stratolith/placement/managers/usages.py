"""Usages: sums of allocations, computed on each request."""

from __future__ import annotations

from sqlalchemy import func, select

from stratolith.kernel.context import Context
from stratolith.placement.models import Allocation, Consumer, Inventory

UNKNOWN = "unknown"  # the type of consumers written before types existed
ALL = "all"


def of_provider(ctx: Context, provider_uuid: str) -> dict[str, int]:
    """resource class -> used, for every class the provider has."""
    rows = ctx.session.execute(
        select(Allocation.resource_class, func.sum(Allocation.used))
        .where(Allocation.provider_uuid == provider_uuid)
        .group_by(Allocation.resource_class)
    ).all()
    classes = ctx.session.scalars(
        select(Inventory.resource_class)
        .where(Inventory.provider_uuid == provider_uuid)
        .order_by(Inventory.resource_class)
    )
    return {**dict.fromkeys(classes, 0), **{name: int(used) for name, used in rows}}


def of_project(ctx: Context, project_id: str, user_id: str | None = None) -> dict[str, int]:
    """resource class -> used by the project (and user)."""
    statement = (
        select(Allocation.resource_class, func.sum(Allocation.used))
        .join(Consumer, Consumer.uuid == Allocation.consumer_uuid)
        .where(Consumer.project_id == project_id)
        .group_by(Allocation.resource_class)
        .order_by(Allocation.resource_class)
    )
    if user_id is not None:
        statement = statement.where(Consumer.user_id == user_id)
    return {name: int(used) for name, used in ctx.session.execute(statement).all()}


def by_consumer_type(
    ctx: Context, project_id: str, user_id: str | None = None, consumer_type: str | None = None
) -> dict[str, dict[str, int]]:
    """consumer type -> {resource class: used, "consumer_count": n}; "all" sums all types."""
    kind = func.coalesce(Consumer.consumer_type, UNKNOWN)
    where = [Consumer.project_id == project_id]
    if user_id is not None:
        where.append(Consumer.user_id == user_id)
    if consumer_type not in (None, ALL):
        where.append(kind == consumer_type)
    counts = ctx.session.execute(select(kind, func.count()).where(*where).group_by(kind)).all()
    sums = ctx.session.execute(
        select(kind, Allocation.resource_class, func.sum(Allocation.used))
        .join(Consumer, Consumer.uuid == Allocation.consumer_uuid)
        .where(*where)
        .group_by(kind, Allocation.resource_class)
    ).all()
    by_type: dict[str, dict[str, int]] = {}
    for name, count in counts:
        group = by_type.setdefault(ALL if consumer_type == ALL else name, {"consumer_count": 0})
        group["consumer_count"] += int(count)
    for name, resource_class, used in sums:
        group = by_type[ALL if consumer_type == ALL else name]
        group[resource_class] = group.get(resource_class, 0) + int(used)
    return by_type
