"""Pages that every port has besides its service: alive, ready, metrics."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stratolith import __version__
from stratolith.kernel import metrics
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import MethodNotAllowed, NotFound
from stratolith.kernel.http.errors import ErrorDialect, render


class Health:
    """Answers /healthz, /healthcheck, /readyz and /metrics; passes on all other requests."""

    def __init__(self, env: Environment, inner: ASGIApp) -> None:
        self._env = env
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(scope["path"]) if scope["method"] in ("GET", "HEAD") else None
        await (answer or self._inner)(scope, receive, send)

    async def _answer(self, path: str) -> Response | None:
        if path in ("/healthz", "/healthcheck"):
            return PlainTextResponse("OK")
        if path == "/readyz":
            return await run_in_threadpool(self._ready)
        if path == "/metrics":
            body = await run_in_threadpool(metrics.render)
            return Response(body, media_type="text/plain; version=0.0.4")
        return None

    def _ready(self) -> Response:
        try:
            with self._env.db.read() as session:
                session.execute(text("SELECT 1"))
        except Exception as error:
            return PlainTextResponse(f"the database does not answer: {error}", status_code=503)
        return PlainTextResponse("ready")


def root_index(env: Environment) -> Any:
    """The root page of the port for all services: the services and their paths."""

    async def index(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] not in ("/", ""):
            body, kind = render(ErrorDialect.IDENTITY, NotFound(), accept="", request_id="")
            await Response(body, 404, media_type=kind)(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            body, kind = render(ErrorDialect.IDENTITY, MethodNotAllowed(), accept="", request_id="")
            allow = {"Allow": "GET, HEAD"}
            await Response(body, 405, allow, media_type=kind)(scope, receive, send)
            return
        services = [{"type": s.type, "path": s.mount} for s in env.services if s.in_catalog]
        document = {"name": "stratolith", "version": __version__, "services": services}
        await JSONResponse(msgspec.to_builtins(document))(scope, receive, send)

    return index
