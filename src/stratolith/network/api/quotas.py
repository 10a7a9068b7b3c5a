"""/quotas"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Invalid
from stratolith.kernel.http.resource.rights import allow
from stratolith.kernel.http.routing import Asked, EarlyChecks, Route
from stratolith.network.exceptions.general import (
    HTTPBadRequest,
    PolicyNotAuthorized,
    QuotaMissingTenant,
)
from stratolith.network.managers import quotas
from stratolith.network.schemas.attributes import BODY
from stratolith.network.schemas.fields import boolean, integer

Body = dict[str, Any]


def _of_project(ctx: Context, asked: Asked) -> Mapping[str, Any]:
    project_id = asked.variables.get("project_id", "")
    return {"project_id": project_id, "tenant_id": project_id}


def _allow_reading(ctx: Context, project_id: str) -> None:
    """Every role of a project may read the project's own limits."""
    if not ctx.owns(project_id):
        target = {"project_id": project_id, "tenant_id": project_id}
        allow(ctx, "get_quota", target, refused=PolicyNotAuthorized)


def index(ctx: Context) -> Body:
    """The projects whose limits were changed."""
    projects = quotas.changed_projects(ctx)
    if not ctx.is_admin:
        projects = [project for project in projects if ctx.owns(project)]
    limits = [{**quotas.limits(ctx, p), "project_id": p, "tenant_id": p} for p in projects]
    return {"quotas": limits}


def own_project(ctx: Context) -> Body:
    return {"project": {"project_id": _own_project(ctx)}}


def own_tenant(ctx: Context) -> Body:
    return {"tenant": {"tenant_id": _own_project(ctx)}}


def _own_project(ctx: Context) -> str:
    if not ctx.project_id:
        raise QuotaMissingTenant
    return ctx.project_id


def show(ctx: Context, project_id: str) -> Body:
    _allow_reading(ctx, project_id)
    return {"quota": quotas.limits(ctx, project_id)}


def default(ctx: Context, project_id: str) -> Body:
    _allow_reading(ctx, project_id)
    return {"quota": quotas.defaults(ctx)}


def details(ctx: Context, project_id: str) -> Body:
    _allow_reading(ctx, project_id)
    return {"quota": quotas.details(ctx, project_id)}


def update(ctx: Context, project_id: str, body: Body) -> Body:
    given = body.get("quota")
    if not isinstance(given, dict):
        raise HTTPBadRequest("Unable to find 'quota' in request body")
    wanted: dict[str, Any] = {}
    flags: dict[str, bool] = {}
    for name, value in given.items():
        if name in ("tenant_id", "project_id"):
            continue
        try:
            if name in ("force", "check_limit"):
                flags[name] = boolean(value)
            else:
                wanted[name] = integer(-1, 2**31 - 1)(value)
        except Invalid as error:
            raise HTTPBadRequest(f"Invalid input for {name}. Reason: {error}") from None
    force = flags.get("force", not flags.get("check_limit", True))
    quotas.update(ctx, project_id, wanted, force=force)
    return {"quota": quotas.limits(ctx, project_id)}


def delete(ctx: Context, project_id: str) -> None:
    quotas.reset(ctx, project_id)


_ASKS: dict[str, Any] = {"target": _of_project, "refused": PolicyNotAuthorized}
_ONE = "/quotas/{project_id}"
ROUTES = [
    Route.get("/quotas", index, rule="get_quota", **_ASKS),
    Route.get("/quotas/tenant", own_tenant),
    Route.get("/quotas/project", own_project),
    Route.get(_ONE, show),
    Route.get(f"{_ONE}/default", default),
    Route.get(f"{_ONE}/details", details),
    Route.put(
        _ONE, update, rule="update_quota", **_ASKS, body=BODY, early_checks=EarlyChecks.GRAMMAR
    ),
    Route.delete(_ONE, delete, rule="delete_quota", **_ASKS),
]
