"""Roles and implied roles over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement

from stratolith.identity.api.filters import filled, text_filters
from stratolith.identity.api.style import STYLE, member_links
from stratolith.identity.api.targets import Target, nothing, of_body, target
from stratolith.identity.managers import roles
from stratolith.identity.models import Role
from stratolith.identity.schemas import roles as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb, each
from stratolith.kernel.http.routing import KEEP, Asked, Choice, Route

Body = dict[str, Any]


def _visible(ctx: Context) -> ColumnElement[bool] | None:
    """Roles of a domain are listed only when the query names a domain."""
    return None if ctx.query.get("domain_id") else Role.domain_id == ""


LISTING = Listing(
    Role,
    visible=_visible,
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


def _rule(verb: str, of_domain: Callable[[Context, Asked], bool], plural: str = "") -> Choice:
    """Roles of a domain have separate policy rules."""
    names = (f"identity:{verb}_role{plural}", f"identity:{verb}_domain_role{plural}")
    return Choice(names, lambda ctx, asked: names[of_domain(ctx, asked)])


def _found_in_domain(ctx: Context, asked: Asked) -> bool:
    return bool(asked.loaded.domain_id)


ROLES = Resource(
    "role",
    STYLE,
    load=roles.get,
    rendered=each(render),
    listing=LISTING,
    index=Verb(
        rule=_rule("list", lambda ctx, asked: bool(ctx.query.get("domain_id")), "s"),
        target=nothing,
        keep=KEEP,
    ),
    create=Verb(
        roles.create,
        rule=_rule("create", lambda ctx, asked: bool(asked.body["role"].get("domain_id"))),
        target=of_body("role"),
        body=schemas.CREATE,
    ),
    show=Verb(rule=_rule("get", _found_in_domain), hides_missing=False, keep=KEEP),
    update=Verb(
        roles.update,
        rule=_rule("update", _found_in_domain),
        hides_missing=False,
        body=schemas.UPDATE,
    ),
    delete=Verb(roles.remove, rule=_rule("delete", _found_in_domain), hides_missing=False),
)


# -- implied roles -------------------------------------------------------------------------------


def _brief(ctx: Context, role: Role) -> Body:
    return {"id": role.id, "links": member_links(ctx, "roles", role.id), "name": role.name}


Pair = tuple[Role, Role]


def _pair(ctx: Context, role_id: str, implied_role_id: str) -> Pair:
    return roles.get(ctx, role_id), roles.get(ctx, implied_role_id)


def _of_prior(ctx: Context, asked: Asked) -> Target:
    prior = asked.loaded[0] if isinstance(asked.loaded, tuple) else asked.loaded
    return target({"prior_role_id": prior.id}, prior_role=prior)


def list_implied(ctx: Context, prior: Role) -> Body:
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


def show_implied(ctx: Context, pair: Pair, role_id: str) -> Body:
    roles.get_implication(ctx, *pair)
    return _inference(ctx, *pair)


def check_implied(ctx: Context, pair: Pair, role_id: str) -> None:
    roles.get_implication(ctx, *pair)


def imply(ctx: Context, pair: Pair, role_id: str) -> Body:
    roles.imply(ctx, *pair)
    return _inference(ctx, *pair)


def remove_implied(ctx: Context, pair: Pair, role_id: str) -> None:
    roles.remove_implied(ctx, *pair)


def list_inferences(ctx: Context) -> Body:
    inferences = [
        {"prior_role": _brief(ctx, prior), "implies": [_brief(ctx, role) for role in below]}
        for prior, below in roles.inferences(ctx)
    ]
    return {"role_inferences": inferences, "links": {"self": f"{ctx.base_url}{ctx.path}"}}


_IMPLIES = "/roles/{role_id}/implies"
_ONE = _IMPLIES + "/{implied_role_id}"

_ASKS: dict[str, Any] = {"load": _pair, "target": _of_prior}

ROUTES = [
    *ROLES.routes,
    Route.get(
        _IMPLIES,
        list_implied,
        load=roles.get,
        rule="identity:list_implied_roles",
        target=_of_prior,
    ),
    Route.get(_ONE, show_implied, rule="identity:get_implied_role", **_ASKS),
    Route.head(_ONE, check_implied, rule="identity:check_implied_role", **_ASKS, status=204),
    Route.put(_ONE, imply, rule="identity:create_implied_role", **_ASKS, status=201),
    Route.delete(_ONE, remove_implied, rule="identity:delete_implied_role", **_ASKS),
    Route.get("/role_inferences", list_inferences, rule="identity:list_role_inference_rules"),
]
