"""Limits of projects and domains over HTTP, and the enforcement model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, false, or_, select

from stratolith.identity.api.filters import filled, text_filters, uuid_fault
from stratolith.identity.api.style import STYLE, collection, member_links, page_of
from stratolith.identity.managers import limits
from stratolith.identity.models import Limit, Project, RegisteredLimit
from stratolith.identity.schemas import limits as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb
from stratolith.kernel.http.routing import Asked, Route

Body = dict[str, Any]

LISTING = Listing(
    Limit,
    filters={
        **text_filters("service_id", RegisteredLimit.service_id, must=uuid_fault),
        **text_filters("region_id", RegisteredLimit.region_id, must=filled),
        **text_filters("resource_name", RegisteredLimit.resource_name, must=filled),
        **text_filters("project_id", Limit.project_id, must=filled),
        **text_filters("domain_id", Limit.domain_id, must=filled),
    },
    sort_keys={"id": Limit.id},
    default_sort=[("id", "asc")],
)


def render_many(ctx: Context, limits: Sequence[Limit]) -> list[Body]:
    ids = {limit.registered_limit_id for limit in limits}
    statement = select(RegisteredLimit).where(RegisteredLimit.id.in_(ids))
    registered = {row.id: row for row in ctx.session.scalars(statement)}
    return [_render(ctx, limit, registered[limit.registered_limit_id]) for limit in limits]


def _render(ctx: Context, limit: Limit, registered: RegisteredLimit) -> Body:
    return {
        "id": limit.id,
        "project_id": limit.project_id,
        "domain_id": limit.domain_id,
        "service_id": registered.service_id,
        "region_id": registered.region_id,
        "resource_name": registered.resource_name,
        "resource_limit": limit.resource_limit,
        "description": limit.description,
        "links": member_links(ctx, "limits", limit.id),
    }


def index(ctx: Context) -> Body:
    statement = select(Limit).join(RegisteredLimit, RegisteredLimit.id == Limit.registered_limit_id)
    page = page_of(ctx, LISTING, _confined(ctx, statement))
    return collection(ctx, "limits", render_many(ctx, page.rows), page)


def _confined(ctx: Context, statement: Select[Any]) -> Select[Any]:
    """All limits for administrators and services, else those of the token's scope."""
    identity = ctx.who
    if identity.system or ctx.is_admin or "service" in identity.roles:
        return statement
    if identity.domain_id:
        within = select(Project.id).where(Project.domain_id == identity.domain_id)
        return statement.where(
            or_(Limit.domain_id == identity.domain_id, Limit.project_id.in_(within))
        )
    if identity.project_id:
        return statement.where(Limit.project_id == identity.project_id)
    return statement.where(false())


def _target(ctx: Context, asked: Asked) -> dict[str, Any]:
    limit = asked.loaded
    if limit is None:
        return {}
    if limit.domain_id is not None:
        return {"target.limit.domain.id": limit.domain_id}
    project = ctx.session.get(Project, limit.project_id)
    policy_target: dict[str, Any] = {"target.limit.project_id": limit.project_id}
    if project is not None:
        policy_target["target.limit.project.domain_id"] = project.domain_id
    return policy_target


def create(ctx: Context, body: Body) -> Body:
    return {"limits": render_many(ctx, limits.create_many(ctx, body["limits"]))}


def _remove(ctx: Context, limit: Limit) -> None:
    ctx.session.delete(limit)


# Lists filter by columns of the registered limit, and a request creates several limits, which are
# checked together: both are written by hand.
LIMITS = Resource(
    "limit",
    STYLE,
    load=limits.get,
    rendered=render_many,
    show=Verb(target=_target),
    update=Verb(limits.update, target=_target, body=schemas.UPDATE, hides_missing=False),
    delete=Verb(_remove, target=_target, hides_missing=False),
)


def show_model(ctx: Context) -> Body:
    return {"model": limits.model(ctx)}


ROUTES = [
    Route.get("/limits", index, rule="identity:list_limits", listing=LISTING),
    Route.post("/limits", create, rule="identity:create_limits", body=schemas.CREATE, status=201),
    Route.get("/limits/model", show_model, rule="identity:get_limit_model"),
    *LIMITS.routes,
]
