"""/network-ip-availabilities"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections
from stratolith.network.managers import availability, kinds, lists, networks

Body = dict[str, Any]
COLLECTION = "network_ip_availabilities"


def _answer(body: Body) -> Response:
    """Through JSON by hand: an IPv6 pool holds more addresses than 64 bits count."""
    return Response(json.dumps(body))


def index(ctx: Context) -> Response:
    if not ctx.can("get_network_ip_availability"):
        return _answer({COLLECTION: []})
    found = lists.page(ctx, kinds.AVAILABILITIES)
    items: Sequence[Body] = availability.of_networks(ctx, found.rows)
    return _answer({COLLECTION: collections.chosen_fields(ctx, list(items))})


def show(ctx: Context, id: str) -> Response:
    network = networks.get(ctx, id)
    item = availability.of_networks(ctx, [network])[0]
    return _answer(collections.one(ctx, "network_ip_availability", item))


ROUTES = [
    Route.get("/network-ip-availabilities", index),
    Route.get("/network-ip-availabilities/{id}", show, rule="get_network_ip_availability"),
]
