"""Endpoint groups over HTTP (OS-EP-FILTER)."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.filters import filled, text_filters
from stratolith.identity.api.style import STYLE, linked
from stratolith.identity.managers import endpoint_filter
from stratolith.identity.models import EndpointGroup
from stratolith.identity.schemas import catalog as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb


def render(ctx: Context, group: EndpointGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "filters": group.filters,
    }


ENDPOINT_GROUPS = Resource(
    "endpoint_group",
    STYLE,
    path="/OS-EP-FILTER/endpoint_groups",
    load=endpoint_filter.get,
    rendered=linked("OS-EP-FILTER/endpoint_groups", render),
    listing=Listing(
        EndpointGroup,
        filters=text_filters("name", EndpointGroup.name, must=filled),
        sort_keys={"id": EndpointGroup.id, "name": EndpointGroup.name},
        default_sort=[("id", "asc")],
        parameters=("name",),
    ),
    create=Verb(endpoint_filter.create, body=schemas.CREATE_ENDPOINT_GROUP),
    update=Verb(endpoint_filter.update, body=schemas.UPDATE_ENDPOINT_GROUP),
    delete=Verb(endpoint_filter.remove),
)

ROUTES = ENDPOINT_GROUPS.routes
