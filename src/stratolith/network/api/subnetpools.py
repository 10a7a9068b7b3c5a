"""/subnetpools"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections, guard
from stratolith.network.managers import lists, subnetpools, tags
from stratolith.network.schemas.resource import BODY
from stratolith.network.schemas.subnetpools import SUBNETPOOL, render

Body = dict[str, Any]
DEFAULTS = {"shared": False, "is_default": False}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    tagged = tags.of(ctx, [row.id for row in rows])
    return [render(row, tagged.get(row.id, [])) for row in rows]


def index(ctx: Context) -> Body:
    return collections.answer(ctx, "subnetpools", lists.SUBNETPOOLS, rendered)


def create(ctx: Context, body: Body) -> Body:
    items, is_bulk = SUBNETPOOL.read_create(ctx, body)
    made = []
    for values in items:
        target = {"project_id": values["project_id"], "tenant_id": values["project_id"]}
        guard.allow(ctx, "create_subnetpool", target, values, DEFAULTS)
        made.append(subnetpools.create(ctx, values["project_id"], values))
    found = rendered(ctx, made)
    return collections.created("subnetpool", "subnetpools", found, is_bulk=is_bulk)


def show(ctx: Context, pool: Any) -> Body:
    return collections.one(ctx, "subnetpool", rendered(ctx, [pool])[0])


def update(ctx: Context, pool: Any, body: Body) -> Body:
    values = SUBNETPOOL.read_update(body)
    guard.check_revision(ctx, pool.revision_number)
    guard.allow(ctx, "update_subnetpool", pool.policy_target(), values)
    subnetpools.update(ctx, pool, values)
    return {"subnetpool": rendered(ctx, [pool])[0]}


def delete(ctx: Context, pool: Any) -> None:
    guard.check_revision(ctx, pool.revision_number)
    subnetpools.delete(ctx, pool)


LOAD = subnetpools.get
ROUTES = [
    Route.get("/subnetpools", index),
    Route.post("/subnetpools", create, body=BODY, status=201),
    Route.get("/subnetpools/{id}", show, load=LOAD, rule="get_subnetpool"),
    Route.put("/subnetpools/{id}", update, load=LOAD, rule="update_subnetpool", body=BODY),
    Route.delete("/subnetpools/{id}", delete, load=LOAD, rule="delete_subnetpool"),
]
