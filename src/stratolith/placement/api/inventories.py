"""Inventories of a provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.placement.api.freshness import at_least, changed_at, fresh
from stratolith.placement.exceptions import InvalidInventory
from stratolith.placement.managers import inventories, providers
from stratolith.placement.managers.inventories import FIELDS
from stratolith.placement.models import Inventory, ResourceProvider
from stratolith.placement.schemas import providers as schemas


def list_inventories(ctx: Context, *, uuid: str) -> Response:
    return _all(ctx, providers.get(ctx, uuid))


def replace(ctx: Context, *, uuid: str, body: dict[str, Any]) -> Response:
    for name, given in body["inventories"].items():
        check_reserved(ctx, name, given)
    provider = inventories.replace(
        ctx, uuid, body["inventories"], generation=body["resource_provider_generation"]
    )
    return _all(ctx, provider)


def create(ctx: Context, *, uuid: str, body: dict[str, Any]) -> Response:
    name = body["resource_class"]
    check_reserved(ctx, name, body)
    generation = body.get("resource_provider_generation")
    row = inventories.create(ctx, uuid, name, body, generation=generation)
    location = f"{ctx.base_url}/resource_providers/{uuid}/inventories/{name}"
    return _one(ctx, row, status=201, headers={"Location": location})


def delete_all(ctx: Context, *, uuid: str) -> None:
    inventories.replace(ctx, uuid, {})


def show(ctx: Context, *, uuid: str, resource_class: str) -> Response:
    providers.get(ctx, uuid)
    return _one(ctx, inventories.get(ctx, uuid, resource_class))


def update(ctx: Context, *, uuid: str, resource_class: str, body: dict[str, Any]) -> Response:
    check_reserved(ctx, resource_class, body)
    generation = body["resource_provider_generation"]
    return _one(ctx, inventories.update(ctx, uuid, resource_class, body, generation=generation))


def delete(ctx: Context, *, uuid: str, resource_class: str) -> None:
    inventories.delete(ctx, uuid, resource_class)


def check_reserved(ctx: Context, name: str, given: Mapping[str, Any]) -> None:
    """Before 1.26 reserved had to be less than total; raises InvalidInventory."""
    if not at_least(ctx, 26) and given.get("reserved", 0) >= given["total"]:
        raise InvalidInventory(
            resource_class=name, reason="reserved must be less than total before 1.26"
        )


def _all(ctx: Context, provider: ResourceProvider) -> Response:
    rows = inventories.of_provider(ctx, provider.uuid)
    body = {
        "inventories": {name: _render(row) for name, row in rows.items()},
        "resource_provider_generation": provider.generation,
    }
    return Response(body, headers=fresh(ctx, *(changed_at(row) for row in rows.values())))


def _one(
    ctx: Context, row: Inventory, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    provider = providers.get(ctx, row.provider_uuid)
    body = {**_render(row), "resource_provider_generation": provider.generation}
    return Response(body, status=status, headers={**(headers or {}), **fresh(ctx, changed_at(row))})


def _render(row: Inventory) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


PATH = "/resource_providers/{uuid}/inventories"
RULE = "placement:resource_providers:inventories"
ROUTES = [
    Route.get(PATH, list_inventories, rule=f"{RULE}:list"),
    Route.put(PATH, replace, rule=f"{RULE}:update", body=schemas.SET_INVENTORIES),
    Route.post(PATH, create, rule=f"{RULE}:create", body=schemas.CREATE_INVENTORY),
    Route.delete(PATH, delete_all, rule=f"{RULE}:delete", since="1.5"),
    Route.get(f"{PATH}/{{resource_class}}", show, rule=f"{RULE}:show"),
    Route.put(
        f"{PATH}/{{resource_class}}",
        update,
        rule=f"{RULE}:update",
        body=schemas.UPDATE_INVENTORY,
    ),
    Route.delete(f"{PATH}/{{resource_class}}", delete, rule=f"{RULE}:delete"),
]
