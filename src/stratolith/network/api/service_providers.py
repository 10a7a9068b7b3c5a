"""/service-providers: the implementations of routers"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import lists

PROVIDERS = [{"service_type": "L3_ROUTER_NAT", "name": "single_node", "default": True}]


def index(ctx: Context) -> dict[str, Any]:
    providers = (
        [dict(provider) for provider in PROVIDERS] if ctx.can("get_service_provider") else []
    )
    providers = [provider for provider in providers if _matches(ctx, provider)]
    return {"service_providers": lists.chosen_fields(ctx, providers)}


def _matches(ctx: Context, provider: dict[str, Any]) -> bool:
    """Whether the provider matches each filter; unknown attributes do not filter."""
    return all(
        str(value).lower() in [given.lower() for given in ctx.query.getlist(name)]
        for name, value in provider.items()
        if name in ctx.query
    )


ROUTES = [Route.get("/service-providers", index)]
