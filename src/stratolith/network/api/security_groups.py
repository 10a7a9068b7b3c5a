"""/security-groups"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections, guard
from stratolith.network.managers import lists, security_groups, tags, visibility
from stratolith.network.schemas.resource import BODY
from stratolith.network.schemas.security_groups import SECURITY_GROUP, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = [row.id for row in rows]
    rules = security_groups.rules_of(ctx, ids)
    tagged = tags.of(ctx, ids)
    shared = visibility.shared_ids(ctx, "security_group", ids) if ids else set()
    return [
        render(row, rules[row.id], tagged.get(row.id, []), shared=row.id in shared) for row in rows
    ]


def index(ctx: Context) -> Body:
    """The first look of a project makes its default group."""
    security_groups.ensure_default(ctx, ctx.project_id)
    return collections.answer(ctx, "security_groups", lists.SECURITY_GROUPS, rendered)


def create(ctx: Context, body: Body) -> Body:
    items, is_bulk = SECURITY_GROUP.read_create(ctx, body)
    made = []
    for values in items:
        target = {"project_id": values["project_id"], "tenant_id": values["project_id"]}
        guard.allow(ctx, "create_security_group", target, values, {})
        made.append(security_groups.create(ctx, values["project_id"], values))
    found = rendered(ctx, made)
    return collections.created("security_group", "security_groups", found, is_bulk=is_bulk)


def show(ctx: Context, group: Any) -> Body:
    return collections.one(ctx, "security_group", rendered(ctx, [group])[0])


def update(ctx: Context, group: Any, body: Body) -> Body:
    values = SECURITY_GROUP.read_update(body)
    guard.check_revision(ctx, group.revision_number)
    guard.allow(ctx, "update_security_group", group.policy_target(), values)
    security_groups.update(ctx, group, values)
    return {"security_group": rendered(ctx, [group])[0]}


def delete(ctx: Context, group: Any) -> None:
    guard.check_revision(ctx, group.revision_number)
    security_groups.delete(ctx, group)


LOAD = security_groups.get
ROUTES = [
    Route.get("/security-groups", index),
    Route.post("/security-groups", create, body=BODY, status=201),
    Route.get("/security-groups/{id}", show, load=LOAD, rule="get_security_group"),
    Route.put("/security-groups/{id}", update, load=LOAD, rule="update_security_group", body=BODY),
    Route.delete("/security-groups/{id}", delete, load=LOAD, rule="delete_security_group"),
]
