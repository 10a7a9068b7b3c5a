"""/networks"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections, guard
from stratolith.network.managers import lists, networks, tags, visibility
from stratolith.network.schemas.networks import NETWORK, render
from stratolith.network.schemas.resource import BODY

Body = dict[str, Any]
PROVIDER = (
    "provider:network_type",
    "provider:physical_network",
    "provider:segmentation_id",
)
DEFAULTS = {"shared": False, "router:external": False}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    rows = guard.readable(ctx, "get_network", rows) if not ctx.is_admin else rows
    ids = [row.id for row in rows]
    subnets = networks.subnet_ids(ctx, ids)
    tagged = tags.of(ctx, ids)
    shared = visibility.shared_ids(ctx, "network", ids) if ids else set()
    hidden = guard.hidden(ctx, "get_network", PROVIDER)
    found = [
        render(
            row,
            subnets[row.id],
            tagged.get(row.id, []),
            shared=row.shared or row.id in shared,
            provider=len(hidden) < len(PROVIDER),
        )
        for row in rows
    ]
    return guard.without(found, hidden)


def index(ctx: Context) -> Body:
    return collections.answer(ctx, "networks", lists.NETWORKS, _visible)


def _visible(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = visibility.shared_ids(ctx, "network", [row.id for row in rows])
    for row in rows:
        row.granted = row.id in ids
    return rendered(ctx, rows)


def create(ctx: Context, body: Body) -> Body:
    """One network, or many in one transaction."""
    items, is_bulk = NETWORK.read_create(ctx, body)
    made = []
    for values in items:
        target = {"project_id": values["project_id"], "tenant_id": values["project_id"]}
        guard.allow(ctx, "create_network", target, values, DEFAULTS)
        made.append(networks.create(ctx, values["project_id"], values))
    return collections.created("network", "networks", rendered(ctx, made), is_bulk=is_bulk)


def show(ctx: Context, network: Any) -> Body:
    return collections.one(ctx, "network", rendered(ctx, [network])[0])


def update(ctx: Context, network: Any, body: Body) -> Body:
    values = NETWORK.read_update(body)
    guard.check_revision(ctx, network.revision_number)
    guard.allow(ctx, "update_network", network.policy_target(), values)
    networks.update(ctx, network, values)
    return {"network": rendered(ctx, [network])[0]}


def delete(ctx: Context, network: Any) -> None:
    guard.check_revision(ctx, network.revision_number)
    networks.delete(ctx, network)


ROUTES = [
    Route.get("/networks", index),
    Route.post("/networks", create, body=BODY, status=201),
    Route.get("/networks/{id}", show, load=networks.get, rule="get_network"),
    Route.put("/networks/{id}", update, load=networks.get, rule="update_network", body=BODY),
    Route.delete("/networks/{id}", delete, load=networks.get, rule="delete_network"),
]
