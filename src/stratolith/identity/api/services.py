"""Services of the catalogue over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.collections import text_filters
from stratolith.identity.api.plain import Plain, Rules
from stratolith.identity.managers import catalog_rows
from stratolith.identity.models import CatalogService
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context


def render(ctx: Context, service: CatalogService) -> dict[str, Any]:
    return {
        **service.extra,
        "name": service.name,
        "id": service.id,
        "type": service.type,
        "enabled": service.enabled,
    }


SERVICES = Plain(
    "service",
    CatalogService,
    render,
    Rules(
        catalog_rows.get_service,
        catalog_rows.create_service,
        catalog_rows.update_service,
        catalog_rows.remove_service,
    ),
    schemas.CREATE_SERVICE,
    schemas.UPDATE_SERVICE,
    policy_first=("POST",),
    filters={
        **text_filters("type", CatalogService.type),
        **text_filters("name", CatalogService.name),
    },
    sort_keys={"id": CatalogService.id, "type": CatalogService.type},
)

ROUTES = SERVICES.routes()
