"""Granting roles to users and groups on projects, domains and the system over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stratolith.identity.api import roles as roles_api
from stratolith.identity.api.style import collection
from stratolith.identity.api.targets import target
from stratolith.identity.managers import domains, grants, groups, projects, roles, users
from stratolith.identity.managers.grants import Grant
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import NotFound
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
Handler = Callable[..., Any]
_GETTERS: dict[str, Callable[[Context, str], Any]] = {
    "domain_id": domains.get,
    "role_id": roles.get,
    "user_id": users.get,
    "group_id": groups.get,
    "project_id": projects.get,
}
_ACTORS = ("user_id", "group_id")


def _rule(ids: dict[str, str], verb: str) -> str:
    """The system has rules of its own: ``identity:list_system_grants_for_user``."""
    if "project_id" in ids or "domain_id" in ids:
        return "identity:list_grants" if verb == "list" else f"identity:{verb}_grant"
    who = "user" if "user_id" in ids else "group"
    return f"identity:{verb}_system_grant{'s' if verb == 'list' else ''}_for_{who}"


def _loaded(ctx: Context, verb: str, ids: dict[str, str], inherited: bool) -> dict[str, Any]:
    """The objects that the ids name, for the policy; raises NotFound for a missing one, as
    upstream does before it asks.

    Not for the routes of inherited roles, and a grant may be revoked of an actor that is gone:
    there the policy is asked without the object.
    """
    found: dict[str, Any] = {}
    for name, get in _GETTERS.items():
        if name not in ids:
            continue
        try:
            found[name.removesuffix("_id")] = get(ctx, ids[name])
        except NotFound:
            if not inherited and not (verb == "revoke" and name in _ACTORS):
                raise
    return found


def _admitted(ctx: Context, verb: str, ids: dict[str, str], inherited: bool) -> Grant:
    """What the path names, when the caller may; raises NotFound, Forbidden."""
    found = _loaded(ctx, verb, ids, inherited)
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
    # roles inherited from a project are found by /role_assignments only, as upstream
    listed = [] if inherited and "/projects/" in path else [Route.get(path + tail, index)]
    return [
        *listed,
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
