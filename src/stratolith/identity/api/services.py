"""Services of the catalogue over HTTP."""

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
from stratolith.identity.managers import catalog_rows
from stratolith.identity.models import CatalogService
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]

SERVICES = Listing(
    CatalogService,
    filters={
        **text_filters("type", CatalogService.type),
        **text_filters("name", CatalogService.name),
    },
    sort_keys={"id": CatalogService.id, "type": CatalogService.type},
    default_sort=[("id", "asc")],
)


def render(ctx: Context, service: CatalogService) -> Body:
    return {
        **service.extra,
        "name": service.name,
        "id": service.id,
        "type": service.type,
        "enabled": service.enabled,
        "links": member_links(ctx, "services", service.id),
    }


def index(ctx: Context) -> Body:
    page = page_of(ctx, SERVICES, select(CatalogService))
    return collection(ctx, "services", [render(ctx, one) for one in page.rows], page)


def show(ctx: Context, service_id: str) -> Body:
    service = catalog_rows.get_service(ctx, service_id)
    return {"service": render(ctx, service)}


def create(ctx: Context, body: Body) -> Body:
    return {"service": render(ctx, catalog_rows.create_service(ctx, body["service"]))}


def update(ctx: Context, service_id: str, body: Body) -> Body:
    service = catalog_rows.get_service(ctx, service_id)
    same_id(body["service"], "service", service_id)
    return {"service": render(ctx, catalog_rows.update_service(ctx, service, body["service"]))}


def remove(ctx: Context, service_id: str) -> None:
    service = catalog_rows.get_service(ctx, service_id)
    catalog_rows.remove_service(ctx, service)


ROUTES = [
    Route.get("/services", index, rule="identity:list_services"),
    Route.post(
        "/services",
        create,
        rule="identity:create_service",
        body=schemas.CREATE_SERVICE,
        status=201,
    ),
    Route.get("/services/{service_id}", show, rule="identity:get_service"),
    Route.patch(
        "/services/{service_id}",
        update,
        rule="identity:update_service",
        body=schemas.UPDATE_SERVICE,
    ),
    Route.delete("/services/{service_id}", remove, rule="identity:delete_service"),
]
