"""/local-ips and /local_ips/{id}/port_associations, each also with the other sign"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import (
    Resource,
    Verb,
)
from stratolith.network import models as m
from stratolith.network.api.filters import listing_of, owned, standard
from stratolith.network.api.routing import port_associations
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.local_ips import LocalIPNotFound
from stratolith.network.managers import abilities
from stratolith.network.managers.routing import local_ips
from stratolith.network.schemas.routing.local_ips import LOCAL_IP, render

_COLUMNS = ("name", "local_port_id", "network_id", "local_ip_address", "ip_mode")


def rendered(ctx: Context, rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [render(row) for row in rows]


LOCAL_IPS = Resource(
    LOCAL_IP.name,
    STYLE,
    plural=LOCAL_IP.collection,
    load=local_ips.get,
    rendered=rendered,
    attributes=LOCAL_IP,
    listing=listing_of(
        m.LocalIp,
        _COLUMNS,
        standard(m.LocalIp, *_COLUMNS),
        visible=owned(m.LocalIp),
        missing=lambda marker: LocalIPNotFound(id=marker),
    ),
    create=Verb(abilities.of(abilities.LOCAL_IP, local_ips.create)),
    update=Verb(local_ips.update),
    delete=Verb(local_ips.delete),
)
ROUTES = [
    route
    for path in ("/local-ips", "/local_ips")
    for resource in (
        replace(LOCAL_IPS, path=path),
        replace(port_associations.PORT_ASSOCIATIONS, path=f"{path}/{{id}}/port_associations"),
    )
    for route in resource.routes
]
