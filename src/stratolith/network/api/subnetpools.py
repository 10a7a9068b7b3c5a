"""/subnetpools"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Resource, Verb, boolean, integer
from stratolith.network import models as m
from stratolith.network.api.filters import checked, listing_of, owned_or_shared, tagged
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.subnetpools import SubnetPoolNotFound
from stratolith.network.managers import subnetpools, tags
from stratolith.network.schemas.fields import integer as number
from stratolith.network.schemas.subnetpools import SUBNETPOOL, render

Body = dict[str, Any]
DEFAULTS = {"shared": False, "is_default": False}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    tagged = tags.of(ctx, [row.id for row in rows])
    return [render(row, tagged.get(row.id, [])) for row in rows]


SUBNETPOOLS = Resource(
    SUBNETPOOL.name,
    STYLE,
    plural=SUBNETPOOL.collection,
    load=subnetpools.get,
    rendered=rendered,
    attributes=SUBNETPOOL,
    listing=listing_of(
        m.SubnetPool,
        ("name", "ip_version", "address_scope_id"),
        tagged(
            m.SubnetPool,
            "name",
            "address_scope_id",
            ip_version=integer(m.SubnetPool.ip_version),
            shared=boolean(m.SubnetPool.shared),
            is_default=boolean(m.SubnetPool.is_default),
            default_prefixlen=checked(integer(m.SubnetPool.default_prefixlen), number()),
            min_prefixlen=checked(integer(m.SubnetPool.min_prefixlen), number()),
            max_prefixlen=checked(integer(m.SubnetPool.max_prefixlen), number()),
        ),
        visible=owned_or_shared(m.SubnetPool),
        missing=lambda marker: SubnetPoolNotFound(subnetpool_id=marker),
    ),
    create=Verb(subnetpools.create),
    update=Verb(subnetpools.update),
    delete=Verb(subnetpools.delete),
    defaults=DEFAULTS,
    tagged=True,
)
ROUTES = SUBNETPOOLS.routes
