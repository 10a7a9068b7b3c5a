"""/routers/{id}/conntrack_helpers"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import Listing, Parent, Resource, Verb, exact, integer
from stratolith.network import models as m
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.conntrack_helpers import ConntrackHelperNotFound
from stratolith.network.managers import abilities, routers
from stratolith.network.managers.routing import conntrack_helpers
from stratolith.network.schemas.routing.conntrack_helpers import CONNTRACK_HELPER, render

_KEYS = {
    "id": m.ConntrackHelper.id,
    "protocol": m.ConntrackHelper.protocol,
    "port": m.ConntrackHelper.port,
    "helper": m.ConntrackHelper.helper,
}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [render(row) for row in rows]


CONNTRACK_HELPERS = Resource(
    CONNTRACK_HELPER.name,
    STYLE,
    plural=CONNTRACK_HELPER.collection,
    path="/routers/{id}/conntrack_helpers",
    key="conntrack_helper_id",
    parent=Parent(
        "router", routers.get, "id", lambda router: m.ConntrackHelper.router_id == router.id
    ),
    load=conntrack_helpers.get_below,
    rendered=rendered,
    attributes=CONNTRACK_HELPER,
    listing=Listing(
        m.ConntrackHelper,
        filters={
            **{name: exact(column) for name, column in _KEYS.items()},
            "port": integer(m.ConntrackHelper.port),
        },
        sort_keys=_KEYS,
        default_sort=[("id", "asc")],
        missing=lambda marker: ConntrackHelperNotFound(id=marker),
        read=plain_reader(m.ConntrackHelper),
    ),
    create=Verb(abilities.of(abilities.CONNTRACK_HELPER, conntrack_helpers.create)),
    update=Verb(conntrack_helpers.update),
    delete=Verb(conntrack_helpers.delete),
)
ROUTES = CONNTRACK_HELPERS.routes
