"""Regions over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.collections import filled, text_filters
from stratolith.identity.api.plain import Plain, Rules
from stratolith.identity.managers import catalog_rows
from stratolith.identity.models import Region
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]


def render(ctx: Context, region: Region) -> Body:
    return {
        **region.extra,
        "id": region.id,
        "description": region.description,
        "parent_region_id": region.parent_id,
    }


REGIONS = Plain(
    "region",
    Region,
    render,
    Rules(
        catalog_rows.get_region,
        catalog_rows.create_region,
        catalog_rows.update_region,
        catalog_rows.remove_region,
    ),
    schemas.CREATE_REGION,
    schemas.UPDATE_REGION,
    filters=text_filters("parent_region_id", Region.parent_id, must=filled),
    sort_keys={"id": Region.id},
    parameters=("parent_region_id",),
)


def create_with_id(ctx: Context, region_id: str, body: Body) -> Body:
    given = body["region"].get("id")
    if given and given != region_id:
        raise BadRequest(f"The id in the body ({given}) is not that of the URL ({region_id}).")
    made = catalog_rows.create_region(ctx, {**body["region"], "id": region_id})
    return {"region": REGIONS.shown(ctx, made)}


ROUTES = [
    *REGIONS.routes(),
    Route.put(
        "/regions/{region_id}",
        create_with_id,
        rule="identity:create_region",
        body=schemas.CREATE_REGION,
        status=201,
    ),
]
