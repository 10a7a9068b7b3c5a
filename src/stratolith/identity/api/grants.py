"""Granting roles to users and groups on projects, domains and the system over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stratolith.identity.api import roles as roles_api
from stratolith.identity.api.collections import collection, target
from stratolith.identity.managers import grants
from stratolith.identity.managers.grants import Grant
from stratolith.identity.models import Group, Project, Role, User
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
Handler = Callable[..., Any]
_KINDS = {"user_id": User, "group_id": Group, "role_id": Role}


def _rule(ids: dict[str, str], verb: str) -> str:
    """The system has rules of its own: ``identity:list_system_grants_for_user``."""
    if "project_id" in ids or "domain_id" in ids:
        return "identity:list_grants" if verb == "list" else f"identity:{verb}_grant"
    who = "user" if "user_id" in ids else "group"
    return f"identity:{verb}_system_grant{'s' if verb == 'list' else ''}_for_{who}"


def _admitted(ctx: Context, verb: str, ids: dict[str, str], inherited: bool) -> Grant:
    """What the path names, when the caller may; raises Forbidden before NotFound."""
    found: dict[str, Any] = {
        name.removesuffix("_id"): ctx.session.get(kind, ids[name])
        for name, kind in _KINDS.items()
        if name in ids
    }
    for name in ("project_id", "domain_id"):
        if name in ids:
            found[name.removesuffix("_id")] = ctx.session.get(Project, ids[name])
    about = target(ids, **found)
    role = found.get("role")
    if role is not None and not role.domain_id:
        about["target.role.domain_id"] = None
    ctx.authorize(_rule(ids, verb), about)
    return grants.load(ctx, ids, inherited=inherited)


def _routes(path: str, *, inherited: bool) -> list[Route]:
    """List, check, grant and revoke at one kind of place."""
    tail = "/inherited_to_projects" if inherited else ""

    def index(ctx: Context, **ids: str) -> Body:
        found = grants.listed(ctx, _admitted(ctx, "list", ids, inherited))
        return collection(ctx, "roles", [roles_api.render(ctx, role) for role in found])

    def check(ctx: Context, **ids: str) -> None:
        grants.get(ctx, _admitted(ctx, "check", ids, inherited))

    def create(ctx: Context, **ids: str) -> None:
        grants.create(ctx, _admitted(ctx, "create", ids, inherited))

    def revoke(ctx: Context, **ids: str) -> None:
        grants.remove(ctx, _admitted(ctx, "revoke", ids, inherited))

    one = path + "/{role_id}" + tail
    return [
        Route.get(path + tail, index),
        Route.get(one, check, status=204),
        Route.put(one, create, status=204),
        Route.delete(one, revoke),
    ]


def _all_routes() -> list[Route]:
    found: list[Route] = []
    for actor in ("users/{user_id}", "groups/{group_id}"):
        for place in ("projects/{project_id}", "domains/{domain_id}"):
            found += _routes(f"/{place}/{actor}/roles", inherited=False)
            found += _routes(f"/OS-INHERIT/{place}/{actor}/roles", inherited=True)
        found += _routes(f"/system/{actor}/roles", inherited=False)
    return found


ROUTES = _all_routes()
