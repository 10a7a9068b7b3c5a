"""Registered limits: the default limit of a service's resource for each project."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.identity.exceptions import Duplicate, RegisteredLimitInUse, ResourceNotFound
from stratolith.identity.models import CatalogService, Limit, Region, RegisteredLimit
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest

Values = dict[str, Any]
_IDENTITY = ("service_id", "region_id", "resource_name")


def get(ctx: Context, limit_id: str) -> RegisteredLimit:
    """Raises ResourceNotFound."""
    limit = ctx.session.get(RegisteredLimit, limit_id)
    if limit is None:
        raise ResourceNotFound(kind="registered limit", id=limit_id)
    return limit


def find(ctx: Context, values: Values) -> RegisteredLimit | None:
    """The limit of a service, a region (None: without region) and a resource."""
    region_id = values.get("region_id")
    column = RegisteredLimit.region_id
    statement = select(RegisteredLimit).where(
        RegisteredLimit.service_id == values["service_id"],
        column.is_(None) if region_id is None else column == region_id,
        RegisteredLimit.resource_name == values["resource_name"],
    )
    return ctx.session.scalars(statement).first()


def create(ctx: Context, values: Values) -> RegisteredLimit:
    """Raises BadRequest for an unknown service or region, Duplicate."""
    _check_place(ctx, values)
    if find(ctx, values) is not None:
        raise _duplicate(values)
    limit = RegisteredLimit(
        service_id=values["service_id"],
        region_id=values.get("region_id"),
        resource_name=values["resource_name"],
        default_limit=values["default_limit"],
        description=values.get("description"),
    )
    ctx.session.add(limit)
    ctx.session.flush()
    return limit


def update(ctx: Context, limit: RegisteredLimit, values: Values) -> RegisteredLimit:
    """Raises BadRequest, Duplicate, RegisteredLimitInUse."""
    if _is_used(ctx, limit):
        raise RegisteredLimitInUse(id=limit.id)
    _check_place(ctx, values)
    wanted = {name: values.get(name, getattr(limit, name)) for name in _IDENTITY}
    other = find(ctx, wanted)
    if other is not None and other.id != limit.id:
        raise _duplicate(wanted)
    for name in (*_IDENTITY, "default_limit", "description"):
        if name in values:
            setattr(limit, name, values[name])
    ctx.session.flush()
    return limit


def remove(ctx: Context, limit: RegisteredLimit) -> None:
    """Raises RegisteredLimitInUse."""
    if _is_used(ctx, limit):
        raise RegisteredLimitInUse(id=limit.id)
    ctx.session.delete(limit)


def _is_used(ctx: Context, limit: RegisteredLimit) -> bool:
    statement = select(Limit.id).where(Limit.registered_limit_id == limit.id).limit(1)
    return ctx.session.scalars(statement).first() is not None


def _check_place(ctx: Context, values: Values) -> None:
    service_id, region_id = values.get("service_id"), values.get("region_id")
    if service_id is not None and ctx.session.get(CatalogService, service_id) is None:
        raise BadRequest(f"service_id: there is no service {service_id}.")
    if region_id is not None and ctx.session.get(Region, region_id) is None:
        raise BadRequest(f"region_id: there is no region {region_id}.")


def _duplicate(values: Values) -> Duplicate:
    reason = f"Duplicate entry: {values['resource_name']} of this service and region."
    return Duplicate(kind="registered_limit", reason=reason)
