"""Groups and their members over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.identity.api.collections import (
    admit,
    collection,
    default_domain,
    filled,
    member_links,
    page_of,
    same_id,
    target,
    text_filters,
)
from stratolith.identity.managers import groups
from stratolith.identity.models import Group
from stratolith.identity.schemas import users as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import KEEP, Route

Body = dict[str, Any]

GROUPS = Listing(
    Group,
    filters={
        **text_filters("name", Group.name, must=filled),
        **text_filters("domain_id", Group.domain_id),
    },
    sort_keys={"id": Group.id, "name": Group.name, "domain_id": Group.domain_id},
    default_sort=[("id", "asc")],
)


def render(ctx: Context, group: Group) -> Body:
    return {
        **group.extra,
        "id": group.id,
        "name": group.name,
        "domain_id": group.domain_id,
        "description": group.description,
        "links": member_links(ctx, "groups", group.id),
    }


def index(ctx: Context) -> Body:
    domain_id = ctx.who.domain_id
    about = {"target.group.domain_id": domain_id} if domain_id else {}
    ctx.authorize("identity:list_groups", about)
    statement = select(Group)
    if domain_id:
        statement = statement.where(Group.domain_id == domain_id)
    page = page_of(ctx, GROUPS, statement)
    return collection(ctx, "groups", [render(ctx, group) for group in page.rows], page)


def show(ctx: Context, group_id: str) -> Body:
    return {"group": render(ctx, admit(ctx, "identity:get_group", "group", groups.get, group_id))}


def create(ctx: Context, body: Body) -> Body:
    values = body["group"]
    ctx.authorize("identity:create_group", target(group=values))
    values["domain_id"] = default_domain(ctx, values)
    return {"group": render(ctx, groups.create(ctx, values))}


def update(ctx: Context, group_id: str, body: Body) -> Body:
    group = admit(ctx, "identity:update_group", "group", groups.get, group_id)
    same_id(body["group"], "group", group_id)
    return {"group": render(ctx, groups.update(ctx, group, body["group"]))}


def remove(ctx: Context, group_id: str) -> None:
    group = admit(ctx, "identity:delete_group", "group", groups.get, group_id, load_first=True)
    groups.remove(ctx, group)


ROUTES = [
    Route.get("/groups", index, keep=KEEP),
    Route.post("/groups", create, body=schemas.CREATE_GROUP, status=201),
    Route.get("/groups/{group_id}", show, keep=KEEP),
    Route.patch("/groups/{group_id}", update, body=schemas.UPDATE_GROUP),
    Route.delete("/groups/{group_id}", remove),
]
