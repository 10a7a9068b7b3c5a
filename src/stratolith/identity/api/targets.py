"""What the rules of identity may look at: ``target.user.domain_id`` and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Column
from stratolith.kernel.http.routing import Asked

Target = Mapping[str, Any]


def target(ids: Mapping[str, Any] | None = None, **objects: Any) -> dict[str, Any]:
    """What the rules may look at: ``user=<User>`` becomes ``target.user.domain_id`` and so on.

    An object that is None adds nothing, so a rule that asks for it does not hold.
    """
    found: dict[str, Any] = dict(ids or {})
    for kind, one in objects.items():
        if one is None:
            continue
        for attribute in ("id", "name", "domain_id", "user_id"):
            value = one.get(attribute) if isinstance(one, Mapping) else _get(one, attribute)
            if value is not None:
                found[f"target.{kind}.{attribute}"] = value or None
    return found


def _get(one: Any, attribute: str) -> Any:
    return getattr(one, attribute, None)


TargetOf = Callable[[Context, Asked], Target]


def nothing(ctx: Context, asked: Asked) -> Target:
    """For rules that ask about the caller alone."""
    return {}


def of_found(kind: str) -> TargetOf:
    """The ids of the path, and the object that was loaded as ``target.kind``, if it is there."""
    return lambda ctx, asked: target(asked.variables, **{kind: asked.found})


def of_body(kind: str) -> TargetOf:
    """What a body wants to make, as ``target.kind``."""
    return lambda ctx, asked: target(**{kind: asked.body[kind]})


def of_scope(name: str) -> TargetOf:
    """The domain that lists are confined to, that of a token with domain scope, as ``name``."""
    return lambda ctx, asked: {name: ctx.who.domain_id} if ctx.who.domain_id else {}


def in_scope(column: Column) -> Callable[[Context], ColumnElement[bool] | None]:
    """Who sees a row: a token with domain scope what is of its domain, others every row."""
    return lambda ctx: column == ctx.who.domain_id if ctx.who.domain_id else None
