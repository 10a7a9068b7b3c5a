"""Registered limits over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.identity.api.collections import (
    collection,
    member_links,
    page_of,
    same_id,
    text_filters,
)
from stratolith.identity.managers import registered_limits
from stratolith.identity.models import RegisteredLimit
from stratolith.identity.schemas import limits as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]

LIMITS = Listing(
    RegisteredLimit,
    filters={
        **text_filters("service_id", RegisteredLimit.service_id),
        **text_filters("region_id", RegisteredLimit.region_id),
        **text_filters("resource_name", RegisteredLimit.resource_name),
    },
    sort_keys={"id": RegisteredLimit.id},
    default_sort=[("id", "asc")],
)


def render(ctx: Context, limit: RegisteredLimit) -> Body:
    return {
        "id": limit.id,
        "service_id": limit.service_id,
        "region_id": limit.region_id,
        "resource_name": limit.resource_name,
        "default_limit": limit.default_limit,
        "description": limit.description,
        "links": member_links(ctx, "registered_limits", limit.id),
    }


def index(ctx: Context) -> Body:
    page = page_of(ctx, LIMITS, select(RegisteredLimit))
    return collection(ctx, "registered_limits", [render(ctx, one) for one in page.rows], page)


def show(ctx: Context, registered_limit_id: str) -> Body:
    return {"registered_limit": render(ctx, registered_limits.get(ctx, registered_limit_id))}


def create(ctx: Context, body: Body) -> Body:
    made = [registered_limits.create(ctx, values) for values in body["registered_limits"]]
    return {"registered_limits": [render(ctx, one) for one in made]}


def update(ctx: Context, registered_limit_id: str, body: Body) -> Body:
    values = body["registered_limit"]
    limit = registered_limits.get(ctx, registered_limit_id)
    same_id(values, "registered_limit", registered_limit_id)
    return {"registered_limit": render(ctx, registered_limits.update(ctx, limit, values))}


def remove(ctx: Context, registered_limit_id: str) -> None:
    registered_limits.remove(ctx, registered_limits.get(ctx, registered_limit_id))


_ONE = "/registered_limits/{registered_limit_id}"

ROUTES = [
    Route.get("/registered_limits", index, rule="identity:list_registered_limits"),
    Route.post(
        "/registered_limits",
        create,
        rule="identity:create_registered_limits",
        body=schemas.CREATE_REGISTERED,
        status=201,
    ),
    Route.get(_ONE, show, rule="identity:get_registered_limit"),
    Route.patch(
        _ONE, update, rule="identity:update_registered_limit", body=schemas.UPDATE_REGISTERED
    ),
    Route.delete(_ONE, remove, rule="identity:delete_registered_limit"),
]
