"""Regions over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.identity.api.collections import (
    collection,
    member_links,
    page_of,
    text_filters,
)
from stratolith.identity.managers import catalog_rows
from stratolith.identity.models import Region
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]

REGIONS = Listing(
    Region,
    filters=text_filters("parent_region_id", Region.parent_id),
    sort_keys={"id": Region.id},
    default_sort=[("id", "asc")],
)


def render(ctx: Context, region: Region) -> Body:
    return {
        **region.extra,
        "id": region.id,
        "description": region.description,
        "parent_region_id": region.parent_id,
        "links": member_links(ctx, "regions", region.id),
    }


def index(ctx: Context) -> Body:
    page = page_of(ctx, REGIONS, select(Region))
    return collection(ctx, "regions", [render(ctx, region) for region in page.rows], page)


def show(ctx: Context, region_id: str) -> Body:
    region = catalog_rows.get_region(ctx, region_id)
    return {"region": render(ctx, region)}


def create(ctx: Context, body: Body) -> Body:
    return {"region": render(ctx, catalog_rows.create_region(ctx, body["region"]))}


def create_with_id(ctx: Context, region_id: str, body: Body) -> Body:
    given = body["region"].get("id")
    if given and given != region_id:
        raise BadRequest(f"The id in the body ({given}) is not that of the URL ({region_id}).")
    return create(ctx, {"region": {**body["region"], "id": region_id}})


def update(ctx: Context, region_id: str, body: Body) -> Body:
    region = catalog_rows.get_region(ctx, region_id)
    return {"region": render(ctx, catalog_rows.update_region(ctx, region, body["region"]))}


def remove(ctx: Context, region_id: str) -> None:
    region = catalog_rows.get_region(ctx, region_id)
    catalog_rows.remove_region(ctx, region)


_CREATE = "identity:create_region"

ROUTES = [
    Route.get("/regions", index, rule="identity:list_regions"),
    Route.post("/regions", create, rule=_CREATE, body=schemas.CREATE_REGION, status=201),
    Route.get("/regions/{region_id}", show, rule="identity:get_region"),
    Route.put(
        "/regions/{region_id}",
        create_with_id,
        rule=_CREATE,
        body=schemas.CREATE_REGION,
        status=201,
    ),
    Route.patch(
        "/regions/{region_id}", update, rule="identity:update_region", body=schemas.UPDATE_REGION
    ),
    Route.delete("/regions/{region_id}", remove, rule="identity:delete_region"),
]
