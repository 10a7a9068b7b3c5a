"""Services of the catalogue over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.filters import text_filters
from stratolith.identity.api.style import STYLE, linked
from stratolith.identity.managers import catalog_rows
from stratolith.identity.models import CatalogService
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb
from stratolith.kernel.http.routing import EarlyChecks


def render(ctx: Context, service: CatalogService) -> dict[str, Any]:
    return {
        **service.extra,
        "name": service.name,
        "id": service.id,
        "type": service.type,
        "enabled": service.enabled,
    }


SERVICES = Resource(
    "service",
    STYLE,
    load=catalog_rows.get_service,
    rendered=linked("services", render),
    listing=Listing(
        CatalogService,
        filters={
            **text_filters("type", CatalogService.type),
            **text_filters("name", CatalogService.name),
        },
        sort_keys={"id": CatalogService.id, "type": CatalogService.type},
        default_sort=[("id", "asc")],
    ),
    create=Verb(
        catalog_rows.create_service, body=schemas.CREATE_SERVICE, early_checks=EarlyChecks.GRAMMAR
    ),
    update=Verb(catalog_rows.update_service, body=schemas.UPDATE_SERVICE),
    delete=Verb(catalog_rows.remove_service),
)

ROUTES = SERVICES.routes
