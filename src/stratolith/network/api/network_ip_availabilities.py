"""/network-ip-availabilities"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, exact, integer, named
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.network import models as m
from stratolith.network.api import lists
from stratolith.network.api.style import item_body
from stratolith.network.exceptions.networks import NetworkNotFound
from stratolith.network.managers import availability, networks, visibility

Body = dict[str, Any]
COLLECTION = "network_ip_availabilities"
LISTING = Listing(
    m.Network,
    visible=visibility.of_networks,
    filters={
        "network_id": exact(m.Network.id),
        "network_name": named(m.Network.name),
        "project_id": exact(m.Network.project_id),
        "tenant_id": exact(m.Network.project_id),
        "ip_version": lambda values: m.Network.id.in_(
            select(m.Subnet.network_id).where(integer(m.Subnet.ip_version)(values))
        ),
    },
    sort_keys={"network_id": m.Network.id, "network_name": m.Network.name},
    default_sort=[("network_id", "asc")],
    missing=lambda marker: NetworkNotFound(net_id=marker),
)


def _answer(body: Body) -> Response:
    """Uses the standard json module: an IPv6 pool can have more addresses than 64 bits count."""
    return Response(json.dumps(body))


def index(ctx: Context) -> Response:
    if not ctx.can("get_network_ip_availability"):
        return _answer({COLLECTION: []})
    page = lists.page(ctx, LISTING)
    items: Sequence[Body] = availability.of_networks(ctx, page.rows)
    return _answer({COLLECTION: lists.chosen_fields(ctx, list(items))})


def show(ctx: Context, id: str) -> Response:
    network = networks.get(ctx, id)
    item = availability.of_networks(ctx, [network])[0]
    return _answer(item_body(ctx, "network_ip_availability", item))


ROUTES = [
    Route.get("/network-ip-availabilities", index, listing=LISTING),
    Route.get("/network-ip-availabilities/{id}", show, rule="get_network_ip_availability"),
]
