"""The ASGI application of the agent API: identifies the caller before all other checks."""

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
    """The agent routes of all services.

    On each route, the host in the path must be the caller's own; a machine that is not a host can
    use only the routes for joining. ``identify`` returns the caller; it raises Unauthorized, and
    reads the database only to check a certificate.
    """

    def __init__(
        self, env: Environment, turns: Turns, *, identify: Identify | None = None, mount: str = ""
    ) -> None:
        super().__init__(env, agent_service(plates(env)), turns, mount=mount)
        self._identify = identify or identify_by_connection

    async def _answer(
        self, ctx: Context, scope: Scope, receive: Receive, send: Send
    ) -> Answer | None:
        # only the database knows whether the certificate is valid
        if CERTIFICATE in (scope.get("extensions") or {}):
            ctx.agent = await self.turns.run(scope, self._identify, self.env, scope)
        else:
            ctx.agent = self._identify(self.env, scope)
        match = self.router.match(ctx.path)
        if ctx.path not in join.FOR_STRANGERS:
            ctx.agent.require((match.variables if match else {}).get("host", ctx.agent.host))
        if self.env.agents is not None:  # reads the database only once
            self.env.agents.check_cloud(ctx.headers.get(CLOUD_HEADER, ""))
        return await super()._answer(ctx, scope, receive, send)


def identify_by_connection(env: Environment, scope: Scope) -> AgentCaller:
    """The host of this machine for a unix socket, the host of the certificate for TLS.

    Raises Unauthorized for a certificate that is no longer valid, Unavailable.
    """
    server: Any = scope.get("server")
    if server is None or server[1] is None:
        return AgentCaller(socket.gethostname(), is_local=True)
    der: bytes | None = (scope.get("extensions") or {}).get(CERTIFICATE)
    if der is None:
        return AgentCaller()
    bearer = bearer_of(der)
    if bearer is None:
        raise Unauthorized("The certificate does not belong to a host.")
    try:
        with env.db.read() as session:
            name = membership.name_of(session, bearer, env.clock.now())
    except SQLAlchemyError as error:
        raise database_error(error) from error
    if name is None:
        raise Unauthorized(
            "The certificate of this host is no longer valid. Join again: `stratolith token "
            "create` on the server, `stratolith join` here."
        )
    return AgentCaller(name, serial=bearer.serial)
