"""/routers, their interfaces and routes"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Invalid, Resource, Verb, boolean
from stratolith.kernel.http.resource.rights import hidden as hidden_by
from stratolith.kernel.http.resource.rights import without
from stratolith.kernel.http.routing import Handler, Route
from stratolith.network import models as m
from stratolith.network.api.filters import listing_of, owned, tagged
from stratolith.network.api.style import STYLE, own_target
from stratolith.network.exceptions.general import HTTPBadRequest, PolicyNotAuthorized
from stratolith.network.exceptions.routers import RouterNotFound
from stratolith.network.managers import abilities, router_interfaces, routers, tags
from stratolith.network.managers.routing import conntrack_helpers, zones
from stratolith.network.models import Router
from stratolith.network.schemas.attributes import BODY
from stratolith.network.schemas.fields import ROUTES as ROUTE_LIST
from stratolith.network.schemas.fields import uuid
from stratolith.network.schemas.routers import ROUTER, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    gateways = routers.gateways(ctx, rows)
    tagged = tags.of(ctx, [row.id for row in rows])
    of_zones = zones.of_routers(ctx, [row.id for row in rows])
    helpers = conntrack_helpers.of_routers(ctx, [row.id for row in rows])
    hidden = hidden_by(ctx, "get_router", ("ha", "distributed"), own_target(ctx))
    bodies = [
        render(
            row,
            gateways[row.id],
            helpers.get(row.id, []),
            of_zones.get(row.id, []),
            tagged.get(row.id, []),
            admin=not hidden,
        )
        for row in rows
    ]
    return without(bodies, hidden)


def _interface(body: Body) -> Body:
    unknown = sorted(set(body) - {"subnet_id", "port_id"})
    if unknown:
        raise HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    for name, value in body.items():
        try:
            body[name] = None if value is None else uuid(value)
        except Invalid as error:
            raise HTTPBadRequest(f"Invalid input for {name}. Reason: {error}") from None
    return body


def add_interface(ctx: Context, router: Router, body: Body) -> Body:
    return router_interfaces.add(ctx, router, _interface(body))


def remove_interface(ctx: Context, router: Router, body: Body) -> Body:
    return router_interfaces.remove(ctx, router, _interface(body))


def _routes(body: Body) -> list[dict[str, str]]:
    inner = body.get("router")
    if not isinstance(inner, dict) or set(inner) != {"routes"}:
        raise HTTPBadRequest("The body must be {'router': {'routes': [...]}}")
    try:
        routes: list[dict[str, str]] = ROUTE_LIST(inner["routes"])
    except Invalid as error:
        raise HTTPBadRequest(f"Invalid input for routes. Reason: {error}") from None
    return routes


def add_extraroutes(ctx: Context, router: Router, body: Body) -> Body:
    return {"router": ROUTERS.document(ctx, routers.add_routes(ctx, router, _routes(body)))}


def remove_extraroutes(ctx: Context, router: Router, body: Body) -> Body:
    return {"router": ROUTERS.document(ctx, routers.remove_routes(ctx, router, _routes(body)))}


ROUTERS = Resource(
    ROUTER.name,
    STYLE,
    plural=ROUTER.collection,
    load=routers.get,
    rendered=rendered,
    attributes=ROUTER,
    listing=listing_of(
        m.Router,
        ("name", "status", "admin_state_up"),
        tagged(
            m.Router,
            "name",
            admin_state_up=boolean(m.Router.admin_state_up),
        ),
        visible=owned(m.Router),
        missing=lambda marker: RouterNotFound(router_id=marker),
    ),
    create=Verb(abilities.of(abilities.NDP_PROXY, routers.create, "enable_ndp_proxy")),
    update=Verb(abilities.of(abilities.NDP_PROXY, routers.update, "enable_ndp_proxy")),
    delete=Verb(routers.delete),
    tagged=True,
)


def _act(rule: str, handler: Handler) -> Route:
    return Route.put(
        f"/routers/{{id}}/{rule}",
        handler,
        load=routers.get,
        rule=rule,
        refused=PolicyNotAuthorized,
        body=BODY,
    )


ROUTES = [
    *ROUTERS.routes,
    _act("add_router_interface", add_interface),
    _act("remove_router_interface", remove_interface),
    _act("add_extraroutes", add_extraroutes),
    _act("remove_extraroutes", remove_extraroutes),
]
