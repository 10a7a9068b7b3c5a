"""Attributes that identity's policy rules can check: ``target.user.domain_id`` and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Column
from stratolith.kernel.http.routing import Asked

Target = Mapping[str, Any]


def target(ids: Mapping[str, Any] | None = None, **objects: Any) -> dict[str, Any]:
    """Attributes for the rules: ``user=<User>`` becomes ``target.user.domain_id`` and so on.

    An object that is None adds nothing, so a rule about it is not met.
    """
    attributes: dict[str, Any] = dict(ids or {})
    for kind, item in objects.items():
        if item is None:
            continue
        for attribute in ("id", "name", "domain_id", "user_id"):
            value = item.get(attribute) if isinstance(item, Mapping) else _get(item, attribute)
            if value is not None:
                attributes[f"target.{kind}.{attribute}"] = value or None
    return attributes


def _get(item: Any, attribute: str) -> Any:
    return getattr(item, attribute, None)


TargetOf = Callable[[Context, Asked], Target]


def nothing(ctx: Context, asked: Asked) -> Target:
    """For rules that check the caller only."""
    return {}


def of_found(kind: str) -> TargetOf:
    """The ids of the path, and the loaded object as ``target.kind`` if it exists."""
    return lambda ctx, asked: target(asked.variables, **{kind: asked.loaded})


def of_body(kind: str) -> TargetOf:
    """The object in the request body, as ``target.kind``."""
    return lambda ctx, asked: target(**{kind: asked.body[kind]})


def of_scope(name: str) -> TargetOf:
    """The domain of a token with domain scope, to which lists are restricted, as ``name``."""
    return lambda ctx, asked: {name: ctx.who.domain_id} if ctx.who.domain_id else {}


def in_scope(column: Column) -> Callable[[Context], ColumnElement[bool] | None]:
    """Visible rows: those of the domain for a token with domain scope, else all rows."""
    return lambda ctx: column == ctx.who.domain_id if ctx.who.domain_id else None
