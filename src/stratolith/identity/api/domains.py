"""Domains over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_

from stratolith.identity.api.filters import filled, flag_filter, text_filters
from stratolith.identity.api.projects import TAG_FILTERS
from stratolith.identity.api.style import STYLE, member_links
from stratolith.identity.api.targets import of_scope
from stratolith.identity.managers import domains, projects
from stratolith.identity.models import Project
from stratolith.identity.schemas import projects as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb
from stratolith.kernel.http.routing import KEEP

Body = dict[str, Any]


def _visible(ctx: Context) -> ColumnElement[bool]:
    own = ctx.who.domain_id
    return and_(Project.is_domain, *([Project.id == own] if own else []))


LISTING = Listing(
    Project,
    visible=_visible,
    filters={
        **text_filters("name", Project.name, must=filled),
        **TAG_FILTERS,
        "enabled": flag_filter("enabled", Project.enabled),
    },
    sort_keys={"id": Project.id, "name": Project.name},
    default_sort=[("id", "asc")],
)


def render(ctx: Context, domain: Project, tags: list[str] | None) -> Body:
    return {
        **domain.extra,
        "id": domain.id,
        "name": domain.name,
        "description": domain.description,
        "enabled": domain.enabled,
        "tags": tags or [],
        "options": domain.options,
        "links": member_links(ctx, "domains", domain.id),
    }


def render_many(ctx: Context, rows: Sequence[Project]) -> list[Body]:
    tags = projects.tags(ctx, [domain.id for domain in rows])
    return [render(ctx, domain, tags.get(domain.id)) for domain in rows]


DOMAINS = Resource(
    "domain",
    STYLE,
    load=domains.get,
    rendered=render_many,
    listing=LISTING,
    index=Verb(target=of_scope("target.domain.id"), keep=KEEP),
    create=Verb(domains.create, body=schemas.CREATE_DOMAIN),
    show=Verb(keep=KEEP),
    update=Verb(domains.update, body=schemas.UPDATE_DOMAIN, hides_missing=False),
    delete=Verb(domains.remove, hides_missing=False),
)

ROUTES = DOMAINS.routes
