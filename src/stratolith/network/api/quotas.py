"""/quotas"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Judged, Route
from stratolith.network.api import guard
from stratolith.network.exceptions import HTTPBadRequest, QuotaMissingTenant
from stratolith.network.managers import quotas
from stratolith.network.schemas.fields import Invalid, boolean, integer
from stratolith.network.schemas.resource import BODY

Body = dict[str, Any]


def _allow(ctx: Context, rule: str, project_id: str) -> None:
    guard.allow(ctx, rule, {"project_id": project_id, "tenant_id": project_id})


def _allow_reading(ctx: Context, project_id: str) -> None:
    """One's own limits are shown to every role of the project."""
    if not ctx.owns(project_id):
        _allow(ctx, "get_quota", project_id)


def index(ctx: Context) -> Body:
    """Projects whose limits were changed."""
    _allow(ctx, "get_quota", "")
    projects = quotas.changed_projects(ctx)
    if not ctx.is_admin:
        projects = [project for project in projects if ctx.owns(project)]
    found = [{**quotas.limits(ctx, p), "project_id": p, "tenant_id": p} for p in projects]
    return {"quotas": found}


def mine(ctx: Context) -> Body:
    return {"project": {"project_id": _own_project(ctx)}}


def mine_by_its_old_name(ctx: Context) -> Body:
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
    _allow(ctx, "update_quota", project_id)
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
    _allow(ctx, "delete_quota", project_id)
    quotas.reset(ctx, project_id)


ROUTES = [
    Route.get("/quotas", index),
    Route.get("/quotas/tenant", mine_by_its_old_name),
    Route.get("/quotas/project", mine),
    Route.get("/quotas/{project_id}", show),
    Route.get("/quotas/{project_id}/default", default),
    Route.get("/quotas/{project_id}/details", details),
    Route.put("/quotas/{project_id}", update, body=BODY, judged_first=Judged.GRAMMAR),
    Route.delete("/quotas/{project_id}", delete),
]
