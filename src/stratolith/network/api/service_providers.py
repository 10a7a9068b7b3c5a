"""/service-providers: the implementations of routers"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import lists
from stratolith.network.managers.flavors.providers import PROVIDERS

SHOWN = ("service_type", "name", "default")


def index(ctx: Context) -> dict[str, Any]:
    known = PROVIDERS if ctx.can("get_service_provider") else []
    rows = [{name: getattr(provider, name) for name in SHOWN} for provider in known]
    providers = [row for row in rows if _matches(ctx, row)]
    return {"service_providers": lists.chosen_fields(ctx, providers)}


def _matches(ctx: Context, provider: dict[str, Any]) -> bool:
    """Whether the provider matches each filter; unknown attributes do not filter."""
    return all(
        str(value).lower() in [given.lower() for given in ctx.query.getlist(name)]
        for name, value in provider.items()
        if name in ctx.query
    )


ROUTES = [Route.get("/service-providers", index)]
