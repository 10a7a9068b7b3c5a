"""GET /v1/cloud/network-map, a route of the agent API for `stratolith network map`"""

from __future__ import annotations

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Forbidden
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.network.reconcilers import network_map


def show(ctx: Context) -> Response:
    """Raises Forbidden for callers on other machines."""
    if ctx.agent is None:
        raise Forbidden
    ctx.agent.require_local()
    return Response({"hosts": network_map.of_all_hosts(ctx.internal())})


AGENT_ROUTES = [Route.get("/v1/cloud/network-map", show, public=True)]
