"""Quota sets, quota class sets and limits."""

from __future__ import annotations

from typing import Any

from stratolith.compute.api.links import since
from stratolith.compute.managers import quotas
from stratolith.compute.schemas import queries
from stratolith.compute.schemas import quota_sets as schemas
from stratolith.compute.schemas.types import as_bool
from stratolith.identity.managers import projects
from stratolith.kernel import quota
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Asked, Route

Body = dict[str, Any]
_P = "os_compute_api:"


def _minor(ctx: Context) -> int:
    return ctx.microversion.minor if ctx.microversion else 100


def _check_project(ctx: Context, project_id: str) -> None:
    """Raise BadRequest for an unknown project, if the caller may see projects."""
    if ctx.owns(project_id) or projects.exists(ctx, project_id):
        return
    if ctx.beside(ctx.env.service("identity")).can("identity:get_project", {}):
        raise BadRequest(f"Project ID {project_id} is not a valid project.")


def _of_project(ctx: Context, asked: Asked) -> dict[str, str]:
    project_id = asked.variables["project_id"]
    return {"project_id": project_id, "tenant_id": project_id}


def _set(ctx: Context, limits: dict[str, int]) -> Body:
    return {name: limits[name] for name in quotas.names(_minor(ctx))}


def show(ctx: Context, project_id: str) -> Body:
    _check_project(ctx, project_id)
    return {"quota_set": {"id": project_id, **_set(ctx, quotas.limits(ctx, project_id))}}


def defaults(ctx: Context, project_id: str) -> Body:
    _check_project(ctx, project_id)
    return {"quota_set": {"id": project_id, **_set(ctx, quotas.defaults(ctx))}}


def detail(ctx: Context, project_id: str) -> Body:
    _check_project(ctx, project_id)
    limits, used = quotas.limits(ctx, project_id), quotas.usage(ctx, project_id)
    details = {
        name: {"limit": limits[name], "in_use": used[name], "reserved": 0}
        for name in quotas.names(_minor(ctx))
    }
    return {"quota_set": {"id": project_id, **details}}


def update(ctx: Context, project_id: str, body: Body) -> Body:
    _check_project(ctx, project_id)
    wanted = dict(body["quota_set"])
    force = as_bool(wanted.pop("force", False))
    quotas.set_limits(ctx, project_id, wanted, force=force)
    return {"quota_set": _set(ctx, quotas.limits(ctx, project_id))}


def remove(ctx: Context, project_id: str) -> Response:
    _check_project(ctx, project_id)
    quota.reset(ctx, project_id)
    return Response(status=202)


# -- classes -------------------------------------------------------------------------------------


def show_class(ctx: Context, name: str) -> Body:
    limits = quotas.of_class(ctx, name)
    class_limits = {resource: limits[resource] for resource in quotas.class_names(_minor(ctx))}
    return {"quota_class_set": {"id": name, **class_limits}}


def update_class(ctx: Context, name: str, body: Body) -> Body:
    if not 1 <= len(name) <= 255:
        raise BadRequest("quota_class_name must have 1 to 255 characters.")
    quotas.set_limits(ctx, quotas.class_key(name), body["quota_class_set"], force=True)
    answer = show_class(ctx, name)["quota_class_set"]
    del answer["id"]
    return {"quota_class_set": answer}


# -- limits --------------------------------------------------------------------------------------

_ABSOLUTE = {
    "maxTotalInstances": "instances",
    "maxTotalCores": "cores",
    "maxTotalRAMSize": "ram",
    "maxServerMeta": "metadata_items",
    "maxTotalKeypairs": "key_pairs",
    "maxServerGroups": "server_groups",
    "maxServerGroupMembers": "server_group_members",
}
_OLD = {
    "maxImageMeta": "metadata_items",
    "maxPersonality": "injected_files",
    "maxPersonalitySize": "injected_file_content_bytes",
    "maxTotalFloatingIps": "floating_ips",
    "maxSecurityGroups": "security_groups",
    "maxSecurityGroupRules": "security_group_rules",
}
_USED = {
    "totalInstancesUsed": "instances",
    "totalCoresUsed": "cores",
    "totalRAMUsed": "ram",
    "totalServerGroupsUsed": "server_groups",
    "totalFloatingIpsUsed": "floating_ips",
    "totalSecurityGroupsUsed": "security_groups",
}


def limits(ctx: Context) -> Body:
    project_id = ctx.query.get("tenant_id") or ctx.project_id
    if not ctx.owns(project_id):
        ctx.authorize(_P + "limits:other_project")
    in_force, used = quotas.limits(ctx, project_id), quotas.usage(ctx, project_id)
    absolute = {shown: in_force[name] for shown, name in _ABSOLUTE.items()}
    for shown, name in _OLD.items():
        is_file, is_image = name in quotas.FILES, shown == "maxImageMeta"
        is_removed = (is_file and since(ctx, 57)) or (is_image and since(ctx, 39))
        if not is_removed and (is_file or is_image or not since(ctx, 36)):
            absolute[shown] = in_force[name]
    for shown, name in _USED.items():
        if name not in ("floating_ips", "security_groups") or not since(ctx, 36):
            absolute[shown] = used[name]
    return {"limits": {"rate": [], "absolute": absolute}}


_QUOTA, _CLASS = "/os-quota-sets/{project_id}", "/os-quota-class-sets/{name}"
ROUTES = [
    Route.get(
        _QUOTA,
        show,
        rule=_P + "os-quota-sets:show",
        target=_of_project,
        query=queries.QUOTA_SET,
    ),
    Route.get(
        _QUOTA + "/defaults", defaults, rule=_P + "os-quota-sets:defaults", target=_of_project
    ),
    Route.get(
        _QUOTA + "/detail",
        detail,
        rule=_P + "os-quota-sets:detail",
        target=_of_project,
        query=queries.QUOTA_SET,
    ),
    Route.put(
        _QUOTA,
        update,
        rule=_P + "os-quota-sets:update",
        body=schemas.UPDATE,
        query=queries.QUOTA_SET,
    ),
    Route.delete(_QUOTA, remove, rule=_P + "os-quota-sets:delete", query=queries.QUOTA_SET),
    Route.get(_CLASS, show_class, rule=_P + "os-quota-class-sets:show"),
    Route.put(
        _CLASS, update_class, rule=_P + "os-quota-class-sets:update", body=schemas.UPDATE_CLASS
    ),
    Route.get("/limits", limits, rule=_P + "limits", query=queries.LIMITS),
]
