"""Roles and implied roles over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.identity.api.collections import (
    collection,
    filled,
    member_links,
    page_of,
    same_id,
    target,
    text_filters,
)
from stratolith.identity.managers import roles
from stratolith.identity.models import Role
from stratolith.identity.schemas import roles as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import KEEP, Route

Body = dict[str, Any]

ROLES = Listing(
    Role,
    filters={
        **text_filters("name", Role.name, must=filled),
        **text_filters("domain_id", Role.domain_id),
    },
    sort_keys={"id": Role.id, "name": Role.name},
    default_sort=[("id", "asc")],
)


def render(ctx: Context, role: Role) -> Body:
    return {
        **role.extra,
        "id": role.id,
        "name": role.name,
        "domain_id": role.domain_id or None,
        "description": role.description,
        "options": role.options,
        "links": member_links(ctx, "roles", role.id),
    }


def _admitted(ctx: Context, verb: str, role_id: str) -> Role:
    """The role, under the rule for global roles or the one for roles of a domain.

    Raises NotFound before Forbidden, as upstream.
    """
    role = roles.get(ctx, role_id)
    kind = "domain_role" if role.domain_id else "role"
    ctx.authorize(f"identity:{verb}_{kind}", target({"role_id": role_id}, role=role))
    return role


def index(ctx: Context) -> Body:
    of_domain = bool(ctx.query.get("domain_id"))
    ctx.authorize("identity:list_domain_roles" if of_domain else "identity:list_roles", {})
    statement = select(Role)
    if not of_domain:
        statement = statement.where(Role.domain_id == "")
    page = page_of(ctx, ROLES, statement)
    return collection(ctx, "roles", [render(ctx, role) for role in page.rows], page)


def show(ctx: Context, role_id: str) -> Body:
    return {"role": render(ctx, _admitted(ctx, "get", role_id))}


def create(ctx: Context, body: Body) -> Body:
    values = body["role"]
    of_domain = bool(values.get("domain_id"))
    rule = "identity:create_domain_role" if of_domain else "identity:create_role"
    ctx.authorize(rule, target(role=values))
    return {"role": render(ctx, roles.create(ctx, values))}


def update(ctx: Context, role_id: str, body: Body) -> Body:
    role = _admitted(ctx, "update", role_id)
    same_id(body["role"], "role", role_id)
    return {"role": render(ctx, roles.update(ctx, role, body["role"]))}


def remove(ctx: Context, role_id: str) -> None:
    roles.remove(ctx, _admitted(ctx, "delete", role_id))


# -- implied roles -------------------------------------------------------------------------------


def _brief(ctx: Context, role: Role) -> Body:
    return {"id": role.id, "links": member_links(ctx, "roles", role.id), "name": role.name}


def _prior(ctx: Context, verb: str, role_id: str) -> Role:
    """Raises NotFound before Forbidden, as upstream."""
    prior = roles.get(ctx, role_id)
    ctx.authorize(f"identity:{verb}", target({"prior_role_id": role_id}, prior_role=prior))
    return prior


def _pair(ctx: Context, verb: str, role_id: str, implied_role_id: str) -> tuple[Role, Role]:
    """Raises NotFound for either before Forbidden, as upstream."""
    roles.get(ctx, role_id)
    other = roles.get(ctx, implied_role_id)
    return _prior(ctx, verb, role_id), other


def list_implied(ctx: Context, role_id: str) -> Body:
    prior = _prior(ctx, "list_implied_roles", role_id)
    return {
        "role_inference": {
            "prior_role": _brief(ctx, prior),
            "implies": [_brief(ctx, role) for role in roles.implied(ctx, prior)],
        },
        "links": {"self": f"{ctx.base_url}{ctx.path}"},
    }


def _inference(ctx: Context, prior: Role, other: Role) -> Body:
    return {
        "role_inference": {"prior_role": _brief(ctx, prior), "implies": _brief(ctx, other)},
        "links": {"self": f"{ctx.base_url}{ctx.path}"},
    }


def show_implied(ctx: Context, role_id: str, implied_role_id: str) -> Body:
    prior, other = _pair(ctx, "get_implied_role", role_id, implied_role_id)
    roles.get_implication(ctx, prior, other)
    return _inference(ctx, prior, other)


def check_implied(ctx: Context, role_id: str, implied_role_id: str) -> None:
    prior, other = _pair(ctx, "check_implied_role", role_id, implied_role_id)
    roles.get_implication(ctx, prior, other)


def imply(ctx: Context, role_id: str, implied_role_id: str) -> Body:
    prior, other = _pair(ctx, "create_implied_role", role_id, implied_role_id)
    roles.imply(ctx, prior, other)
    return _inference(ctx, prior, other)


def imply_no_more(ctx: Context, role_id: str, implied_role_id: str) -> None:
    prior, other = _pair(ctx, "delete_implied_role", role_id, implied_role_id)
    roles.imply_no_more(ctx, prior, other)


def list_inferences(ctx: Context) -> Body:
    found = [
        {"prior_role": _brief(ctx, prior), "implies": [_brief(ctx, role) for role in below]}
        for prior, below in roles.inferences(ctx)
    ]
    return {"role_inferences": found, "links": {"self": f"{ctx.base_url}{ctx.path}"}}


_IMPLIES = "/roles/{role_id}/implies"
_ONE = _IMPLIES + "/{implied_role_id}"

ROUTES = [
    Route.get("/roles", index, keep=KEEP),
    Route.post("/roles", create, body=schemas.CREATE, status=201),
    Route.get("/roles/{role_id}", show, keep=KEEP),
    Route.patch("/roles/{role_id}", update, body=schemas.UPDATE),
    Route.delete("/roles/{role_id}", remove),
    Route.get(_IMPLIES, list_implied),
    Route.get(_ONE, show_implied),
    Route.head(_ONE, check_implied, status=204),
    Route.put(_ONE, imply, status=201),
    Route.delete(_ONE, imply_no_more),
    Route.get("/role_inferences", list_inferences, rule="identity:list_role_inference_rules"),
]
