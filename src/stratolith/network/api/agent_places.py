"""/agents/{id}/l3-routers and /agents/{id}/dhcp-networks, and the agents of routers and networks"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.network.api import lists, networks, routers
from stratolith.network.exceptions.general import HTTPBadRequest
from stratolith.network.managers import agent_places, agents
from stratolith.network.schemas.attributes import BODY

Body = dict[str, Any]


def _id_in(body: Body, name: str) -> str:
    value = body.get(name)
    if set(body) != {name} or not isinstance(value, str):
        raise HTTPBadRequest(f"The body must be {{'{name}': ID}}")
    return value


def _done() -> Response:
    """The same answer as upstream: 201 with the body ``null``."""
    return Response(b"null", status=201, media_type="application/json")


def list_routers(ctx: Context, id: str) -> Body:
    router_rows = agent_places.routers_of(ctx, agents.get(ctx, id))
    return {"routers": lists.chosen_fields(ctx, routers.rendered(ctx, router_rows))}


def add_router(ctx: Context, id: str, body: Body) -> Response:
    agent_places.add_router(ctx, agents.get(ctx, id), _id_in(body, "router_id"))
    return _done()


def remove_router(ctx: Context, id: str, router_id: str) -> None:
    agent_places.remove_router(ctx, agents.get(ctx, id), router_id)


def list_networks(ctx: Context, id: str) -> Body:
    network_rows = agent_places.networks_of(ctx, agents.get(ctx, id))
    return {"networks": lists.chosen_fields(ctx, networks.rendered(ctx, network_rows))}


def add_network(ctx: Context, id: str, body: Body) -> Response:
    agent_places.add_network(ctx, agents.get(ctx, id), _id_in(body, "network_id"))
    return _done()


def remove_network(ctx: Context, id: str, network_id: str) -> None:
    agent_places.remove_network(ctx, agents.get(ctx, id), network_id)


def of_router(ctx: Context, id: str) -> Body:
    return {"agents": lists.chosen_fields(ctx, agent_places.of_router(ctx, id))}


def of_network(ctx: Context, id: str) -> Body:
    return {"agents": lists.chosen_fields(ctx, agent_places.of_network(ctx, id))}


_ROUTERS, _NETWORKS = "/agents/{id}/l3-routers", "/agents/{id}/dhcp-networks"
ROUTES = [
    Route.get(_ROUTERS, list_routers, rule="get_l3-routers"),
    Route.post(_ROUTERS, add_router, rule="create_l3-router", body=BODY),
    Route.delete(f"{_ROUTERS}/{{router_id}}", remove_router, rule="delete_l3-router"),
    Route.get(_NETWORKS, list_networks, rule="get_dhcp-networks"),
    Route.post(_NETWORKS, add_network, rule="create_dhcp-network", body=BODY),
    Route.delete(f"{_NETWORKS}/{{network_id}}", remove_network, rule="delete_dhcp-network"),
    Route.get("/routers/{id}/l3-agents", of_router, rule="get_l3-agents"),
    Route.get("/networks/{id}/dhcp-agents", of_network, rule="get_dhcp-agents"),
]
