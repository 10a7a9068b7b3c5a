"""Handles a request from its route to the answer: authenticate, authorise, validate, run.

All of this runs in a worker thread; the ASGI side is kernel/http/app.py.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import (
    ApiError,
    BadRequest,
    NotFound,
    Unauthorized,
    UnsupportedMediaType,
)
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import JSON, Asked, EarlyChecks, Route
from stratolith.kernel.http.storable import check_text, reason
from stratolith.kernel.http.validation import check_size, decode_json, query_document
from stratolith.kernel.transaction import NotStored, database_error, transact

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    body: bytes
    media_type: str
    headers: dict[str, str]


def perform(ctx: Context, route: Route, variables: dict[str, str], raw: bytes) -> Answer:
    """Run a plain handler in one transaction; raises ApiError."""
    try:
        return transact(
            ctx.transaction, lambda: _once(ctx, route, variables, raw), write=route.is_write
        )
    except NotStored as error:
        raise BadRequest(reason(raw, ctx.query.multi_items())) from error


def admit(ctx: Context, route: Route, variables: dict[str, str]) -> tuple[Any, ...]:
    """The steps before a streaming handler: authentication, policy, load."""
    return transact(ctx.transaction, lambda: _admitted(ctx, route, variables), write=False)


def authenticate(ctx: Context) -> None:
    """Set ``ctx.identity`` from the token; raises Unauthorized."""
    if not ctx.token or ctx.env.authenticator is None:
        raise Unauthorized
    identity = ctx.env.authenticator.authenticate(ctx.token)
    rules = identity.access_rules
    if rules is not None and ctx.service is not None:
        service, path = ctx.service.type, ctx.path
        if not any(rule.allows(service, ctx.method, path) for rule in rules):
            raise Unauthorized
    ctx.identity = identity


def _once(ctx: Context, route: Route, variables: dict[str, str], raw: bytes) -> Answer:
    _identify(ctx, route)
    request = _Request(ctx, route, raw)
    request.run_up_to(_early_checks(ctx, route))
    loaded = authorized(ctx, route, variables, request.body)
    request.run_up_to(EarlyChecks.SCHEMA)
    names = route.arguments(variables)
    if route.raw_body or route.body is not None:
        names["body"] = request.body
    return encode(ctx, route, route.handler(ctx, *loaded, **names))


def _admitted(ctx: Context, route: Route, variables: dict[str, str]) -> tuple[Any, ...]:
    """Authenticate, load, authorise; returns the loaded object as a tuple, empty without load."""
    _identify(ctx, route)
    if route.media_types != JSON:  # the handler reads the body and accepts only these types
        _check_type(ctx, route, b"")
    return authorized(ctx, route, variables)


def _identify(ctx: Context, route: Route) -> None:
    """Authenticate; raises Unauthorized, and BadRequest for another project in the path."""
    if not route.public or ctx.token:
        try:
            authenticate(ctx)
        except Unauthorized:
            if not route.public:
                raise
    if ctx.path_project and ctx.identity is not None and not ctx.owns(ctx.path_project):
        raise BadRequest(
            f"Malformed request URL: URL's project_id '{ctx.path_project}' doesn't match "
            f"Context's project_id '{ctx.who.project_id}'"
        )


def authorized(
    ctx: Context, route: Route, variables: dict[str, str], body: Any = None
) -> tuple[Any, ...]:
    """Load the object and check the policy for an authenticated caller.

    Returns the loaded object as a tuple, empty without load; raises NotFound, Forbidden.
    """
    if any("\x00" in value for value in variables.values()):
        raise NotFound
    if route.seen_by is not None and not ctx.can(route.seen_by):
        raise NotFound
    if route.inside is not None and isinstance(route.rule, str):
        outer = route.inside(ctx, next(iter(variables.values())))
        _check_policy(ctx, route, route.rule, outer.policy_target())
    loaded, missing_error = None, None
    if route.load is not None:
        try:
            loaded = route.load(ctx, *(variables[name] for name in route.loaded_by(variables)))
        except NotFound as error:
            if not route.hides_missing:
                raise
            missing_error = error
    if route.rule is not None:
        asked = Asked(variables, loaded, body)
        rule = route.rule if isinstance(route.rule, str) else route.rule.choose(ctx, asked)
        _check_policy(ctx, route, rule, _target(ctx, route, asked))
    if missing_error is not None:
        raise missing_error
    return () if route.load is None else (loaded,)


def _target(ctx: Context, route: Route, asked: Asked) -> Mapping[str, Any] | None:
    if route.target is not None:
        return route.target(ctx, asked)
    if asked.loaded is None:
        return None
    target: Mapping[str, Any] = asked.loaded.policy_target()
    return target


def _check_policy(ctx: Context, route: Route, rule: str, target: Mapping[str, Any] | None) -> None:
    if not ctx.can(rule, target):
        raise route.refused(action=rule)


def _check_query(ctx: Context, route: Route) -> None:
    if ctx.raw_query and ctx.service is not None and not ctx.service.garbled_query:
        try:
            unquote_to_bytes(ctx.raw_query).decode()
        except UnicodeDecodeError:
            raise BadRequest("Query string is not UTF-8 encoded") from None
    if route.query is not None:
        document = query_document(ctx.query, ctx.query.getlist)
        route.query.check(document, ctx.microversion, what="query")


def _early_checks(ctx: Context, route: Route) -> EarlyChecks:
    if route.early_checks is not None:
        return route.early_checks
    return EarlyChecks.NOTHING if ctx.service is None else ctx.service.early_checks


class _Request:
    """Checks a request independently of the caller's rights: step by step, each step once."""

    __slots__ = ("_at", "_ctx", "_raw", "_route", "body")

    def __init__(self, ctx: Context, route: Route, raw: bytes) -> None:
        self._ctx, self._route, self._raw = ctx, route, raw
        self._at = EarlyChecks.NOTHING
        self.body: Any = raw if route.raw_body else None

    def run_up_to(self, end: EarlyChecks) -> None:
        """Run all steps up to this one; raises UnsupportedMediaType, BadRequest."""
        has_body = self._route.body is not None and not self._route.raw_body
        if self._at < EarlyChecks.TYPE <= end and has_body:
            _check_type(self._ctx, self._route, self._raw)
        if self._at < EarlyChecks.GRAMMAR <= end and has_body:
            self.body = _read(self._route, self._raw)
        if self._at < EarlyChecks.SCHEMA <= end:
            _check_query(self._ctx, self._route)
            if self._raw and has_body:  # "null" is a body too
                self.body = _checked(self._ctx, self._route, self.body)
        self._at = max(self._at, end)


