"""Usages of a provider, and of a project."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Asked, Route
from stratolith.kernel.http.validation import Schema, Since, add
from stratolith.placement.api.freshness import at_least, fresh
from stratolith.placement.managers import providers, usages
from stratolith.placement.schemas.names import NAME, TEXT_255

QUERY = Schema(
    {
        "type": "object",
        "properties": {"project_id": TEXT_255, "user_id": TEXT_255},
        "required": ["project_id"],
        "additionalProperties": False,
    }
).changed(Since("1.38", add("consumer_type", {**TEXT_255, "pattern": f"{NAME}|^all$|^unknown$"})))


def of_provider(ctx: Context, *, uuid: str) -> Response:
    provider = providers.get(ctx, uuid)
    body = {
        "resource_provider_generation": provider.generation,
        "usages": usages.of_provider(ctx, uuid),
    }
    return Response(body, headers=fresh(ctx))


def _of_asked(ctx: Context, asked: Asked) -> dict[str, Any]:
    return {"project_id": ctx.query.get("project_id", "")}


def of_project(ctx: Context) -> Response:
    project_id, user_id = ctx.query.get("project_id", ""), ctx.query.get("user_id")
    QUERY.check(dict(ctx.query), ctx.microversion, what="query")
    documents: dict[str, Any]
    if at_least(ctx, 38):
        kind = ctx.query.get("consumer_type")
        documents = dict(usages.by_consumer_type(ctx, project_id, user_id, kind))
    else:
        documents = dict(usages.of_project(ctx, project_id, user_id))
    return Response({"usages": documents}, headers=fresh(ctx))


ROUTES = [
    Route.get(
        "/resource_providers/{uuid}/usages",
        of_provider,
        rule="placement:resource_providers:usages",
    ),
    Route.get("/usages", of_project, rule="placement:usages", target=_of_asked, since="1.9"),
]
