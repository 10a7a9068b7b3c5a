"""/log/logs and /log/loggable-resources"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Resource, Verb, boolean
from stratolith.kernel.http.routing import KEEP, Route
from stratolith.network import models as m
from stratolith.network.api import lists
from stratolith.network.api.filters import listing_of, owned, standard
from stratolith.network.api.style import STYLE, own_target
from stratolith.network.exceptions.logs import LogResourceNotFound
from stratolith.network.managers import abilities
from stratolith.network.managers.security import logs
from stratolith.network.schemas.security.logs import LOG, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render(row) for row in rows]


LOGS = Resource(
    LOG.name,
    STYLE,
    plural=LOG.collection,
    path="/log/logs",
    load=logs.get,
    rendered=rendered,
    attributes=LOG,
    listing=listing_of(
        m.Log,
        ("name", "resource_type", "resource_id", "target_id", "enabled"),
        standard(
            m.Log,
            "name",
            "resource_type",
            "resource_id",
            "target_id",
            "event",
            enabled=boolean(m.Log.enabled),
        ),
        visible=owned(m.Log),
        missing=lambda marker: LogResourceNotFound(log_id=marker),
    ),
    create=Verb(abilities.of(abilities.LOGGING, logs.create)),
    update=Verb(logs.update),
    delete=Verb(logs.delete),
)


def loggable_resources(ctx: Context) -> Body:
    """The types of resources that can be logged, for callers who may know them."""
    if ctx.query.get("type") is not None:
        raise lists.unknown_filters(["type"])
    may_see = ctx.can("get_loggable_resource", own_target(ctx))
    types = [{"type": logs.SECURITY_GROUP}] if may_see else []
    return {"loggable_resources": lists.chosen_fields(ctx, types)}


ROUTES = [*LOGS.routes, Route.get("/log/loggable-resources", loggable_resources, keep=KEEP)]
