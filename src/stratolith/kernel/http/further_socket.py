"""Adds a listening socket to a running uvicorn server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvicorn


def protocol_of(server: uvicorn.Server) -> Callable[[], asyncio.Protocol]:
    """A function that makes the protocol of one connection of this server."""
    # uvicorn's setting has the type of any asyncio protocol, whose constructor has no arguments
    protocol: Any = server.config.http_protocol_class

    def make() -> asyncio.Protocol:
        made: asyncio.Protocol = protocol(
            config=server.config, server_state=server.server_state, app_state=server.lifespan.state
        )
        return made

    return make


async def serve(server: uvicorn.Server, opened: socket.socket) -> asyncio.Server:
    """Accept connections on ``opened``, as on the other sockets of the server."""
    listening = await asyncio.get_running_loop().create_server(
        protocol_of(server), sock=opened, backlog=server.config.backlog
    )
    server.servers.append(listening)
    return listening
