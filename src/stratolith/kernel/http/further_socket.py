"""One more listening socket for a uvicorn server that runs already."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import uvicorn


async def serve(server: uvicorn.Server, opened: socket.socket, **options: Any) -> asyncio.Server:
    """Take connections on ``opened`` as on the others; ``options`` are of loop.create_server."""
    config = server.config
    # uvicorn types its setting as any asyncio protocol, whose constructor takes nothing
    protocol: Any = config.http_protocol_class
    found = await asyncio.get_running_loop().create_server(
        lambda: protocol(
            config=config, server_state=server.server_state, app_state=server.lifespan.state
        ),
        sock=opened,
        backlog=config.backlog,
        **options,
    )
    server.servers.append(found)
    return found
