"""Traits, and the traits of a provider."""

from __future__ import annotations

import re
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.resource import parse_bool
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.placement.api.freshness import fresh
from stratolith.placement.managers import providers, traits
from stratolith.placement.schemas import providers as schemas
from stratolith.placement.schemas.names import CUSTOM_NAME


def list_traits(ctx: Context) -> Response:
    for key in ctx.query:
        if key not in ("name", "associated"):
            raise BadRequest(f"Invalid query string parameters: '{key}' is not known here.")
    changed_at = traits.list_all(ctx)
    names = list(changed_at)
    if "name" in ctx.query:
        names = _named(ctx.query["name"], names)
    if "associated" in ctx.query:
        wanted, used = parse_bool(ctx.query["associated"]), traits.associated(ctx)
        names = [name for name in names if (name in used) == wanted]
    headers = fresh(ctx, *(changed_at[name] for name in names))
    return Response({"traits": names}, headers=headers)


def _named(asked: str, names: list[str]) -> list[str]:
    operator, colon, value = asked.partition(":")
    if colon and operator == "in":
        wanted = set(value.split(","))
        return [name for name in names if name in wanted]
    if colon and operator == "startswith":
        return [name for name in names if name.startswith(value)]
    raise BadRequest('Badly formatted name parameter. Expected "startswith:" or "in:".')


def show(ctx: Context, *, name: str) -> Response:
    return Response(status=204, headers=fresh(ctx, traits.get(ctx, name)))


def ensure(ctx: Context, *, name: str) -> Response:
    if not re.match(CUSTOM_NAME, name) or len(name) > 255:
        raise BadRequest(
            "The trait is invalid. A valid trait must be no longer than 255 characters, start "
            'with the prefix "CUSTOM_" and use following characters: "A"-"Z", "0"-"9" and "_"'
        )
    created = traits.ensure(ctx, name)
    headers = {"Location": f"{ctx.base_url}/traits/{name}", **fresh(ctx)}
    return Response(status=201 if created else 204, headers=headers)


def delete(ctx: Context, *, name: str) -> None:
    traits.delete(ctx, name)


def list_for_provider(ctx: Context, *, uuid: str) -> Response:
    return _of_provider(ctx, uuid)


def replace_for_provider(ctx: Context, *, uuid: str, body: dict[str, Any]) -> Response:
    providers.get(ctx, uuid)
    traits.check(ctx, body["traits"])
    generation = body["resource_provider_generation"]
    traits.set_for(ctx, uuid, body["traits"], generation=generation)
    return _of_provider(ctx, uuid)


def clear_for_provider(ctx: Context, *, uuid: str) -> None:
    traits.set_for(ctx, uuid, ())


def _of_provider(ctx: Context, uuid: str) -> Response:
    provider = providers.get(ctx, uuid)
    body = {
        "traits": sorted(traits.of_provider(ctx, uuid)),
        "resource_provider_generation": provider.generation,
    }
    return Response(body, headers=fresh(ctx))


RULE = "placement:traits"
OF_PROVIDER = "/resource_providers/{uuid}/traits"
OF_PROVIDER_RULE = "placement:resource_providers:traits"
ROUTES = [
    Route.get("/traits", list_traits, rule=f"{RULE}:list", since="1.6"),
    Route.get("/traits/{name}", show, rule=f"{RULE}:show", since="1.6"),
    Route.put("/traits/{name}", ensure, rule=f"{RULE}:update", since="1.6"),
    Route.delete("/traits/{name}", delete, rule=f"{RULE}:delete", since="1.6"),
    Route.get(OF_PROVIDER, list_for_provider, rule=f"{OF_PROVIDER_RULE}:list", since="1.6"),
    Route.put(
        OF_PROVIDER,
        replace_for_provider,
        rule=f"{OF_PROVIDER_RULE}:update",
        since="1.6",
        body=schemas.SET_TRAITS,
    ),
    Route.delete(OF_PROVIDER, clear_for_provider, rule=f"{OF_PROVIDER_RULE}:delete", since="1.6"),
]
