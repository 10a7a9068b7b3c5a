"""The ASGI applications: one for each service, and one that serves all services by path."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers, QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from stratolith.kernel import metrics
from stratolith.kernel.config import ApiSection, CloudSection
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import (
    ApiError,
    MethodNotAllowed,
    Moved,
    NotFound,
    TooLarge,
    Unavailable,
)
from stratolith.kernel.http import dispatch
from stratolith.kernel.http.answers import Answers, Kept
from stratolith.kernel.http.dispatch import Answer
from stratolith.kernel.http.errors import ErrorDialect, render
from stratolith.kernel.http.repeats import Repeat
from stratolith.kernel.http.routing import Match, Route, Router
from stratolith.kernel.http.turns import Turns
from stratolith.kernel.http.wire import WIRE
from stratolith.kernel.ids import is_request_id, new_request_id
from stratolith.kernel.logging import REQUESTS
from stratolith.kernel.service import Service
from stratolith.kernel.urls import service_root

# bodies of up to this many times the limit are read before the refusal, so that clients get it
_DRAINED_LIMITS = 16
_PRINTABLE = bytes(range(0x20, 0x7F))
ACCESS = logging.getLogger(REQUESTS)


class Door:
    """Serves the routes of one service; ``mount`` is its prefix on the single port."""

    def __init__(
        self,
        env: Environment,
        service: Service,
        turns: Turns,
        *,
        routes: Sequence[Route] | None = None,
        mount: str = "",
        errors: ErrorDialect | None = None,
    ) -> None:
        self.env = env
        self.service = service
        self.turns = turns
        self.mount = mount
        self.side = routes is not None
        self.errors = errors or service.errors
        prefix = "" if self.side else service.prefix
        self.router = Router(service.routes if routes is None else routes, prefix)
        largest = env.settings.of(ApiSection).max_body_mb << 20
        self.answers = Answers(env)
        self.max_body = min(largest, service.max_body or largest)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        kept = self.answers.find(scope)
        if kept is not None:
            request_id = new_request_id()
            await _send(self.service, request_id, scope, send, kept.answer)
            self._log_request(scope, request_id, kept.answer.status, started)
            wire = scope.get("extensions", {}).get(WIRE)
            if wire is not None:
                wire.keep(self._repeater(scope, kept), len(kept.answer.body))
            return
        ctx = self._context(scope)
        try:
            answer = await self._answer(ctx, scope, receive, send)
        except ApiError as error:
            answer = self._error(ctx, error)
        except ClientDisconnect:
            return
        except Exception as error:
            answer = self._error(ctx, dispatch.unexpected(error))
        if answer is not None:
            await _send(self.service, ctx.request_id, scope, send, answer)
        self._log_request(scope, ctx.request_id, answer.status if answer else 200, started)

    def _log_request(self, scope: Scope, request_id: str, status: int, started: float) -> None:
        """Count the request and write its log line."""
        took = time.perf_counter() - started
        metrics.count_request(self.service.type, scope["method"], status, took)
        ACCESS.info(
            "%s %s %s %d %.4f %s",
            self.service.type,
            scope["path"],
            scope["method"],
            status,
            took,
            (scope.get("client") or ("local",))[0],
            extra={"request_id": request_id},
        )

    def _repeater(self, scope: Scope, kept: Kept) -> Repeat:
        """A function that repeats a cached answer to the same request while it is valid."""
        request = {name: scope[name] for name in ("method", "path")}
        fields = _header_fields(self.service, "", kept.answer)
        ids = [b"%s: " % name for name, value in fields if not value]
        rest = b"".join(b"%s: %s\r\n" % field for field in fields if field[1])
        rest += b"\r\n" + kept.answer.body

        def again(client: str) -> tuple[bytes, ...] | None:
            started = time.perf_counter()
            if not self.answers.is_valid(kept):
                return None
            request_id = new_request_id()
            self._log_request({**request, "client": (client, 0)}, request_id, 200, started)
            line = request_id.encode() + b"\r\n"
            return (*chain.from_iterable((name, line) for name in ids), rest)

        return again

    # -- before the handler ----------------------------------------------------------------------

    def _context(self, scope: Scope) -> Context:
        ctx = Context(self.env, self.service)
        headers = Headers(scope=scope)
        ctx.headers = headers
        ctx.raw_query = scope["query_string"]
        if ctx.raw_query:
            ctx.query = QueryParams(ctx.raw_query)
        ctx.method = scope["method"]
        ctx.path = scope["path"][len(self.mount) :] or "/"
        # refuse two tokens: a proxy in front of the server may have checked the other one
        given = headers.getlist("x-auth-token") or headers.getlist("x-storage-token")
        ctx.token = ", ".join(given).strip()  # RFC 9110 5.5 allows tabs around a value
        ctx.by_path = bool(self.mount)
        ctx.host_url = _host_url(self.env, scope, headers)
        ctx.base_url = ctx.host_url + self.mount
        if self.service.vary:
            ctx.response_headers["Vary"] = self.service.vary
        outer = headers.get("x-openstack-request-id", "")
        if is_request_id(outer):
            ctx.global_request_id = outer
        return ctx

    async def _answer(
        self, ctx: Context, scope: Scope, receive: Receive, send: Send
    ) -> Answer | None:
        path = self._normalized_path(ctx)
        self._negotiate(ctx, path)
        match = self._match(ctx, path)
        if scope["method"] == "OPTIONS" and match is not None and self.service.tells_options:
            return Answer(200, b"", "", {**ctx.response_headers, "Allow": self._allowed(match)})
        try:
            route = self._choose(ctx, match, scope["method"])
        except (MethodNotAllowed, NotFound) as error:
            return await self._answer_without_route(ctx, scope, path, match is not None, error)
        assert match is not None
        if route.stream:
            return await self._stream(ctx, route, match.variables, scope, receive, send)
        raw = b""
        if scope["method"] not in ("GET", "HEAD"):
            raw = await _BODIES.read(scope, receive, self.max_body)
        state = self.answers.state() if route.keep else None
        answer = await self.turns.run(scope, dispatch.perform, ctx, route, match.variables, raw)
        if state is not None and answer.status == 200:
            self.answers.keep(scope, state, answer, ctx, route.keep)
        return answer

    def _negotiate(self, ctx: Context, path: str) -> None:
        """The microversion of the request; raises InvalidVersion, VersionNotAcceptable."""
        known, legacy = self.service.microversions, self.service.legacy_prefix
        if known is None or self.side:
            return
        if legacy and (path == legacy or path.startswith(f"{legacy}/")):
            ctx.legacy, ctx.version_path = True, legacy
            ctx.microversion = known.minimum
            return
        ctx.microversion = known.negotiate(ctx.headers)
        ctx.response_headers.update(known.headers(ctx.microversion))

    def _normalized_path(self, ctx: Context) -> str:
        """The path without additions of old clients; raises Moved."""
        path, prefix, doubled = ctx.path, self.service.prefix, self.service.doubled_slash
        if "//" in path and not self.side:
            single = re.sub("/{2,}", "/", path)
            inside = path.startswith(f"{prefix}/")
            if doubled == "redirected" and inside and not path.endswith("/"):
                error = Moved()
                query = f"?{ctx.query}" if ctx.query else ""
                error.headers["Location"] = f"{ctx.base_url}{single}{query}"
                raise error
            if doubled in ("ignored", "redirected") or (doubled == "ignored below" and inside):
                path = single
        if self.service.json_suffix and path.startswith(f"{prefix}/"):
            path = path.removesuffix(".json")
        return path

    def _match(self, ctx: Context, path: str) -> Match | None:
        if ctx.legacy and path.strip("/") != ctx.version_path.strip("/"):
            path = self.service.prefix + path.removeprefix(ctx.version_path)
        match = self.router.match(path)
        if match is None and self.service.project_in_path and path.startswith(self.service.prefix):
            rest = path[len(self.service.prefix) :].split("/")
            if len(rest) > 1 and len(rest[1]) in (32, 36):
                match = self.router.match(self.service.prefix + "/" + "/".join(rest[2:]))
                ctx.path_project = rest[1]
        return None if match is not None and self._has_extra_slash(path, match) else match

    def _has_extra_slash(self, path: str, match: Match) -> bool:
        """Whether the path ends in a slash that no route allows."""
        if self.service.trailing_slash or self.side or not path.endswith("/"):
            return False
        is_root = any(route.root for routes in match.routes.values() for route in routes)
        return not is_root and path.rstrip("/") not in ("", self.service.prefix)

    def _needs_token_first(self, path: str) -> bool:
        """Whether an unknown path or method is reported only to callers with a valid token."""
        prefixes = self.service.token_first
        if self.side or prefixes is None:
            return not self.side
        return any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)

    def _choose(self, ctx: Context, match: Match | None, method: str) -> Route:
        """Raises NotFound, MethodNotAllowed."""
        if match is None:
            raise NotFound
        candidates = match.routes.get(method)
        if candidates is None and method == "HEAD" and self._allows_head(match):
            candidates = match.routes.get("GET")
        if candidates is None:
            error = MethodNotAllowed()
            error.headers["Allow"] = self._allowed(match)
            raise error
        for route in candidates:
            if route.root or route.serves(ctx.microversion):
                return route
        raise NotFound

    def _allows_head(self, match: Match) -> bool:
        """Whether HEAD can be answered with the route of GET."""
        routes = match.routes.get("GET", [])
        return bool(routes) and (self.side or self.service.answers_head or routes[0].root)

    def _allowed(self, match: Match) -> str:
        """The Allow field of a path (RFC 9110, section 10.2.1)."""
        return ", ".join(sorted({*match.routes, *(["HEAD"] if self._allows_head(match) else [])}))

    async def _answer_without_route(
        self, ctx: Context, scope: Scope, path: str, known: bool, error: ApiError
    ) -> Answer:
        """Answer a path without route: raises ``error``; checks the token first where upstream
        does.

        ``known``: the path has routes, but not for this method. Unknown paths outside the version
        are answered by the service's ``elsewhere``, if it has one.
        """
        elsewhere = None if self.side else self.service.elsewhere
        if self._needs_token_first(path):
            await self.turns.run(scope, dispatch.authenticate, ctx)
        elif not known and elsewhere is not None:
            route = Route(ctx.method, path, elsewhere, public=True)
            return dispatch.encode(ctx, route, elsewhere(ctx))
        # the path of an item with an empty id, and the collection has no such method
        if known and path.endswith("/"):
            raise NotFound from None
        raise error

    async def _stream(
        self,
        ctx: Context,
        route: Route,
        variables: dict[str, str],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> Answer | None:
        loaded = await self.turns.run(scope, dispatch.admit, ctx, route, variables)
        names = route.arguments(variables)
        result = await route.handler(ctx, Request(scope, receive), *loaded, **names)
        if not callable(result):
            return dispatch.encode(ctx, route, result)
        result.headers["x-openstack-request-id"] = ctx.request_id
        await result(scope, receive, send)
        return None

    # -- after the handler -----------------------------------------------------------------------

    def _error(self, ctx: Context, error: ApiError) -> Answer:
        accept = ctx.headers.get("accept", "")
        dialect = self.errors
        if error.status == 401 and dialect is not ErrorDialect.PLAIN:
            dialect = ErrorDialect.IDENTITY
            error.headers.setdefault("WWW-Authenticate", f'Keystone uri="{_identity_url(ctx)}"')
        body, media_type = render(dialect, error, accept=accept, request_id=ctx.request_id)
        headers = {**ctx.response_headers, **error.headers}
        return Answer(error.status, body, media_type, headers)


class PathDoor:
    """All services on one port, selected by the first part of the path."""

    def __init__(self, doors: Mapping[str, Any], root: Callable[..., Any]) -> None:
        self._doors = dict(sorted(doors.items(), key=lambda item: -len(item[0])))
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Use the path as sent: an encoded slash is not a separator (RFC 3986, section 2.2), and a
        # proxy that allows only some paths would treat it differently.
        path = scope.get("raw_path", b"").partition(b"?")[0].decode("latin-1") or scope["path"]
        for mount, door in self._doors.items():
            if path == mount or path.startswith(mount + "/"):
                await door(scope, receive, send)
                return
        await self._root(scope, receive, send)


def _host_url(env: Environment, scope: Scope, headers: Headers) -> str:
    public = env.settings.of(CloudSection).public_url
    if public:
        return public.rstrip("/")
    scheme = headers.get("x-forwarded-proto", scope.get("scheme", "http"))
    if scheme not in ("http", "https"):
        scheme = "http"
    server = scope.get("server") or ("localhost", None)
    host = headers.get("host") or f"{server[0]}:{server[1]}"
    return f"{scheme}://{host}"


def _identity_url(ctx: Context) -> str:
    try:
        return service_root(ctx, "identity")
    except KeyError:
        return ctx.host_url


def _check_announced(scope: Scope, limit: int) -> None:
    """Refuse a body by its Content-Length, before the client starts to send it."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if len(length) < 19 and length.isdigit() and int(length) <= limit:
        return
    error = TooLarge(_too_large(limit))
    if "expect" in headers or len(length) >= 19 or int(length) > _DRAINED_LIMITS * limit:
        error.headers["Connection"] = "close"  # do not read such a long body to its end
    raise error


