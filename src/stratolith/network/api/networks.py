"""/networks"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.api import guard
from stratolith.network.api.crud import Crud
from stratolith.network.managers import kinds, networks, tags, visibility
from stratolith.network.schemas.networks import NETWORK, render

Body = dict[str, Any]
PROVIDER = (
    "provider:network_type",
    "provider:physical_network",
    "provider:segmentation_id",
)
DEFAULTS = {"shared": False, "router:external": False}


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    visibility.note_granted(ctx, rows)


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = [row.id for row in rows]
    shared = visibility.shared_ids(ctx, "network", ids) if ids else set()
    subnets = networks.subnet_ids(ctx, ids)
    tagged = tags.of(ctx, ids)
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


ROUTES = Crud(
    NETWORK,
    kinds.NETWORKS,
    networks,
    rendered,
    create=networks.create,
    update=networks.update,
    defaults=DEFAULTS,
    prepare=_prepare,
).routes
