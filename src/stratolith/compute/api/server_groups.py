"""Server groups over HTTP; from 2.64 on a group has one policy with rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement

from stratolith.compute.api.links import limited, since
from stratolith.compute.api.style import STYLE
from stratolith.compute.managers import server_groups
from stratolith.compute.models import ServerGroup
from stratolith.compute.schemas import groups as schemas
from stratolith.compute.schemas import queries
from stratolith.compute.schemas.types import as_int
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.resource import Listing, Resource, Verb
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_P = "os_compute_api:os-server-groups:"


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    members = server_groups.members(ctx, [row.id for row in rows])
    return [_render(ctx, row, members.get(row.id, ())) for row in rows]


def _render(ctx: Context, group: ServerGroup, members: Sequence[str]) -> Body:
    answer: Body = {"id": group.id, "name": group.name, "members": list(members)}
    if since(ctx, 64):
        answer |= {"policy": group.policy, "rules": group.rules}
    else:
        answer |= {"policies": [group.policy], "metadata": {}}
    if since(ctx, 13):
        answer |= {"project_id": group.project_id, "user_id": group.user_id}
    return answer


def _visible(ctx: Context) -> ColumnElement[bool] | None:
    if "all_projects" in ctx.query and ctx.can(_P + "index:all_projects"):
        return None
    return ctx.own(ServerGroup.project_id)


def index(ctx: Context) -> Body:
    """The list; pages use ``offset`` and ``limit``, not markers."""
    rows = ctx.session.scalars(LISTING.seen(ctx).order_by(ServerGroup.number))
    return {"server_groups": rendered(ctx, limited(ctx, list(rows)))}


def _create(ctx: Context, values: Body) -> ServerGroup:
    policy = values["policy"] if since(ctx, 64) else values["policies"][0]
    rules: Body = {}
    if values.get("rules"):
        if policy != "anti-affinity":
            raise BadRequest("Only anti-affinity policy supports rules.")
        limit = as_int(values["rules"]["max_server_per_host"], "max_server_per_host", 1)
        rules = {"max_server_per_host": limit}
    return server_groups.create(ctx, values["name"], policy, rules)


LISTING = Listing(ServerGroup, visible=_visible)
SERVER_GROUPS = Resource(
    "server_group",
    STYLE,
    key="group_id",
    load=server_groups.get,
    rendered=rendered,
    create=Verb(_create, body=schemas.SERVER_GROUP),
    delete=Verb(server_groups.remove),
)
ROUTES = [
    *SERVER_GROUPS.routes,
    Route.get(
        "/os-server-groups",
        index,
        rule=_P + "index",
        query=queries.SERVER_GROUPS,
        listing=LISTING,
    ),
]
