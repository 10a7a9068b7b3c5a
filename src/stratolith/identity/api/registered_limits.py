"""Registered limits over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.filters import filled, text_filters, uuid_fault
from stratolith.identity.api.style import STYLE, linked
from stratolith.identity.managers import registered_limits
from stratolith.identity.models import RegisteredLimit
from stratolith.identity.schemas import limits as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb


def render(ctx: Context, limit: RegisteredLimit) -> dict[str, Any]:
    return {
        "id": limit.id,
        "service_id": limit.service_id,
        "region_id": limit.region_id,
        "resource_name": limit.resource_name,
        "default_limit": limit.default_limit,
        "description": limit.description,
    }


REGISTERED_LIMITS = Resource(
    "registered_limit",
    STYLE,
    load=registered_limits.get,
    rendered=linked("registered_limits", render),
    listing=Listing(
        RegisteredLimit,
        filters={
            **text_filters("service_id", RegisteredLimit.service_id, must=uuid_fault),
            **text_filters("region_id", RegisteredLimit.region_id, must=filled),
            **text_filters("resource_name", RegisteredLimit.resource_name, must=filled),
        },
        sort_keys={"id": RegisteredLimit.id},
        default_sort=[("id", "asc")],
    ),
    create=Verb(registered_limits.create, body=schemas.CREATE_REGISTERED, several=True),
    update=Verb(registered_limits.update, body=schemas.UPDATE_REGISTERED),
    delete=Verb(registered_limits.remove),
)

ROUTES = REGISTERED_LIMITS.routes
