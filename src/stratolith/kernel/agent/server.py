"""The agent API over HTTP: long poll for hints, views, reports.

    GET  /v1/hosts/{host}/hints?epoch=E&after=N&timeout=25   new hints
    POST /v1/hosts/{host}/seen                               heartbeat
    POST /v1/hosts/{host}/views/{view}   {"keys": [...]}     desired state
    POST /v1/hosts/{host}/reports/{view}                     observed state

For the local agent it listens on a unix socket that only root can open. Agents of other machines
connect by TLS with the certificate of their host (door.py distinguishes the two; join.py has the
routes to join and leave). Each request contains the id of the cloud to which the host belongs; a
server with another database refuses it (409), and so the host is not changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
from starlette.requests import Request

from stratolith.kernel.agent import join
from stratolith.kernel.agent.interface import Agents
from stratolith.kernel.agent.protocol import Keys, Seen
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Unavailable
from stratolith.kernel.http.errors import ErrorDialect
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.service import Service

MAX_WAIT = 30.0


def _hub(ctx: Context) -> Agents:
    if ctx.env.agents is None:
        raise Unavailable("This process has no agent API.")
    return ctx.env.agents


async def hints(ctx: Context, request: Request, host: str) -> Response:
    """Answer at once if there are hints, else when a hint comes or the time is over."""
    hub, loop = _hub(ctx), asyncio.get_running_loop()
    epoch = ctx.query.get("epoch", "")
    try:
        after = int(ctx.query.get("after", "0"))
        timeout = min(float(ctx.query.get("timeout", "25")), MAX_WAIT)
    except ValueError:
        raise BadRequest("after and timeout must be numbers") from None
    news = asyncio.Event()
    end = hub.add_waiter(host, lambda: loop.call_soon_threadsafe(news.set))
    try:
        answer = hub.peek(host, epoch, after)
        if answer is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), timeout)
            answer = hub.peek(host, epoch, after) or hub.nothing_new(after)
    finally:
        end()
    return Response(msgspec.json.encode(answer))


def seen(ctx: Context, host: str, body: bytes) -> Response:
    beat = join.decode(body, Seen)
    _hub(ctx).seen(host, beat.version, beat.views, beat.started_at, beat.offers)
    return Response(status=204)


def view(ctx: Context, host: str, view: str, body: bytes) -> Response:
    asked = join.decode(body, Keys)
    return Response(_hub(ctx).view(host, view, asked.keys))


def report(ctx: Context, host: str, view: str, body: bytes) -> Response:
    return Response(_hub(ctx).report(host, view, join.decode(body, Any)))


# The hub runs its own transactions, so these routes never open one (writes=False).
ROUTES = [
    Route.get("/v1/hosts/{host}/hints", hints, public=True, stream=True),
    Route.post("/v1/hosts/{host}/seen", seen, public=True, raw_body=True, writes=False),
    Route.post("/v1/hosts/{host}/views/{view}", view, public=True, raw_body=True, writes=False),
    Route.post("/v1/hosts/{host}/reports/{view}", report, public=True, raw_body=True, writes=False),
]


def agent_service(services: Sequence[Service]) -> Service:
    """The agent API as a service; services can add routes."""
    further = [route for service in services for route in service.agent_routes]
    return Service(
        type="agent",
        name="agent",
        port=0,
        mount="/agent",
        prefix="",
        errors=ErrorDialect.PLAIN,
        routes=[*ROUTES, *join.ROUTES, *further],
        in_catalog=False,
        token_first=(),  # AgentDoor has identified the caller
        trailing_slash=True,  # requests of guests for metadata are forwarded unchanged
    )
