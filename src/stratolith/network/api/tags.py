"""/{collection}/{id}/tags of every resource that has tags"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.network.api import guard
from stratolith.network.exceptions import HTTPBadRequest, TagNotFound
from stratolith.network.managers import (
    floatingips,
    networks,
    ports,
    routers,
    security_groups,
    subnetpools,
    subnets,
    tags,
)
from stratolith.network.schemas.fields import Invalid, list_of
from stratolith.network.schemas.fields import tag as tag_field
from stratolith.network.schemas.resource import BODY

Body = dict[str, Any]
Load = Callable[[Context, str], Any]
# collection in the path -> (name in policy rules, how to load one)
TAGGED: dict[str, tuple[str, Load]] = {
    "networks": ("network", networks.get),
    "subnets": ("subnet", subnets.get),
    "ports": ("port", ports.get),
    "routers": ("router", routers.get),
    "floatingips": ("floatingip", floatingips.get),
    "security-groups": ("security_group", security_groups.get),
    "security_groups": ("security_group", security_groups.get),
    "subnetpools": ("subnetpool", subnetpools.get),
}
MOST = 50


def _checked(value: Any) -> list[str]:
    try:
        found: list[str] = list_of(tag_field, unique=False)(value)
    except Invalid as error:
        raise HTTPBadRequest(f"Invalid input for tags. Reason: {error}") from None
    if len(set(found)) > MOST:
        raise HTTPBadRequest(f"Invalid input for tags. Reason: more than {MOST} tags.")
    return found


def _read(body: Body) -> list[str]:
    """What replace and extend are given; raises HTTPBadRequest."""
    if "tags" not in body:
        raise HTTPBadRequest("Invalid tags body")
    return _checked(body["tags"])


class _Tags:
    """The handlers for one collection."""

    def __init__(self, name: str, load: Load) -> None:
        self.name, self.load = name, load

    def _of(self, ctx: Context, id: str, verb: str) -> Any:
        found = self.load(ctx, id)
        guard.allow(ctx, f"{verb}_{self.name}:tags", found.policy_target())
        return found

    def index(self, ctx: Context, id: str) -> Body:
        self._of(ctx, id, "get")
        return {"tags": tags.of(ctx, [id]).get(id, [])}

    def show(self, ctx: Context, id: str, tag: str) -> Response:
        self._of(ctx, id, "get")
        if tag not in tags.of(ctx, [id]).get(id, []):
            raise TagNotFound(tag=tag)
        return Response(status=204)

    def replace(self, ctx: Context, id: str, body: list[str]) -> Body:
        found = self._of(ctx, id, "update")
        tags.replace(ctx, id, body)
        found.revision_number += 1
        return {"tags": tags.of(ctx, [id]).get(id, [])}

    def extend(self, ctx: Context, id: str, body: list[str]) -> Body:
        found = self._of(ctx, id, "update")
        tags.add(ctx, id, body)
        found.revision_number += 1
        return {"tags": tags.of(ctx, [id]).get(id, [])}

    def add(self, ctx: Context, id: str, tag: str) -> None:
        found = self._of(ctx, id, "update")
        tags.add(ctx, id, _checked([tag]))
        found.revision_number += 1

    def remove(self, ctx: Context, id: str, tag: str) -> None:
        found = self._of(ctx, id, "delete")
        tags.remove(ctx, id, tag)
        found.revision_number += 1

    def clear(self, ctx: Context, id: str) -> None:
        found = self._of(ctx, id, "delete")
        tags.replace(ctx, id, [])
        found.revision_number += 1


def _routes(collection: str, name: str, load: Load) -> list[Route]:
    do, path = _Tags(name, load), f"/{collection}/{{id}}/tags"
    return [
        Route.get(path, do.index),
        Route.put(path, do.replace, body=BODY, read=_read),
        Route.post(path, do.extend, body=BODY, read=_read, status=201),
        Route.delete(path, do.clear),
        Route.get(path + "/{tag}", do.show),
        Route.put(path + "/{tag}", do.add, status=201),
        Route.delete(path + "/{tag}", do.remove),
    ]


ROUTES = [
    route for collection, (n, load) in TAGGED.items() for route in _routes(collection, n, load)
]
