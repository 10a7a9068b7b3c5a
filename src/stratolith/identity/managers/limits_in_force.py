"""The limits that apply to a project; services read them before they allocate resources."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from stratolith.identity.models import CatalogService, Limit, RegisteredLimit
from stratolith.kernel.config import CloudSection
from stratolith.kernel.context import Context


def of_project(ctx: Context, service_type: str, project_id: str) -> dict[str, int]:
    """Resource name -> limit (-1: unlimited), for every resource with a registered limit.

    A limit registered for the region overrides one for all regions; a limit of the project
    overrides both.
    """
    region = ctx.env.settings.of(CloudSection).region
    own = and_(Limit.registered_limit_id == RegisteredLimit.id, Limit.project_id == project_id)
    statement = (
        select(
            RegisteredLimit.resource_name,
            RegisteredLimit.region_id,
            RegisteredLimit.default_limit,
            Limit.resource_limit,
        )
        .join(CatalogService, CatalogService.id == RegisteredLimit.service_id)
        .outerjoin(Limit, own)
        .where(
            CatalogService.type == service_type,
            or_(RegisteredLimit.region_id.is_(None), RegisteredLimit.region_id == region),
        )
    )
    rows = sorted(ctx.session.execute(statement).all(), key=lambda row: row.region_id is not None)
    return {
        row.resource_name: row.default_limit if row.resource_limit is None else row.resource_limit
        for row in rows
    }
