"""/trunks"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Invalid, Resource, Verb, boolean
from stratolith.kernel.http.routing import Handler, Route
from stratolith.network import models as m
from stratolith.network.api import lists
from stratolith.network.api.filters import listing_of, owned, tagged
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.general import (
    HTTPBadRequest,
    InvalidInput,
    PolicyNotAuthorized,
)
from stratolith.network.exceptions.trunks import TrunkNotFound
from stratolith.network.managers import tags
from stratolith.network.managers.trunk import sub_ports, trunks
from stratolith.network.models import Trunk
from stratolith.network.schemas import trunks as schemas
from stratolith.network.schemas.attributes import BODY

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = [row.id for row in rows]
    carried, labels = sub_ports.of_trunks(ctx, ids), tags.of(ctx, ids)
    return [schemas.render(row, carried.get(row.id, []), labels.get(row.id, [])) for row in rows]


def show_sub_ports(ctx: Context, trunk: Trunk) -> Body:
    carried = sub_ports.of_trunks(ctx, [trunk.id]).get(trunk.id, [])
    body = {"sub_ports": [schemas.render_sub_port(row) for row in carried]}
    return lists.chosen_fields(ctx, [body])[0]


def add_sub_ports(ctx: Context, trunk: Trunk, body: Body) -> Body:
    return _changed(ctx, trunk, body, trunks.add_sub_ports)


def remove_sub_ports(ctx: Context, trunk: Trunk, body: Body) -> Body:
    return _changed(ctx, trunk, body, trunks.remove_sub_ports)


def _changed(
    ctx: Context, trunk: Trunk, body: Body, change: Callable[[Context, Trunk, Any], Trunk]
) -> Body:
    """The answer is the trunk without a name around it, as upstream's."""
    if "sub_ports" not in body:
        raise HTTPBadRequest("The body must be {'sub_ports': [...]}")
    try:
        items = schemas.sub_ports(body["sub_ports"])
    except Invalid as error:
        raise InvalidInput(error_message=str(error).rstrip(".")) from None
    document: Body = TRUNKS.document(ctx, change(ctx, trunk, items))
    return document


TRUNKS = Resource(
    schemas.TRUNK.name,
    STYLE,
    plural=schemas.TRUNK.collection,
    load=trunks.get,
    rendered=rendered,
    attributes=schemas.TRUNK,
    listing=listing_of(
        m.Trunk,
        ("name", "port_id", "status", "admin_state_up"),
        tagged(
            m.Trunk,
            "name",
            "port_id",
            "status",
            admin_state_up=boolean(m.Trunk.admin_state_up),
        ),
        visible=owned(m.Trunk),
        missing=lambda marker: TrunkNotFound(trunk_id=marker),
    ),
    create=Verb(trunks.create),
    update=Verb(trunks.update),
    delete=Verb(trunks.delete),
    tagged=True,
)


def _act(rule: str, handler: Handler) -> Route:
    return Route.put(
        f"/trunks/{{id}}/{rule}",
        handler,
        load=trunks.get,
        rule=rule,
        refused=PolicyNotAuthorized,
        body=BODY,
    )


ROUTES = [
    *TRUNKS.routes,
    Route.get(
        "/trunks/{id}/get_subports",
        show_sub_ports,
        load=trunks.get,
        rule="get_subports",
        refused=PolicyNotAuthorized,
    ),
    _act("add_subports", add_sub_ports),
    _act("remove_subports", remove_sub_ports),
]
