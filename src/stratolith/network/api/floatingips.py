"""/floatingips"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Resource, Verb
from stratolith.network import models as m
from stratolith.network.api.filters import listing_of, owned, tagged
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.routers import FloatingIPNotFound
from stratolith.network.managers import floatingips, tags
from stratolith.network.managers.routing import port_forwardings
from stratolith.network.schemas.floatingips import FLOATING_IP, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    details = floatingips.port_details(ctx, [row.port_id for row in rows if row.port_id])
    tagged = tags.of(ctx, [row.id for row in rows])
    forwardings = port_forwardings.of_floating_ips(ctx, [row.id for row in rows])
    return [
        render(row, details.get(row.port_id), forwardings.get(row.id, []), tagged.get(row.id, []))
        for row in rows
    ]


# The columns that lists can be sorted and filtered by.
_COLUMNS = (
    "floating_ip_address",
    "fixed_ip_address",
    "floating_network_id",
    "port_id",
    "router_id",
    "status",
)
FLOATING_IPS = Resource(
    FLOATING_IP.name,
    STYLE,
    plural=FLOATING_IP.collection,
    load=floatingips.get,
    rendered=rendered,
    attributes=FLOATING_IP,
    listing=listing_of(
        m.FloatingIp,
        _COLUMNS,
        tagged(m.FloatingIp, *_COLUMNS),
        visible=owned(m.FloatingIp),
        missing=lambda marker: FloatingIPNotFound(floatingip_id=marker),
    ),
    create=Verb(floatingips.create),
    update=Verb(floatingips.update),
    delete=Verb(floatingips.delete),
    tagged=True,
)
ROUTES = FLOATING_IPS.routes
