"""One more listening socket for a uvicorn server that runs already."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvicorn


def protocol_of(server: uvicorn.Server) -> Callable[[], asyncio.Protocol]:
    """Makes what serves one connection of this server."""
    # uvicorn types its setting as any asyncio protocol, whose constructor takes nothing
    protocol: Any = server.config.http_protocol_class

    def make() -> asyncio.Protocol:
        made: asyncio.Protocol = protocol(
            config=server.config, server_state=server.server_state, app_state=server.lifespan.state
        )
        return made

    return make


async def serve(server: uvicorn.Server, opened: socket.socket) -> asyncio.Server:
    """Take connections on ``opened`` as on the others."""
    found = await asyncio.get_running_loop().create_server(
        protocol_of(server), sock=opened, backlog=server.config.backlog
    )
    server.servers.append(found)
    return found
