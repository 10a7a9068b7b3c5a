"""/ports"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections, guard
from stratolith.network.managers import (
    lists,
    networks,
    ports,
    security_groups,
    tags,
    visibility,
)
from stratolith.network.schemas.ports import PORT, render
from stratolith.network.schemas.resource import BODY

Body = dict[str, Any]
BINDING = (
    "binding:host_id",
    "binding:profile",
    "binding:vif_type",
    "binding:vif_details",
)
DEFAULTS = {
    "device_id": "",
    "device_owner": "",
    "binding:host_id": "",
    "binding:profile": {},
    "binding:vnic_type": "normal",
    "allowed_address_pairs": [],
}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = [row.id for row in rows]
    addresses = ports.fixed_ips(ctx, ids)
    groups = security_groups.of_ports(ctx, ids)
    tagged = tags.of(ctx, ids)
    hidden = guard.hidden(ctx, "get_port", BINDING)
    binding = len(hidden) < len(BINDING)
    found = [
        render(
            row,
            addresses.get(row.id, []),
            groups.get(row.id, []),
            tagged.get(row.id, []),
            binding=binding,
        )
        for row in rows
    ]
    return guard.without(found, hidden if binding else set())


def index(ctx: Context) -> Body:
    return collections.answer(ctx, "ports", lists.PORTS, rendered)


def create(ctx: Context, body: Body) -> Body:
    items, is_bulk = PORT.read_create(ctx, body)
    made = [_create(ctx, values) for values in items]
    return collections.created("port", "ports", _fresh(ctx, made), is_bulk=is_bulk)


def _fresh(ctx: Context, made: Sequence[Any]) -> list[Body]:
    """Ports made in this transaction: nothing about them needs to be read."""
    hidden = guard.hidden(ctx, "get_port", BINDING)
    found = [
        render(port, port.fresh.fixed_ips, port.fresh.security_groups, [], binding=True)
        for port in made
    ]
    return guard.without(found, hidden)


def _create(ctx: Context, values: Body) -> Any:
    network = networks.get(ctx, values["network_id"])
    project = values["project_id"]
    target = {
        **network.policy_target(),
        "project_id": project,
        "tenant_id": project,
        # one's own network is not shared with oneself: a reader of the project is not let in by it
        "shared": network.shared
        or (
            network.project_id != ctx.project_id
            and visibility.may_use(ctx, network, ctx.project_id)
        ),
    }
    guard.allow(ctx, "create_port", target, values, DEFAULTS)
    return ports.create(ctx, project, values, network=network)


def show(ctx: Context, port: Any) -> Body:
    return collections.one(ctx, "port", rendered(ctx, [port])[0])


def update(ctx: Context, port: Any, body: Body) -> Body:
    values = PORT.read_update(body)
    guard.check_revision(ctx, port.revision_number)
    guard.allow(ctx, "update_port", port.policy_target(), values)
    ports.update(ctx, port, values)
    return {"port": rendered(ctx, [port])[0]}


def delete(ctx: Context, port: Any) -> None:
    guard.check_revision(ctx, port.revision_number)
    ports.delete(ctx, port)


ROUTES = [
    Route.get("/ports", index),
    Route.post("/ports", create, body=BODY, status=201),
    Route.get("/ports/{id}", show, load=ports.get, rule="get_port"),
    Route.put("/ports/{id}", update, load=ports.get, rule="update_port", body=BODY),
    Route.delete("/ports/{id}", delete, load=ports.get, rule="delete_port"),
]
