"""POST /v1/cloud/servers/{name}/diagnosis, a route of the agent API for `stratolith diagnose`"""

from __future__ import annotations

from stratolith.compute.managers import diagnosis
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Forbidden
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route


def show(ctx: Context, name: str) -> Response:
    """Raises Forbidden for callers on other machines."""
    if ctx.agent is None:
        raise Forbidden
    ctx.agent.require_local()
    return Response(diagnosis.of_server(ctx.internal(), name))


AGENT_ROUTES = [Route.post("/v1/cloud/servers/{name}/diagnosis", show, raw_body=False, public=True)]
