"""/subnets"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections, guard
from stratolith.network.managers import lists, networks, subnetpools, subnets, tags
from stratolith.network.schemas.resource import BODY
from stratolith.network.schemas.subnets import SUBNET, render

Body = dict[str, Any]
DEFAULTS: dict[str, Any] = {"service_types": []}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    tagged = tags.of(ctx, [row.id for row in rows])
    outside = networks.external_ids(ctx, [row.network_id for row in rows])
    return [render(row, tagged.get(row.id, []), external=row.network_id in outside) for row in rows]


def index(ctx: Context) -> Body:
    return collections.answer(ctx, "subnets", lists.SUBNETS, rendered)


def create(ctx: Context, body: Body) -> Body:
    items, is_bulk = SUBNET.read_create(ctx, body)
    made = [_create(ctx, values) for values in items]
    return collections.created("subnet", "subnets", rendered(ctx, made), is_bulk=is_bulk)


def _create(ctx: Context, values: Body) -> Any:
    network = networks.get(ctx, values["network_id"])
    project = values["project_id"]
    target = {**network.policy_target(), "project_id": project, "tenant_id": project}
    guard.allow(ctx, "create_subnet", target, values, DEFAULTS)
    values = subnetpools.complete(ctx, values)
    return subnets.create(ctx, project, network, values)


def show(ctx: Context, subnet: Any) -> Body:
    return collections.one(ctx, "subnet", rendered(ctx, [subnet])[0])


def update(ctx: Context, subnet: Any, body: Body) -> Body:
    values = SUBNET.read_update(body)
    guard.check_revision(ctx, subnet.revision_number)
    guard.allow(ctx, "update_subnet", subnet.policy_target(), values)
    subnets.update(ctx, subnet, values)
    return {"subnet": rendered(ctx, [subnet])[0]}


def delete(ctx: Context, subnet: Any) -> None:
    guard.check_revision(ctx, subnet.revision_number)
    subnets.delete(ctx, subnet)


ROUTES = [
    Route.get("/subnets", index),
    Route.post("/subnets", create, body=BODY, status=201),
    Route.get("/subnets/{id}", show, load=subnets.get, rule="get_subnet"),
    Route.put("/subnets/{id}", update, load=subnets.get, rule="update_subnet", body=BODY),
    Route.delete("/subnets/{id}", delete, load=subnets.get, rule="delete_subnet"),
]