def _check_type(ctx: Context, route: Route, raw: bytes) -> None:
    content_type = ctx.headers.get("content-type", "").split(";")[0].strip().lower()
    # a route with its own media types needs the type to read the body
    is_required = route.media_types != JSON
    if content_type not in route.media_types and (is_required or (raw and content_type)):
        raise _unsupported(route, content_type)


def _read(route: Route, raw: bytes) -> Any:
    """The value of a JSON body; None if there is no body and none is required."""
    if not raw:
        if route.body_optional:
            return None
        raise BadRequest("Malformed request body: a JSON document is required.")
    value = decode_json(raw)
    check_size(value)
    check_text(raw, value)
    return value


def _checked(ctx: Context, route: Route, value: Any) -> Any:
    assert route.body is not None
    if ctx.legacy:
        value = route.body.known(value, ctx.microversion)
    route.body.check(value, ctx.microversion, what="body")
    return value if route.read is None else route.read(value)


def _unsupported(route: Route, content_type: str) -> UnsupportedMediaType:
    error = UnsupportedMediaType(content_type=content_type or "(none)")
    if route.method == "PATCH":  # RFC 5789, section 2.2
        error.headers["Accept-Patch"] = ", ".join(route.media_types)
    return error


def encode(ctx: Context, route: Route, result: Any) -> Answer:
    """The answer for the result of a handler (dict, list, None or Response)."""
    response = result if isinstance(result, Response) else Response(result)
    status = route.status if response.status is None else response.status
    headers = {**ctx.response_headers, **response.headers}
    if response.body is None:
        return Answer(status, b"", "", headers)
    if isinstance(response.body, bytes):
        return Answer(status, response.body, response.media_type, headers)
    if isinstance(response.body, str):
        return Answer(status, response.body.encode(), response.media_type, headers)
    return Answer(status, msgspec.json.encode(response.body), response.media_type, headers)


def unexpected(error: Exception) -> ApiError:
    """The error for a defect of the server: logged with its traceback, answered without it."""
    if isinstance(error, SQLAlchemyError):  # outside the transaction of the request
        known_error = database_error(error)
        if isinstance(known_error, ApiError):
            return known_error
    LOG.error("unexpected error", exc_info=error)
    return ApiError(
        "The server has either erred or is incapable of performing the requested operation."
    )
