"""Server groups over HTTP; from 2.64 on a group has one policy with rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from stratolith.compute.api.links import limited, since
from stratolith.compute.managers import server_groups
from stratolith.compute.models import ServerGroup
from stratolith.compute.schemas import groups as schemas
from stratolith.compute.schemas import queries
from stratolith.compute.schemas.types import as_int
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_P = "os_compute_api:os-server-groups:"


def render(ctx: Context, group: ServerGroup, members: Mapping[str, Sequence[str]]) -> Body:
    found: Body = {
        "id": group.id,
        "name": group.name,
        "members": list(members.get(group.id, ())),
    }
    if since(ctx, 64):
        found |= {"policy": group.policy, "rules": group.rules}
    else:
        found |= {"policies": [group.policy], "metadata": {}}
    if since(ctx, 13):
        found |= {"project_id": group.project_id, "user_id": group.user_id}
    return found


def index(ctx: Context) -> Body:
    statement = select(ServerGroup).order_by(ServerGroup.number)
    if not _every_project(ctx):
        statement = statement.where(ctx.own(ServerGroup.project_id))
    rows = limited(ctx, list(ctx.session.scalars(statement)))
    members = server_groups.members(ctx, [row.id for row in rows])
    return {"server_groups": [render(ctx, row, members) for row in rows]}


def _every_project(ctx: Context) -> bool:
    return "all_projects" in ctx.query and ctx.can(_P + "index:all_projects")


def create(ctx: Context, body: Body) -> Body:
    wanted = body["server_group"]
    policy = wanted["policy"] if since(ctx, 64) else wanted["policies"][0]
    rules: Body = {}
    if wanted.get("rules"):
        if policy != "anti-affinity":
            raise BadRequest("Only anti-affinity policy supports rules.")
        limit = as_int(wanted["rules"]["max_server_per_host"], "max_server_per_host", 1)
        rules = {"max_server_per_host": limit}
    group = server_groups.create(ctx, wanted["name"], policy, rules)
    return {"server_group": render(ctx, group, {})}


def show(ctx: Context, group: ServerGroup) -> Body:
    return {"server_group": render(ctx, group, server_groups.members(ctx, [group.id]))}


def remove(ctx: Context, group: ServerGroup) -> None:
    server_groups.remove(ctx, group)


_ONE: dict[str, Any] = {"load": server_groups.get}
_PATH = "/os-server-groups/{group_id}"
ROUTES = [
    Route.get("/os-server-groups", index, rule=_P + "index", query=queries.SERVER_GROUPS),
    Route.post("/os-server-groups", create, rule=_P + "create", body=schemas.SERVER_GROUP),
    Route.get(_PATH, show, rule=_P + "show", **_ONE),
    Route.delete(_PATH, remove, rule=_P + "delete", **_ONE),
]
