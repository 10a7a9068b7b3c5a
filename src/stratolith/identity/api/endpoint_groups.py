"""Endpoint groups over HTTP (OS-EP-FILTER)."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.collections import filled, text_filters
from stratolith.identity.api.plain import Plain, Rules
from stratolith.identity.managers import endpoint_filter
from stratolith.identity.models import EndpointGroup
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context


def render(ctx: Context, group: EndpointGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "filters": group.filters,
    }


ENDPOINT_GROUPS = Plain(
    "endpoint_group",
    EndpointGroup,
    render,
    Rules(
        endpoint_filter.get,
        endpoint_filter.create,
        endpoint_filter.update,
        endpoint_filter.remove,
    ),
    schemas.CREATE_ENDPOINT_GROUP,
    schemas.UPDATE_ENDPOINT_GROUP,
    filters=text_filters("name", EndpointGroup.name, must=filled),
    sort_keys={"id": EndpointGroup.id, "name": EndpointGroup.name},
    parameters=("name",),
    path="OS-EP-FILTER/endpoint_groups",
)

ROUTES = ENDPOINT_GROUPS.routes()
