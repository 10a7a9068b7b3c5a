"""Resource providers: list, create, show, update, delete."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.ids import is_uuid, new_uuid
from stratolith.placement.api.freshness import at_least, changed_at, fresh
from stratolith.placement.api.queries import parse_resources, parse_wishes
from stratolith.placement.managers import (
    candidates,
    filters,
    providers,
    resource_classes,
    traits,
)
from stratolith.placement.models import ResourceProvider
from stratolith.placement.schemas import providers as schemas

# query parameter -> its first microversion (1.x)
PARAMETERS = {"name": 0, "uuid": 0, "member_of": 3, "resources": 4, "in_tree": 14, "required": 18}
LINKS = {"inventories": 0, "usages": 0, "aggregates": 1, "traits": 6, "allocations": 11}


def list_providers(ctx: Context) -> Response:
    for name in ctx.query:
        if name not in PARAMETERS or not at_least(ctx, PARAMETERS[name]):
            raise BadRequest(f"Invalid query string parameters: '{name}' is not known here.")
    for name in ("uuid", "in_tree"):
        if name in ctx.query and not is_uuid(ctx.query[name]):
            raise BadRequest(f"Invalid query string parameters: {name} must be a UUID.")
    wishes = parse_wishes(ctx)
    traits.check(ctx, set().union(*wishes.required, wishes.forbidden))
    statement = filters.providers_where(
        select(ResourceProvider).order_by(ResourceProvider.name),
        name=ctx.query.get("name"),
        uuid=ctx.query.get("uuid"),
        in_tree=ctx.query.get("in_tree"),
        wishes=wishes,
    )
    rows = list(ctx.session.scalars(statement))
    if "resources" in ctx.query:
        resources = parse_resources(ctx.query["resources"])
        resource_classes.check(ctx, resources, "resources parameter")
        fitting = {provider.uuid for provider in candidates.find(ctx, resources)}
        rows = [row for row in rows if row.uuid in fitting]
    headers = fresh(ctx, *(changed_at(row) for row in rows))
    return Response({"resource_providers": [_render(ctx, row) for row in rows]}, headers=headers)


def create(ctx: Context, *, body: dict[str, Any]) -> Response:
    given = body.get("uuid")
    uuid = str(uuids.UUID(given)) if given else new_uuid()
    row = providers.create(ctx, uuid, body["name"], parent=body.get("parent_provider_uuid"))
    headers = {"Location": f"{ctx.base_url}/resource_providers/{uuid}"}
    if not at_least(ctx, 20):
        return Response(status=201, headers=headers)
    headers |= fresh(ctx, changed_at(row))
    return Response(_render(ctx, row), headers=headers)


def show(ctx: Context, *, uuid: str) -> Response:
    row = providers.get(ctx, uuid)
    return Response(_render(ctx, row), headers=fresh(ctx, changed_at(row)))


def update(ctx: Context, *, uuid: str, body: dict[str, Any]) -> Response:
    row = providers.get(ctx, uuid)
    providers.rename(ctx, row, body["name"])
    if "parent_provider_uuid" in body:
        parent = body["parent_provider_uuid"]
        providers.set_parent(ctx, row, parent, movable=at_least(ctx, 37))
    return Response(_render(ctx, row), headers=fresh(ctx, changed_at(row)))


def delete(ctx: Context, *, uuid: str) -> None:
    providers.delete(ctx, uuid)


def _render(ctx: Context, row: ResourceProvider) -> dict[str, Any]:
    # paths start at the service's root, so that they are valid for every address of the service
    url = f"/resource_providers/{row.uuid}"
    if ctx.by_path and ctx.service is not None:
        url = ctx.service.mount + url
    links = [{"rel": "self", "href": url}]
    links += [
        {"rel": rel, "href": f"{url}/{rel}"} for rel, minor in LINKS.items() if at_least(ctx, minor)
    ]
    document = {"uuid": row.uuid, "name": row.name, "generation": row.generation, "links": links}
    if at_least(ctx, 14):
        document["parent_provider_uuid"] = row.parent_uuid
        document["root_provider_uuid"] = row.root_uuid
    return document


PATH = "/resource_providers"
RULE = "placement:resource_providers"
ROUTES = [
    Route.get(PATH, list_providers, rule=f"{RULE}:list"),
    Route.post(PATH, create, rule=f"{RULE}:create", body=schemas.CREATE),
    Route.get(f"{PATH}/{{uuid}}", show, rule=f"{RULE}:show"),
    Route.put(f"{PATH}/{{uuid}}", update, rule=f"{RULE}:update", body=schemas.UPDATE),
    Route.delete(f"{PATH}/{{uuid}}", delete, rule=f"{RULE}:delete"),
]
