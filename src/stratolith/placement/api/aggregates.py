"""Aggregates of a provider."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.placement.api.freshness import at_least, fresh
from stratolith.placement.managers import aggregates, providers
from stratolith.placement.schemas import providers as schemas


def show(ctx: Context, *, uuid: str) -> Response:
    return _answer(ctx, uuid, sorted(aggregates.of_provider(ctx, uuid)))


def replace(ctx: Context, *, uuid: str, body: Any) -> Response:
    """A list before 1.19, an object with the generation since."""
    guarded = at_least(ctx, 19)
    given = body["aggregates"] if guarded else body
    generation = body["resource_provider_generation"] if guarded else None
    aggregates.set_for(ctx, uuid, given, generation=generation, bump=guarded)
    return _answer(ctx, uuid, given)


def _answer(ctx: Context, uuid: str, aggregates: list[str]) -> Response:
    """``aggregates`` keeps the given spelling; ``member_of`` matches that spelling too."""
    provider = providers.get(ctx, uuid)
    body: dict[str, Any] = {"aggregates": aggregates}
    if at_least(ctx, 19):
        body["resource_provider_generation"] = provider.generation
    return Response(body, headers=fresh(ctx))


PATH = "/resource_providers/{uuid}/aggregates"
RULE = "placement:resource_providers:aggregates"
ROUTES = [
    Route.get(PATH, show, rule=f"{RULE}:list", since="1.1"),
    Route.put(PATH, replace, rule=f"{RULE}:update", since="1.1", body=schemas.SET_AGGREGATES),
]
