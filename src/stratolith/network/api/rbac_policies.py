"""/rbac-policies"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections, guard
from stratolith.network.managers import lists, rbac_policies
from stratolith.network.schemas.rbac_policies import RBAC_POLICY, render
from stratolith.network.schemas.resource import BODY

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render(row) for row in rows]


def index(ctx: Context) -> Body:
    return collections.answer(ctx, "rbac_policies", lists.RBAC_POLICIES, rendered)


def create(ctx: Context, body: Body) -> Body:
    items, is_bulk = RBAC_POLICY.read_create(ctx, body)
    made = []
    for values in items:
        target = {"project_id": values["project_id"], "tenant_id": values["project_id"]}
        guard.allow(ctx, "create_rbac_policy", target, values, {})
        made.append(rbac_policies.create(ctx, values["project_id"], values))
    found = rendered(ctx, made)
    return collections.created("rbac_policy", "rbac_policies", found, is_bulk=is_bulk)


def show(ctx: Context, policy: Any) -> Body:
    return collections.one(ctx, "rbac_policy", render(policy))


def update(ctx: Context, policy: Any, body: Body) -> Body:
    values = RBAC_POLICY.read_update(body)
    guard.allow(ctx, "update_rbac_policy", policy.policy_target(), values)
    return {"rbac_policy": render(rbac_policies.update(ctx, policy, values))}


def delete(ctx: Context, policy: Any) -> None:
    rbac_policies.delete(ctx, policy)


LOAD = rbac_policies.get
ROUTES = [
    Route.get("/rbac-policies", index),
    Route.post("/rbac-policies", create, body=BODY, status=201),
    Route.get("/rbac-policies/{id}", show, load=LOAD, rule="get_rbac_policy"),
    Route.put("/rbac-policies/{id}", update, load=LOAD, rule="update_rbac_policy", body=BODY),
    Route.delete("/rbac-policies/{id}", delete, load=LOAD, rule="delete_rbac_policy"),
]
