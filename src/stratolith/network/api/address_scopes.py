"""/address-scopes"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections, guard
from stratolith.network.managers import address_scopes, lists
from stratolith.network.schemas.resource import BODY
from stratolith.network.schemas.subnetpools import ADDRESS_SCOPE, render_scope

Body = dict[str, Any]
DEFAULTS = {"shared": False}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_scope(row) for row in rows]


def index(ctx: Context) -> Body:
    return collections.answer(ctx, "address_scopes", lists.ADDRESS_SCOPES, rendered)


def create(ctx: Context, body: Body) -> Body:
    items, is_bulk = ADDRESS_SCOPE.read_create(ctx, body)
    made = []
    for values in items:
        target = {"project_id": values["project_id"], "tenant_id": values["project_id"]}
        guard.allow(ctx, "create_address_scope", target, values, DEFAULTS)
        made.append(address_scopes.create(ctx, values["project_id"], values))
    found = rendered(ctx, made)
    return collections.created("address_scope", "address_scopes", found, is_bulk=is_bulk)


def show(ctx: Context, scope: Any) -> Body:
    return collections.one(ctx, "address_scope", render_scope(scope))


def update(ctx: Context, scope: Any, body: Body) -> Body:
    values = ADDRESS_SCOPE.read_update(body)
    guard.allow(ctx, "update_address_scope", scope.policy_target(), values)
    return {"address_scope": render_scope(address_scopes.update(ctx, scope, values))}


def delete(ctx: Context, scope: Any) -> None:
    address_scopes.delete(ctx, scope)


LOAD = address_scopes.get
ROUTES = [
    Route.get("/address-scopes", index),
    Route.post("/address-scopes", create, body=BODY, status=201),
    Route.get("/address-scopes/{id}", show, load=LOAD, rule="get_address_scope"),
    Route.put("/address-scopes/{id}", update, load=LOAD, rule="update_address_scope", body=BODY),
    Route.delete("/address-scopes/{id}", delete, load=LOAD, rule="delete_address_scope"),
]
