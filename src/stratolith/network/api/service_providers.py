"""/service-providers: who realises routers"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import lists

PROVIDERS = [{"service_type": "L3_ROUTER_NAT", "name": "single_node", "default": True}]


def index(ctx: Context) -> dict[str, Any]:
    found = [dict(one) for one in PROVIDERS] if ctx.can("get_service_provider") else []
    found = [one for one in found if _matches(ctx, one)]
    return {"service_providers": lists.chosen_fields(ctx, found)}


def _matches(ctx: Context, provider: dict[str, Any]) -> bool:
    """Whether each filter names the provider's value; what is no attribute filters nothing."""
    return all(
        str(value).lower() in [given.lower() for given in ctx.query.getlist(name)]
        for name, value in provider.items()
        if name in ctx.query
    )


ROUTES = [Route.get("/service-providers", index)]
