"""Endpoint groups over HTTP (OS-EP-FILTER)."""

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
from stratolith.identity.managers import endpoint_filter
from stratolith.identity.models import EndpointGroup
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]

GROUPS = Listing(
    EndpointGroup,
    filters=text_filters("name", EndpointGroup.name, filled=True),
    sort_keys={"id": EndpointGroup.id, "name": EndpointGroup.name},
    default_sort=[("id", "asc")],
)


def render(ctx: Context, group: EndpointGroup) -> Body:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "filters": group.filters,
        "links": member_links(ctx, "OS-EP-FILTER/endpoint_groups", group.id),
    }


def index(ctx: Context) -> Body:
    page = page_of(ctx, GROUPS, select(EndpointGroup))
    return collection(ctx, "endpoint_groups", [render(ctx, one) for one in page.rows], page)


def show(ctx: Context, endpoint_group_id: str) -> Body:
    return {"endpoint_group": render(ctx, endpoint_filter.get(ctx, endpoint_group_id))}


def create(ctx: Context, body: Body) -> Body:
    return {"endpoint_group": render(ctx, endpoint_filter.create(ctx, body["endpoint_group"]))}


def update(ctx: Context, endpoint_group_id: str, body: Body) -> Body:
    group = endpoint_filter.get(ctx, endpoint_group_id)
    same_id(body["endpoint_group"], "endpoint_group", endpoint_group_id)
    return {
        "endpoint_group": render(ctx, endpoint_filter.update(ctx, group, body["endpoint_group"]))
    }


def remove(ctx: Context, endpoint_group_id: str) -> None:
    endpoint_filter.remove(ctx, endpoint_filter.get(ctx, endpoint_group_id))


_ALL = "/OS-EP-FILTER/endpoint_groups"
_ONE = _ALL + "/{endpoint_group_id}"

ROUTES = [
    Route.get(_ALL, index, rule="identity:list_endpoint_groups"),
    Route.post(
        _ALL,
        create,
        rule="identity:create_endpoint_group",
        body=schemas.CREATE_ENDPOINT_GROUP,
        status=201,
    ),
    Route.get(_ONE, show, rule="identity:get_endpoint_group"),
    Route.patch(
        _ONE, update, rule="identity:update_endpoint_group", body=schemas.UPDATE_ENDPOINT_GROUP
    ),
    Route.delete(_ONE, remove, rule="identity:delete_endpoint_group"),
]
