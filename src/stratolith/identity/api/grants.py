"""Grants of roles to users and groups on projects, domains and the system, over HTTP."""

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
    """Grants on the system have separate rules: ``identity:list_system_grants_for_user``."""
    if "project_id" in ids or "domain_id" in ids:
        return "identity:list_grants" if verb == "list" else f"identity:{verb}_grant"
    actor = "user" if "user_id" in ids else "group"
    return f"identity:{verb}_system_grant{'s' if verb == 'list' else ''}_for_{actor}"


def _loaded(ctx: Context, verb: str, ids: dict[str, str], inherited: bool) -> dict[str, Any]:
    """The objects that the ids name, for the policy; raises NotFound for a missing one, as upstream
    does before the policy check.

    Routes of inherited roles ignore a missing object. Revoking a grant ignores a missing user or
    group, which may have been deleted. The policy is then checked without the object.
    """
    objects: dict[str, Any] = {}
    for name, get in _GETTERS.items():
        if name not in ids:
            continue
        try:
            objects[name.removesuffix("_id")] = get(ctx, ids[name])
        except NotFound:
            if not inherited and not (verb == "revoke" and name in _ACTORS):
                raise
    return objects


def _admitted(ctx: Context, verb: str, ids: dict[str, str], inherited: bool) -> Grant:
    """The grant in the path, if the caller may access it; raises NotFound, Forbidden."""
    objects = _loaded(ctx, verb, ids, inherited)
    policy_target = target(ids, **objects)
    role = objects.get("role")
    if role is not None and not role.domain_id:
        policy_target["target.role.domain_id"] = None
    ctx.authorize(_rule(ids, verb), policy_target)
    return grants.load(ctx, ids, inherited=inherited)


def _routes(path: str, *, inherited: bool) -> list[Route]:
    """Routes to list, check, grant and revoke roles on one kind of target."""
    tail = "/inherited_to_projects" if inherited else ""

    def index(ctx: Context, **ids: str) -> Body:
        roles = grants.listed(ctx, _admitted(ctx, "list", ids, inherited))
        return collection(ctx, "roles", [roles_api.render(ctx, role) for role in roles])

    def check(ctx: Context, **ids: str) -> None:
        grants.get(ctx, _admitted(ctx, "check", ids, inherited))

    def create(ctx: Context, **ids: str) -> None:
        grants.create(ctx, _admitted(ctx, "create", ids, inherited))

    def revoke(ctx: Context, **ids: str) -> None:
        grants.remove(ctx, _admitted(ctx, "revoke", ids, inherited))

    item_path = path + "/{role_id}" + tail
    # only /role_assignments shows roles inherited from a project, as upstream
    listed = [] if inherited and "/projects/" in path else [Route.get(path + tail, index)]
    return [
        *listed,
        Route.get(item_path, check, status=204),
        Route.put(item_path, create, status=204),
        Route.delete(item_path, revoke),
    ]


def _all_routes() -> list[Route]:
    routes: list[Route] = []
    for actor in ("users/{user_id}", "groups/{group_id}"):
        for place in ("projects/{project_id}", "domains/{domain_id}"):
            routes += _routes(f"/{place}/{actor}/roles", inherited=False)
            routes += _routes(f"/OS-INHERIT/{place}/{actor}/roles", inherited=True)
        routes += _routes(f"/system/{actor}/roles", inherited=False)
    return routes


ROUTES = _all_routes()
