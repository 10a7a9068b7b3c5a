"""Registered limits over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.collections import an_id, filled, text_filters
from stratolith.identity.api.plain import Plain, Rules
from stratolith.identity.managers import registered_limits
from stratolith.identity.models import RegisteredLimit
from stratolith.identity.schemas import limits as schemas
from stratolith.kernel.context import Context


def render(ctx: Context, limit: RegisteredLimit) -> dict[str, Any]:
    return {
        "id": limit.id,
        "service_id": limit.service_id,
        "region_id": limit.region_id,
        "resource_name": limit.resource_name,
        "default_limit": limit.default_limit,
        "description": limit.description,
    }


REGISTERED_LIMITS = Plain(
    "registered_limit",
    RegisteredLimit,
    render,
    Rules(
        registered_limits.get,
        registered_limits.create,
        registered_limits.update,
        registered_limits.remove,
    ),
    schemas.CREATE_REGISTERED,
    schemas.UPDATE_REGISTERED,
    filters={
        **text_filters("service_id", RegisteredLimit.service_id, must=an_id),
        **text_filters("region_id", RegisteredLimit.region_id, must=filled),
        **text_filters("resource_name", RegisteredLimit.resource_name, must=filled),
    },
    sort_keys={"id": RegisteredLimit.id},
    several=True,
)

ROUTES = REGISTERED_LIMITS.routes()
