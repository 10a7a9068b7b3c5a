"""An ASGI application with the lifespan that test clients want, so that one loop serves all."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class WithLifespan:
    """Answers the lifespan protocol and passes requests on."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._inner(scope, receive, send)
            return
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
