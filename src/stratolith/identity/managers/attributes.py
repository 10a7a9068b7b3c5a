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
    """What a request has beyond the attributes named."""
    own = {*known, "id", "links"}
    return {name: value for name, value in values.items() if name not in own}


def merge_extra(extra: Values, values: Values, known: Iterable[str]) -> dict[str, Any]:
    return {**extra, **extra_of(values, known)}


def merge_options(options: Values, given: Values | None) -> dict[str, Any]:
    """Options after a request; one set to null goes away."""
    merged = {**options, **(given or {})}
    return {name: value for name, value in merged.items() if value is not None}


def check_mutable(kind: str, row: Any, values: Values | None = None) -> None:
    """Raise NotAllowed for a change (None: the deletion) of an immutable resource.

    It is unlocked by a request that changes nothing else beside its options.
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
    """Send what is pending; raises Duplicate when a name is taken."""
    try:
        ctx.session.flush()
    except IntegrityError:
        raise Duplicate(kind=kind, reason=reason) from None


def in_any_case(column: Any, name: Any) -> ColumnElement[bool]:
    """Whether a name is this one, whatever the case of its letters.

    name: a text or a bound parameter. SQLite knows the case of ASCII letters only, so the name
    as it is given counts too.
    """
    return or_(column == name, func.lower(column) == func.lower(name))


def taken(name: str, domain_id: str | None = None) -> str:
    where = f" at domain ID {domain_id}" if domain_id else ""
    return f"Duplicate entry found with name {name}{where}."


def as_bool(value: Any) -> bool:
    """A boolean or one of the words for it that requests may use."""
    return value is True or str(value).lower() in ("true", "1", "y", "on", "yes")
