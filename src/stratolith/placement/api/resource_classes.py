"""Resource classes."""

from __future__ import annotations

import re
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.placement.api.freshness import fresh
from stratolith.placement.managers import resource_classes
from stratolith.placement.schemas import providers as schemas
from stratolith.placement.schemas.names import CUSTOM_NAME


def list_classes(ctx: Context) -> Response:
    rows = resource_classes.list_all(ctx)
    body = {"resource_classes": [_render(ctx, name) for name, _ in rows]}
    return Response(body, headers=fresh(ctx, *(moment for _, moment in rows)))


def create(ctx: Context, *, body: dict[str, Any]) -> Response:
    resource_classes.create(ctx, body["name"])
    return Response(status=201, headers=_location(ctx, body["name"]))


def show(ctx: Context, *, name: str) -> Response:
    class_name, moment = resource_classes.get(ctx, name)
    return Response(_render(ctx, class_name), headers=fresh(ctx, moment))


def rename(ctx: Context, *, name: str, body: dict[str, Any]) -> Response:
    """PUT before 1.7."""
    resource_classes.rename(ctx, name, body["name"])
    return Response(_render(ctx, body["name"]))


def ensure(ctx: Context, *, name: str) -> Response:
    """PUT since 1.7."""
    if not re.match(CUSTOM_NAME, name) or len(name) > 255:
        raise BadRequest(
            f"'{name}' is not a valid resource class: it must begin with CUSTOM_ and use only "
            "A-Z, 0-9 and _, at most 255 characters."
        )
    created = resource_classes.ensure(ctx, name)
    return Response(status=201 if created else 204, headers=_location(ctx, name))


def delete(ctx: Context, *, name: str) -> None:
    resource_classes.delete(ctx, name)


def _location(ctx: Context, name: str) -> dict[str, str]:
    return {"Location": f"{ctx.base_url}/resource_classes/{name}"}


def _render(ctx: Context, name: str) -> dict[str, Any]:
    url = f"/resource_classes/{name}"
    if ctx.by_path and ctx.service is not None:
        url = ctx.service.mount + url
    return {"name": name, "links": [{"rel": "self", "href": url}]}


RULE = "placement:resource_classes"
ROUTES = [
    Route.get("/resource_classes", list_classes, rule=f"{RULE}:list", since="1.2"),
    Route.post(
        "/resource_classes",
        create,
        rule=f"{RULE}:create",
        since="1.2",
        body=schemas.RESOURCE_CLASS,
    ),
    Route.get("/resource_classes/{name}", show, rule=f"{RULE}:show", since="1.2"),
    Route.put(
        "/resource_classes/{name}",
        rename,
        rule=f"{RULE}:update",
        since="1.2",
        until="1.6",
        body=schemas.RESOURCE_CLASS,
    ),
    Route.put("/resource_classes/{name}", ensure, rule=f"{RULE}:update", since="1.7"),
    Route.delete("/resource_classes/{name}", delete, rule=f"{RULE}:delete", since="1.2"),
]
