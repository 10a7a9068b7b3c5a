"""Groups and their members over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.filters import filled, text_filters
from stratolith.identity.api.style import (
    STYLE,
    default_domain,
    member_links,
)
from stratolith.identity.api.targets import in_scope, of_body, of_scope
from stratolith.identity.managers import groups
from stratolith.identity.models import Group
from stratolith.identity.schemas import users as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb, each
from stratolith.kernel.http.routing import KEEP

Body = dict[str, Any]

LISTING = Listing(
    Group,
    visible=in_scope(Group.domain_id),
    filters={
        **text_filters("name", Group.name, must=filled),
        **text_filters("domain_id", Group.domain_id),
    },
    sort_keys={"id": Group.id, "name": Group.name, "domain_id": Group.domain_id},
    default_sort=[("id", "asc")],
)


def render(ctx: Context, group: Group) -> Body:
    return {
        **group.extra,
        "id": group.id,
        "name": group.name,
        "domain_id": group.domain_id,
        "description": group.description,
        "links": member_links(ctx, "groups", group.id),
    }


def _create(ctx: Context, values: Body) -> Group:
    values["domain_id"] = default_domain(ctx, values)
    return groups.create(ctx, values)


GROUPS = Resource(
    "group",
    STYLE,
    load=groups.get,
    rendered=each(render),
    listing=LISTING,
    index=Verb(target=of_scope("target.group.domain_id"), keep=KEEP),
    create=Verb(_create, target=of_body("group"), body=schemas.CREATE_GROUP),
    show=Verb(keep=KEEP),
    update=Verb(groups.update, body=schemas.UPDATE_GROUP),
    delete=Verb(groups.remove, hides_missing=False),
)

ROUTES = GROUPS.routes
