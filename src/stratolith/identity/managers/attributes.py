"""Attributes that resources share: extra ones, options, immutability, unique names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.exc import IntegrityError

from stratolith.identity.exceptions import Duplicate, NotAllowed
from stratolith.kernel.context import Context

Values = Mapping[str, Any]


def extra_of(values: Values, known: Iterable[str]) -> dict[str, Any]:
    """The attributes of a request that are not in ``known``."""
    own = {*known, "id", "links"}
    return {name: value for name, value in values.items() if name not in own}


def merge_extra(extra: Values, values: Values, known: Iterable[str]) -> dict[str, Any]:
    return {**extra, **extra_of(values, known)}


def merge_options(options: Values, given: Values | None) -> dict[str, Any]:
    """The options after a request; an option set to null is removed."""
    merged = {**options, **(given or {})}
    return {name: value for name, value in merged.items() if value is not None}


def check_mutable(kind: str, row: Any, values: Values | None = None) -> None:
    """Raise NotAllowed for a change (None: the deletion) of an immutable resource.

    A request that changes only the option ``immutable`` is allowed.
    """
    if not row.options.get("immutable"):
        return
    if values is not None:
        options = values.get("options") or {}
        if set(values) == {"options"} and options.get("immutable", True) in (False, None):
            return
    verb = "delete" if values is None else "update"
    raise NotAllowed(
        f'The {kind} {row.id} is immutable: set its option "immutable" to false to {verb} it.'
    )


def flush_unique(ctx: Context, kind: str, reason: str) -> None:
    """Flush the session; raises Duplicate when the name is in use."""
    try:
        ctx.session.flush()
    except IntegrityError:
        raise Duplicate(kind=kind, reason=reason) from None


def in_any_case(column: Any, name: Any) -> ColumnElement[bool]:
    """SQL condition: the column equals the name, ignoring case.

    name: a text or a bound parameter. SQLite's lower() handles ASCII letters only, so an exact
    match counts too.
    """
    return or_(column == name, func.lower(column) == func.lower(name))


def taken(name: str, domain_id: str | None = None) -> str:
    where = f" at domain ID {domain_id}" if domain_id else ""
    return f"Duplicate entry found with name {name}{where}."


def as_bool(value: Any) -> bool:
    """The value of a boolean, or of a word for true that requests may use."""
    return value is True or str(value).lower() in ("true", "1", "y", "on", "yes")
