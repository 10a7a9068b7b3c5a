"""Endpoints of the catalogue over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.filters import one_of, text_filters
from stratolith.identity.api.style import STYLE, linked
from stratolith.identity.managers import catalog, catalog_rows
from stratolith.identity.models import Endpoint
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb

Body = dict[str, Any]


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
    }


def _update(ctx: Context, endpoint: Endpoint, values: Body) -> Endpoint:
    if values.get("url") == catalog.shown_url(ctx, endpoint.url):
        # clients send back the URL that they were shown; keep following the address
        del values["url"]
    return catalog_rows.update_endpoint(ctx, endpoint, values)


ENDPOINTS = Resource(
    "endpoint",
    STYLE,
    load=catalog_rows.get_endpoint,
    rendered=linked("endpoints", render),
    listing=Listing(
        Endpoint,
        filters={
            **text_filters(
                "interface", Endpoint.interface, must=one_of("admin", "internal", "public")
            ),
            **text_filters("service_id", Endpoint.service_id),
            **text_filters("region_id", Endpoint.region_id),
        },
        sort_keys={"id": Endpoint.id},
        default_sort=[("id", "asc")],
    ),
    create=Verb(catalog_rows.create_endpoint, body=schemas.CREATE_ENDPOINT),
    update=Verb(_update, body=schemas.UPDATE_ENDPOINT),
    delete=Verb(catalog_rows.remove_endpoint),
)

ROUTES = ENDPOINTS.routes
