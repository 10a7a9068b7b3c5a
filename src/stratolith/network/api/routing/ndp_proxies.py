"""/ndp-proxies, also as /ndp_proxies"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Resource, Verb
from stratolith.network import models as m
from stratolith.network.api.filters import listing_of, owned, standard
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.ndp_proxies import NDPProxyNotFound
from stratolith.network.managers import abilities
from stratolith.network.managers.routing import ndp_proxies
from stratolith.network.schemas.routing.ndp_proxies import NDP_PROXY, render

_COLUMNS = ("name", "router_id", "port_id", "ip_address")


def rendered(ctx: Context, rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [render(row) for row in rows]


NDP_PROXIES = Resource(
    NDP_PROXY.name,
    STYLE,
    plural=NDP_PROXY.collection,
    load=ndp_proxies.get,
    rendered=rendered,
    attributes=NDP_PROXY,
    listing=listing_of(
        m.NdpProxy,
        _COLUMNS,
        standard(m.NdpProxy, *_COLUMNS),
        visible=owned(m.NdpProxy),
        missing=lambda marker: NDPProxyNotFound(id=marker),
    ),
    create=Verb(abilities.of(abilities.NDP_PROXY, ndp_proxies.create)),
    update=Verb(ndp_proxies.update),
    delete=Verb(ndp_proxies.delete),
)
ROUTES = [*NDP_PROXIES.routes, *replace(NDP_PROXIES, path="/ndp_proxies").routes]
