"""The door of the agent API: it settles who asks before anything else is looked at."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Receive, Scope, Send

from stratolith.kernel.agent import join
from stratolith.kernel.agent.caller import AgentCaller
from stratolith.kernel.agent.protocol import CLOUD_HEADER
from stratolith.kernel.agent.server import agent_service
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import Unauthorized
from stratolith.kernel.hosts import membership
from stratolith.kernel.hosts.authority import bearer_of
from stratolith.kernel.http.app import Door
from stratolith.kernel.http.dispatch import Answer
from stratolith.kernel.http.protocol import CERTIFICATE
from stratolith.kernel.http.turns import Turns
from stratolith.kernel.service import plates
from stratolith.kernel.transaction import database_error

Identify = Callable[[Environment, Scope], AgentCaller]


class AgentDoor(Door):
    """The agents' routes of every service.

    The host that a path names must be the caller's own, on every route, and whoever is no host
    gets no further than to the routes for joining. ``identify`` tells the caller; it raises
    Unauthorized, and reads the database for a certificate only.
    """

    def __init__(
        self, env: Environment, turns: Turns, *, identify: Identify | None = None, mount: str = ""
    ) -> None:
        super().__init__(env, agent_service(plates(env)), turns, mount=mount)
        self._identify = identify or identify_by_connection

    async def _answer(
        self, ctx: Context, scope: Scope, receive: Receive, send: Send
    ) -> Answer | None:
        if CERTIFICATE in (scope.get("extensions") or {}):  # the database knows whether it is good
            ctx.agent = await self.turns.run(scope, self._identify, self.env, scope)
        else:
            ctx.agent = self._identify(self.env, scope)
        found = self.router.match(ctx.path)
        if ctx.path not in join.FOR_STRANGERS:
            ctx.agent.require((found.variables if found else {}).get("host", ctx.agent.host))
        if self.env.agents is not None:  # reads the database once only
            self.env.agents.check_cloud(ctx.headers.get(CLOUD_HEADER, ""))
        return await super()._answer(ctx, scope, receive, send)


def identify_by_connection(env: Environment, scope: Scope) -> AgentCaller:
    """By the unix socket it is the host of this machine, by TLS the one of its certificate.

    Raises Unauthorized for a certificate that is not good any more, Unavailable.
    """
    server: Any = scope.get("server")
    if server is None or server[1] is None:
        return AgentCaller(socket.gethostname(), is_local=True)
    der: bytes | None = (scope.get("extensions") or {}).get(CERTIFICATE)
    if der is None:
        return AgentCaller()
    bearer = bearer_of(der)
    if bearer is None:
        raise Unauthorized("The certificate is not that of a host.")
    try:
        with env.db.read() as session:
            name = membership.name_of(session, bearer, env.clock.now())
    except SQLAlchemyError as error:
        raise database_error(error) from error
    if name is None:
        raise Unauthorized(
            "The certificate of this host is good no more. Join again: `stratolith token create` "
            "on the server, `stratolith join` here."
        )
    return AgentCaller(name, serial=bearer.serial)
