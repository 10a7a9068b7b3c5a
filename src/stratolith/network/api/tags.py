"""/{collection}/{id}/tags of every resource that is declared to have tags"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Invalid, Resource
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.network.exceptions.general import (
    HTTPBadRequest,
    InvalidInput,
    PolicyNotAuthorized,
    TagNotFound,
)
from stratolith.network.managers import tags
from stratolith.network.schemas.attributes import BODY
from stratolith.network.schemas.fields import list_of
from stratolith.network.schemas.fields import tag as tag_field

Body = dict[str, Any]
MOST = 50


def _checked(value: Any) -> list[str]:
    try:
        names: list[str] = list_of(tag_field, unique=False)(value)
    except Invalid as error:
        raise InvalidInput(error_message=str(error).removesuffix(".")) from None
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(error_message=f"Duplicate items in the list: '{name}'")
    if len(names) > MOST:
        raise HTTPBadRequest(f"Invalid input for tags. Reason: more than {MOST} tags.")
    return names


def _read(body: Body) -> list[str]:
    """The tags in the body of replace and extend; raises HTTPBadRequest."""
    if "tags" not in body:
        raise HTTPBadRequest("Invalid tags body")
    return _checked(body["tags"])


class _Tags:
    """The handlers for one resource."""

    def index(self, ctx: Context, row: Any) -> Body:
        return {"tags": self._names(ctx, row)}

    def show(self, ctx: Context, row: Any, tag: str) -> Response:
        if tag not in self._names(ctx, row):
            raise TagNotFound(tag=tag)
        return Response(status=204)

    def replace(self, ctx: Context, row: Any, body: list[str]) -> Body:
        return {"tags": self._changed(ctx, row, lambda: tags.replace(ctx, row.id, body))}

    def extend(self, ctx: Context, row: Any, body: list[str]) -> Body:
        return {"tags": self._changed(ctx, row, lambda: tags.add(ctx, row.id, body))}

    def add(self, ctx: Context, row: Any, tag: str) -> None:
        wanted = _checked([tag])
        self._changed(ctx, row, lambda: tags.add(ctx, row.id, wanted))

    def remove(self, ctx: Context, row: Any, tag: str) -> None:
        self._changed(ctx, row, lambda: tags.remove(ctx, row.id, tag))

    def clear(self, ctx: Context, row: Any) -> None:
        self._changed(ctx, row, lambda: tags.replace(ctx, row.id, []))

    def _changed(self, ctx: Context, row: Any, change: Callable[[], None]) -> list[str]:
        """The tags after a change, which is a new revision if there are others than before."""
        before = self._names(ctx, row)
        change()
        after = self._names(ctx, row)
        if after != before:
            row.revision_number += 1
        return after

    def _names(self, ctx: Context, row: Any) -> list[str]:
        return tags.of(ctx, [row.id]).get(row.id, [])


def routes(resource: Resource) -> list[Route]:
    """Below the resource's path, and below the path with underscores that old clients use."""
    paths = dict.fromkeys((resource.at, resource.at.replace("-", "_")))
    return [route for path in paths for route in _routes(f"{path}/{{id}}/tags", resource)]


def _routes(path: str, resource: Resource) -> list[Route]:
    handlers, tag_path, with_body = _Tags(), path + "/{tag}", {"body": BODY, "read": _read}

    def checks(verb: str) -> dict[str, Any]:
        rule = f"{verb}_{resource.name}:tags"
        return {"load": resource.load, "loads": "id", "rule": rule, "refused": PolicyNotAuthorized}

    return [
        Route.get(path, handlers.index, **checks("get")),
        Route.put(path, handlers.replace, **checks("update"), **with_body),
        Route.post(path, handlers.extend, **checks("update"), **with_body, status=201),
        Route.delete(path, handlers.clear, **checks("delete")),
        Route.get(tag_path, handlers.show, **checks("get")),
        Route.put(tag_path, handlers.add, **checks("update"), status=201),
        Route.delete(tag_path, handlers.remove, **checks("delete")),
    ]
