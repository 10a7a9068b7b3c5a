"""/floatingips"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections, guard
from stratolith.network.managers import floatingips, lists, tags
from stratolith.network.schemas.floatingips import FLOATING_IP, render
from stratolith.network.schemas.resource import BODY

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    details = floatingips.port_details(ctx, [row.port_id for row in rows if row.port_id])
    tagged = tags.of(ctx, [row.id for row in rows])
    return [render(row, details.get(row.port_id), tagged.get(row.id, [])) for row in rows]


def index(ctx: Context) -> Body:
    return collections.answer(ctx, "floatingips", lists.FLOATING_IPS, rendered)


def create(ctx: Context, body: Body) -> Body:
    items, is_bulk = FLOATING_IP.read_create(ctx, body)
    made = []
    for values in items:
        target = {"project_id": values["project_id"], "tenant_id": values["project_id"]}
        guard.allow(ctx, "create_floatingip", target, values, {})
        made.append(floatingips.create(ctx, values["project_id"], values))
    found = rendered(ctx, made)
    return collections.created("floatingip", "floatingips", found, is_bulk=is_bulk)


def show(ctx: Context, floating: Any) -> Body:
    return collections.one(ctx, "floatingip", rendered(ctx, [floating])[0])


def update(ctx: Context, floating: Any, body: Body) -> Body:
    values = FLOATING_IP.read_update(body)
    guard.check_revision(ctx, floating.revision_number)
    guard.allow(ctx, "update_floatingip", floating.policy_target(), values)
    floatingips.update(ctx, floating, values)
    return {"floatingip": rendered(ctx, [floating])[0]}


def delete(ctx: Context, floating: Any) -> None:
    guard.check_revision(ctx, floating.revision_number)
    floatingips.delete(ctx, floating)


ROUTES = [
    Route.get("/floatingips", index),
    Route.post("/floatingips", create, body=BODY, status=201),
    Route.get("/floatingips/{id}", show, load=floatingips.get, rule="get_floatingip"),
    Route.put(
        "/floatingips/{id}", update, load=floatingips.get, rule="update_floatingip", body=BODY
    ),
    Route.delete("/floatingips/{id}", delete, load=floatingips.get, rule="delete_floatingip"),
]
