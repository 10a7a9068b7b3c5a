"""Endpoints of the catalogue over HTTP."""

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
from stratolith.identity.managers import catalog, catalog_rows
from stratolith.identity.models import Endpoint
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]

ENDPOINTS = Listing(
    Endpoint,
    filters={
        **text_filters("interface", Endpoint.interface),
        **text_filters("service_id", Endpoint.service_id),
        **text_filters("region_id", Endpoint.region_id),
    },
    sort_keys={"id": Endpoint.id},
    default_sort=[("id", "asc")],
)


def render(ctx: Context, endpoint: Endpoint) -> Body:
    return {
        **endpoint.extra,
        "id": endpoint.id,
        "interface": endpoint.interface,
        "region_id": endpoint.region_id,
        "region": endpoint.region_id,
        "service_id": endpoint.service_id,
        "url": catalog.shown_url(ctx, endpoint.url),
        "enabled": endpoint.enabled,
        "links": member_links(ctx, "endpoints", endpoint.id),
    }


def index(ctx: Context) -> Body:
    page = page_of(ctx, ENDPOINTS, select(Endpoint))
    return collection(ctx, "endpoints", [render(ctx, one) for one in page.rows], page)


def show(ctx: Context, endpoint_id: str) -> Body:
    return {"endpoint": render(ctx, catalog_rows.get_endpoint(ctx, endpoint_id))}


def create(ctx: Context, body: Body) -> Body:
    return {"endpoint": render(ctx, catalog_rows.create_endpoint(ctx, body["endpoint"]))}


def update(ctx: Context, endpoint_id: str, body: Body) -> Body:
    endpoint = catalog_rows.get_endpoint(ctx, endpoint_id)
    values = body["endpoint"]
    same_id(values, "endpoint", endpoint_id)
    if values.get("url") == catalog.shown_url(ctx, endpoint.url):
        del values["url"]  # clients send back what they were shown; it goes on following
    return {"endpoint": render(ctx, catalog_rows.update_endpoint(ctx, endpoint, values))}


def remove(ctx: Context, endpoint_id: str) -> None:
    catalog_rows.remove_endpoint(ctx, catalog_rows.get_endpoint(ctx, endpoint_id))


ROUTES = [
    Route.get("/endpoints", index, rule="identity:list_endpoints"),
    Route.post(
        "/endpoints",
        create,
        rule="identity:create_endpoint",
        body=schemas.CREATE_ENDPOINT,
        status=201,
    ),
    Route.get("/endpoints/{endpoint_id}", show, rule="identity:get_endpoint"),
    Route.patch(
        "/endpoints/{endpoint_id}",
        update,
        rule="identity:update_endpoint",
        body=schemas.UPDATE_ENDPOINT,
    ),
    Route.delete("/endpoints/{endpoint_id}", remove, rule="identity:delete_endpoint"),
]
