"""A route that calls a route of another service.

Old compute clients use security groups, floating IPs and networks through compute. Such a route
runs the network service's own route, for the same caller and in the same transaction: the policy,
look-ups and validation of that route apply, so a proxy never allows more than its target.

    answer = proxy.call(ctx, "network", "GET", f"/security-groups/{group_id}")
    group = answer["security_group"]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.datastructures import QueryParams

from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import MethodNotAllowed, NotFound
from stratolith.kernel.http import dispatch
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route, Router
from stratolith.kernel.http.validation import query_document
from stratolith.kernel.service import plate

Query = Mapping[str, str | Sequence[str]]
_ROUTERS: Once[dict[str, Router]] = Once(lambda env: {})  # service type -> its routes


def call(
    ctx: Context, service_type: str, method: str, path: str, body: Any = None, **query: Any
) -> Any:
    """The answer of the route as a JSON value; raises the errors of the route.

    ``path`` is below the service's version prefix. ``query``: texts or lists of texts; pass names
    with special characters as ``**{"router:external": "true"}``.
    """
    service = plate(ctx.env, service_type)
    match = _router(ctx, service_type).match(service.prefix + path)
    if match is None:
        raise NotFound
    inner = ctx.beside(service)
    inner.method, inner.path, inner.query = method, service.prefix + path, _query(query)
    inner.microversion = service.microversions.maximum if service.microversions else None
    route = _route(inner, match.routes.get(method, []))
    loaded = dispatch.authorized(inner, route, match.variables, body)
    names = route.arguments(match.variables)
    if route.query is not None:
        document = query_document(inner.query, inner.query.getlist)
        route.query.check(document, inner.microversion, what="query")
    if route.body is not None:
        route.body.check(body, inner.microversion, what="body")
        names["body"] = body if route.read is None else route.read(body)
    answer = route.handler(inner, *loaded, **names)
    result = answer.body if isinstance(answer, Response) else answer
    # handlers may return parts or the whole body as encoded JSON
    text = result if isinstance(result, (str, bytes)) else msgspec.json.encode(result)
    return msgspec.json.decode(text) if text else None


def every(ctx: Context, service_type: str, path: str, collection: str, **query: Any) -> list[Any]:
    """All items of a list, over all pages."""
    items: list[Any] = []
    while True:
        body = call(ctx, service_type, "GET", path, **query)
        items += body[collection]
        links = body.get(f"{collection}_links", ())
        if not (body.get("next") or any(link["rel"] == "next" for link in links)):
            return items
        query["marker"] = items[-1]["id"]


def segment(text: str) -> str:
    """One segment of a path, with slashes encoded."""
    return quote(text, safe="")


def _route(ctx: Context, candidates: Sequence[Route]) -> Route:
    for route in candidates:
        if route.root or route.serves(ctx.microversion):
            return route
    raise MethodNotAllowed


def _query(query: Query) -> QueryParams:
    pairs = []
    for name, value in query.items():
        listed = [value] if isinstance(value, str) else value
        pairs += [(name, text) for text in listed]
    return QueryParams(pairs)


def _router(ctx: Context, service_type: str) -> Router:
    known = _ROUTERS.of(ctx.env)
    if service_type not in known:
        service = plate(ctx.env, service_type)
        known[service_type] = Router(service.routes, service.prefix)
    return known[service_type]
