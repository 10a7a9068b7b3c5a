"""/routers/{id}/add_external_gateways, update_external_gateways and remove_external_gateways"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Invalid
from stratolith.kernel.http.resource.rights import allow
from stratolith.kernel.http.routing import Handler, Route
from stratolith.network.api.routers import ROUTERS
from stratolith.network.exceptions.general import HTTPBadRequest, PolicyNotAuthorized
from stratolith.network.managers import routers
from stratolith.network.managers.routing import external_gateways
from stratolith.network.models import Router
from stratolith.network.schemas.attributes import BODY
from stratolith.network.schemas.routers import EXTERNAL_GATEWAYS

Body = dict[str, Any]
NAME = "external_gateways"


def _act(rule: str, change: Callable[[Context, Router, Sequence[dict[str, Any]]], Router]) -> Route:
    def handler(ctx: Context, router: Router, body: Body) -> Body:
        wanted = _wanted(body)
        if wanted is not None:
            target = router.policy_target()
            allow(ctx, rule, target, {NAME: wanted}, refused=PolicyNotAuthorized)
            router = change(ctx, router, wanted)
        return {"router": ROUTERS.document(ctx, router)}

    named: Handler = handler
    return Route.put(
        f"/routers/{{id}}/{rule}",
        named,
        load=routers.get,
        rule=rule,
        refused=PolicyNotAuthorized,
        body=BODY,
    )


def _wanted(body: Body) -> list[dict[str, Any]] | None:
    """None: the request names no gateways, and changes nothing."""
    inner = body.get("router")
    if not isinstance(inner, dict) or not set(inner) <= {NAME}:
        raise HTTPBadRequest("The body must be {'router': {'external_gateways': [...]}}")
    if NAME not in inner:
        return None
    if inner[NAME] in (None, {}):  # the openstack client sends {} when it clears the gateway
        return []
    try:
        gateways: list[dict[str, Any]] = EXTERNAL_GATEWAYS(inner[NAME])
    except Invalid as error:
        raise HTTPBadRequest(f"Invalid input for {NAME}. Reason: {error}") from None
    return gateways


ROUTES = [
    _act("add_external_gateways", external_gateways.add),
    _act("update_external_gateways", external_gateways.update),
    _act("remove_external_gateways", external_gateways.remove),
]
