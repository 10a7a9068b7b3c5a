"""/routers, their interfaces and routes"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import guard
from stratolith.network.api.crud import Crud
from stratolith.network.exceptions import HTTPBadRequest
from stratolith.network.managers import kinds, router_interfaces, routers, tags
from stratolith.network.schemas.fields import ROUTES as ROUTE_LIST
from stratolith.network.schemas.fields import Invalid, uuid
from stratolith.network.schemas.resource import BODY
from stratolith.network.schemas.routers import ROUTER, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    gateways = routers.gateways(ctx, [row.gateway_port_id for row in rows])
    tagged = tags.of(ctx, [row.id for row in rows])
    hidden = guard.hidden(ctx, "get_router", ("ha", "distributed"))
    found = [
        render(row, gateways.get(row.gateway_port_id, []), tagged.get(row.id, []), admin=not hidden)
        for row in rows
    ]
    return guard.without(found, hidden)


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


def add_interface(ctx: Context, id: str, body: Body) -> Body:
    router = routers.get(ctx, id)
    guard.allow(ctx, "add_router_interface", router.policy_target())
    return router_interfaces.add(ctx, router, _interface(body))


def remove_interface(ctx: Context, id: str, body: Body) -> Body:
    router = routers.get(ctx, id)
    guard.allow(ctx, "remove_router_interface", router.policy_target())
    return router_interfaces.remove(ctx, router, _interface(body))


def _routes(body: Body) -> list[dict[str, str]]:
    inner = body.get("router")
    if not isinstance(inner, dict) or set(inner) != {"routes"}:
        raise HTTPBadRequest("The body must be {'router': {'routes': [...]}}")
    try:
        found: list[dict[str, str]] = ROUTE_LIST(inner["routes"])
    except Invalid as error:
        raise HTTPBadRequest(f"Invalid input for routes. Reason: {error}") from None
    return found


def add_extraroutes(ctx: Context, id: str, body: Body) -> Body:
    router = routers.get(ctx, id)
    guard.allow(ctx, "add_extraroutes", router.policy_target())
    return {"router": rendered(ctx, [routers.add_routes(ctx, router, _routes(body))])[0]}


def remove_extraroutes(ctx: Context, id: str, body: Body) -> Body:
    router = routers.get(ctx, id)
    guard.allow(ctx, "remove_extraroutes", router.policy_target())
    return {"router": rendered(ctx, [routers.remove_routes(ctx, router, _routes(body))])[0]}


CRUD = Crud(
    ROUTER,
    kinds.ROUTERS,
    routers,
    rendered,
    create=routers.create,
    update=routers.update,
)
ROUTES = [
    *CRUD.routes,
    Route.put("/routers/{id}/add_router_interface", add_interface, body=BODY),
    Route.put("/routers/{id}/remove_router_interface", remove_interface, body=BODY),
    Route.put("/routers/{id}/add_extraroutes", add_extraroutes, body=BODY),
    Route.put("/routers/{id}/remove_extraroutes", remove_extraroutes, body=BODY),
]
