"""/subnetpools"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Resource, Verb, boolean, integer
from stratolith.kernel.http.routing import Route
from stratolith.network import models as m
from stratolith.network.api.filters import (
    checked,
    listing_of,
    owned_or_shared,
    shared_or_granted,
    tagged,
)
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.general import (
    HTTPBadRequest,
    InvalidInput,
    PolicyNotAuthorized,
)
from stratolith.network.exceptions.subnetpools import SubnetPoolNotFound
from stratolith.network.managers import subnetpools, tags, visibility
from stratolith.network.managers.addressing import pool_prefixes
from stratolith.network.models import SubnetPool
from stratolith.network.schemas.attributes import BODY
from stratolith.network.schemas.fields import integer as number
from stratolith.network.schemas.subnetpools import SUBNETPOOL, render

Body = dict[str, Any]
DEFAULTS = {"shared": False, "is_default": False}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = [row.id for row in rows]
    tagged = tags.of(ctx, ids)
    granted = visibility.shared_ids(ctx, "subnetpool", ids)
    return [
        render(row, tagged.get(row.id, []), shared=row.shared or row.id in granted) for row in rows
    ]


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    visibility.note_granted_rows(ctx, "subnetpool", rows)


def _given_prefixes(body: Body) -> list[str]:
    prefixes = body.get("prefixes")
    if not isinstance(prefixes, list) or not prefixes:
        raise HTTPBadRequest("Request body contains invalid data")
    return [str(prefix) for prefix in prefixes]


def add_prefixes(ctx: Context, pool: SubnetPool, body: Body) -> Body:
    return {"prefixes": pool_prefixes.add(ctx, pool, _given_prefixes(body))}


def remove_prefixes(ctx: Context, pool: SubnetPool, body: Body) -> Body:
    return {"prefixes": pool_prefixes.remove(ctx, pool, _given_prefixes(body))}


def onboard_network_subnets(ctx: Context, pool: SubnetPool, body: Body) -> list[Body]:
    if not body.get("network_id"):
        raise InvalidInput(error_message="network_id must be specified.")
    subnets = pool_prefixes.onboard(ctx, pool, str(body["network_id"]))
    return [{"id": subnet.id, "cidr": subnet.cidr} for subnet in subnets]


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
            shared=shared_or_granted(m.SubnetPool, "subnetpool"),
            is_default=boolean(m.SubnetPool.is_default),
            default_prefixlen=checked(integer(m.SubnetPool.default_prefixlen), number()),
            min_prefixlen=checked(integer(m.SubnetPool.min_prefixlen), number()),
            max_prefixlen=checked(integer(m.SubnetPool.max_prefixlen), number()),
        ),
        visible=owned_or_shared(m.SubnetPool, "subnetpool"),
        missing=lambda marker: SubnetPoolNotFound(subnetpool_id=marker),
    ),
    create=Verb(subnetpools.create),
    update=Verb(subnetpools.update),
    delete=Verb(subnetpools.delete),
    defaults=DEFAULTS,
    prepare=_prepare,
    tagged=True,
)


def _act(rule: str, handler: Callable[[Context, SubnetPool, Body], Any]) -> Route:
    return Route.put(
        f"/subnetpools/{{id}}/{rule}",
        handler,
        load=subnetpools.get,
        rule=rule,
        refused=PolicyNotAuthorized,
        body=BODY,
    )


ROUTES = [
    *SUBNETPOOLS.routes,
    _act("add_prefixes", add_prefixes),
    _act("remove_prefixes", remove_prefixes),
    _act("onboard_network_subnets", onboard_network_subnets),
]
