"""/availability_zones: the zones of agents for networks and routers"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.api import lists
from stratolith.network.api.lists import NOT_FILTERS, unknown_filters
from stratolith.network.managers import agents

# Kind of agent -> the resource that it serves
SERVED = {"DHCP agent": "network", "L3 agent": "router"}
ATTRIBUTES = ("name", "resource", "state")


def index(ctx: Context) -> dict[str, Any]:
    """A zone is available for a resource while one of its agents is in service."""
    unknown = [name for name in ctx.query if name not in (*ATTRIBUTES, *NOT_FILTERS)]
    if unknown:
        raise unknown_filters(unknown)
    rows = agents.list_all(ctx) if ctx.can("get_availability_zone") else []
    zones: dict[tuple[str, str], bool] = {}
    for agent in rows:
        resource = SERVED.get(agent["agent_type"])
        if resource is not None and agent["availability_zone"]:
            key = (agent["availability_zone"], resource)
            zones[key] = zones.get(key, False) or bool(agent["admin_state_up"])
    shown = [
        {"name": name, "resource": resource, "state": "available" if up else "unavailable"}
        for (name, resource), up in sorted(zones.items())
    ]
    for name in ATTRIBUTES:
        if name in ctx.query:
            shown = [zone for zone in shown if zone[name] in ctx.query.getlist(name)]
    return {"availability_zones": lists.chosen_fields(ctx, shown)}


ROUTES = [Route.get("/availability_zones", index)]
