"""/service-providers: who realises routers"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import collections

PROVIDERS = [{"service_type": "L3_ROUTER_NAT", "name": "single_node", "default": True}]


def index(ctx: Context) -> dict[str, Any]:
    found = [dict(one) for one in PROVIDERS] if ctx.can("get_service_provider") else []
    return {"service_providers": collections.chosen_fields(ctx, found)}


ROUTES = [Route.get("/service-providers", index)]
