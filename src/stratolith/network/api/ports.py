"""/ports"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.api import guard
from stratolith.network.api.crud import Crud, Target, project_target
from stratolith.network.managers import (
    kinds,
    networks,
    parents,
    ports,
    security_groups,
    tags,
    visibility,
)
from stratolith.network.models import Port
from stratolith.network.schemas.ports import PORT, render

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


def _fresh(ctx: Context, made: Sequence[Any]) -> list[Body]:
    """Ports made in this transaction: nothing but tags needs to be read."""
    hidden = guard.hidden(ctx, "get_port", BINDING)
    tagged = tags.of(ctx, [port.id for port in made])
    found = []
    for port in made:
        fresh, labels = port.fresh, tagged.get(port.id, [])
        found.append(render(port, fresh.fixed_ips, fresh.security_groups, labels, binding=True))
    return guard.without(found, hidden)


def _target(ctx: Context, values: Body) -> Target:
    network = networks.get(ctx, values["network_id"])
    return {
        **network.policy_target(),
        **project_target(ctx, values),
        # one's own network is not shared with oneself: a reader of the project is not let in by it
        "shared": network.shared
        or (not ctx.owns(network.project_id) and visibility.may_use(ctx, network, ctx.project_id)),
    }


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    visibility.note_granted(ctx, parents.hold(ctx, rows, Port.network))


ROUTES = Crud(
    PORT,
    kinds.PORTS,
    ports,
    rendered,
    create=ports.create,
    update=ports.update,
    target=_target,
    defaults=DEFAULTS,
    fresh=_fresh,
    prepare=_prepare,
).routes
