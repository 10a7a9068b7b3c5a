"""NDP proxies."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import Attribute
from stratolith.network.models import NdpProxy
from stratolith.network.schemas.attributes import attributes, standard
from stratolith.network.schemas.fields import ip_address, name, nullable, uuid
from stratolith.network.schemas.rendering import common

NDP_PROXY = attributes(
    "ndp_proxy",
    "ndp_proxies",
    standard(
        name=Attribute(name(), default=""),
        router_id=Attribute(uuid, update=False, required=True),
        port_id=Attribute(uuid, update=False, required=True),
        ip_address=Attribute(nullable(ip_address), update=False),
    ),
)


def render(row: NdpProxy) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "router_id": row.router_id,
        "port_id": row.port_id,
        "ip_address": row.ip_address,
        **common(row),
    }
