"""Domains over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from stratolith.identity.api.collections import (
    admit,
    collection,
    filled,
    flag_filter,
    member_links,
    page_of,
    same_id,
    text_filters,
)
from stratolith.identity.api.projects import TAG_FILTERS
from stratolith.identity.managers import domains, projects
from stratolith.identity.models import Project
from stratolith.identity.schemas import projects as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import KEEP, Route

Body = dict[str, Any]

DOMAINS = Listing(
    Project,
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


def render_many(ctx: Context, found: Sequence[Project]) -> list[Body]:
    tags = projects.tags(ctx, [domain.id for domain in found])
    return [render(ctx, domain, tags.get(domain.id)) for domain in found]


def _rendered(ctx: Context, domain: Project) -> Body:
    return {"domain": render_many(ctx, [domain])[0]}


def index(ctx: Context) -> Body:
    own = ctx.who.domain_id
    ctx.authorize("identity:list_domains", {"target.domain.id": own} if own else {})
    statement = select(Project).where(Project.is_domain)
    if own:
        statement = statement.where(Project.id == own)
    page = page_of(ctx, DOMAINS, statement)
    return collection(ctx, "domains", render_many(ctx, page.rows), page)


def show(ctx: Context, domain_id: str) -> Body:
    return _rendered(ctx, admit(ctx, "identity:get_domain", "domain", domains.get, domain_id))


def create(ctx: Context, body: Body) -> Body:
    return _rendered(ctx, domains.create(ctx, body["domain"]))


def update(ctx: Context, domain_id: str, body: Body) -> Body:
    domain = admit(ctx, "identity:update_domain", "domain", domains.get, domain_id, load_first=True)
    same_id(body["domain"], "domain", domain_id)
    return _rendered(ctx, domains.update(ctx, domain, body["domain"]))


def remove(ctx: Context, domain_id: str) -> None:
    domain = admit(ctx, "identity:delete_domain", "domain", domains.get, domain_id, load_first=True)
    domains.remove(ctx, domain)


ROUTES = [
    Route.get("/domains", index, keep=KEEP),
    Route.post(
        "/domains",
        create,
        rule="identity:create_domain",
        body=schemas.CREATE_DOMAIN,
        status=201,
    ),
    Route.get("/domains/{domain_id}", show, keep=KEEP),
    Route.patch("/domains/{domain_id}", update, body=schemas.UPDATE_DOMAIN),
    Route.delete("/domains/{domain_id}", remove),
]
