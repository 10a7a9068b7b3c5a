"""Regions over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.filters import filled, text_filters
from stratolith.identity.api.style import STYLE, linked
from stratolith.identity.managers import catalog_rows
from stratolith.identity.models import Region
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.resource import Listing, Resource, Verb
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]


def render(ctx: Context, region: Region) -> Body:
    return {
        **region.extra,
        "id": region.id,
        "description": region.description,
        "parent_region_id": region.parent_id,
    }


REGIONS = Resource(
    "region",
    STYLE,
    load=catalog_rows.get_region,
    rendered=linked("regions", render),
    listing=Listing(
        Region,
        filters=text_filters("parent_region_id", Region.parent_id, must=filled),
        sort_keys={"id": Region.id},
        default_sort=[("id", "asc")],
        parameters=("parent_region_id",),
    ),
    create=Verb(catalog_rows.create_region, body=schemas.CREATE_REGION),
    update=Verb(catalog_rows.update_region, body=schemas.UPDATE_REGION),
    delete=Verb(catalog_rows.remove_region),
)


def create_with_id(ctx: Context, region_id: str, body: Body) -> Body:
    given = body["region"].get("id")
    if given and given != region_id:
        raise BadRequest(f"The id in the body ({given}) is not that of the URL ({region_id}).")
    made = catalog_rows.create_region(ctx, {**body["region"], "id": region_id})
    return {"region": REGIONS.document(ctx, made)}


ROUTES = [
    *REGIONS.routes,
    Route.put(
        "/regions/{region_id}",
        create_with_id,
        rule="identity:create_region",
        body=schemas.CREATE_REGION,
        status=201,
    ),
]
