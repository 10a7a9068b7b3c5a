"""/security-group-rules"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections, guard
from stratolith.network.managers import lists, security_group_rules, security_groups
from stratolith.network.schemas.resource import BODY
from stratolith.network.schemas.security_groups import RULE, render_rule

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_rule(row) for row in rows]


def index(ctx: Context) -> Body:
    security_groups.ensure_default(ctx, ctx.project_id)
    return collections.answer(ctx, "security_group_rules", lists.RULES, rendered)


def create(ctx: Context, body: Body) -> Body:
    items, is_bulk = RULE.read_create(ctx, body)
    made = []
    for values in items:
        group = security_groups.get(ctx, values["security_group_id"])
        project = values["project_id"]
        target = {**group.policy_target(), "project_id": project, "tenant_id": project}
        guard.allow(ctx, "create_security_group_rule", target, values, {})
        made.append(security_group_rules.create(ctx, project, values))
    found = rendered(ctx, made)
    return collections.created(
        "security_group_rule", "security_group_rules", found, is_bulk=is_bulk
    )


def show(ctx: Context, rule: Any) -> Body:
    return collections.one(ctx, "security_group_rule", render_rule(rule))


def delete(ctx: Context, rule: Any) -> None:
    security_group_rules.delete(ctx, rule)


LOAD = security_group_rules.get
PATH = "/security-group-rules/{id}"
ROUTES = [
    Route.get("/security-group-rules", index),
    Route.post("/security-group-rules", create, body=BODY, status=201),
    Route.get(PATH, show, load=LOAD, rule="get_security_group_rule"),
    Route.delete(PATH, delete, load=LOAD, rule="delete_security_group_rule"),
]