class _Bodies:
    """Memory for the bodies of current requests, shared by all doors of the process."""

    MOST = 128 << 20  # bytes
    FREE = 64 << 10  # bytes of each body that do not count: an ordinary request is never refused

    def __init__(self) -> None:
        self._held = 0

    async def read(self, scope: Scope, receive: Receive, limit: int) -> bytes:
        """The whole body; raises TooLarge, Unavailable, ClientDisconnect."""
        _check_announced(scope, limit)
        parts: list[bytes] = []
        size = held = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limit:
                    raise TooLarge(_too_large(limit))
                more = max(size - self.FREE - held, 0)
                if self._held + more > self.MOST:
                    raise Unavailable("Too many large requests are under way. Try again.")
                held += more
                self._held += more
                parts.append(chunk)
                if not message.get("more_body"):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
        finally:
            self._held -= held


_BODIES = _Bodies()


def _too_large(limit: int) -> str:
    size = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit >> 10} KiB"
    return f"The request body is larger than {size}."


def _header_value(value: str) -> bytes:
    """ASCII without control characters: other characters, in a Location, are percent-encoded."""
    if not (value.isascii() and value.isprintable()):
        value = quote(value, safe=_PRINTABLE, errors="replace")
    return value.encode()


def _header_fields(service: Service, request_id: str, answer: Answer) -> list[tuple[bytes, bytes]]:
    """The header fields of an answer."""
    headers = [(b"x-openstack-request-id", request_id.encode())]
    if service.request_id_header:
        headers.append((service.request_id_header.encode(), request_id.encode()))
    if answer.media_type:
        headers.append((b"content-type", answer.media_type.encode()))
    for name, value in answer.headers.items():
        headers.append((name.lower().encode("latin-1"), _header_value(value)))
    if answer.status not in (204, 304) and not any(n == b"content-length" for n, _ in headers):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    return headers


async def _send(
    service: Service, request_id: str, scope: Scope, send: Send, answer: Answer
) -> None:
    headers = _header_fields(service, request_id, answer)
    body = b"" if scope["method"] == "HEAD" or answer.status in (204, 304) else answer.body
    wire = scope.get("extensions", {}).get(WIRE)
    if wire is None or not wire.answer(answer.status, headers, body):
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
