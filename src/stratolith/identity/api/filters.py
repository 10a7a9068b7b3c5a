"""Filters that the lists of the identity API share, and flags of a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, or_

from stratolith.kernel.context import Context
from stratolith.kernel.db.text import lowered, same_text
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.resource import AnyFilter, Column, Filter
from stratolith.kernel.ids import is_uuid

_BOOLEANS = ("", "true", "1", "y", "on", "yes", "t", "false", "0", "n", "off", "no", "f")
_COMPARATORS = ("equals", "contains", "startswith", "endswith")
Fault = Callable[[str], str]  # why a value is wrong, or "" for a valid value


def filled(text: str) -> str:
    return "" if text else "It should be non-empty."


def uuid_fault(text: str) -> str:
    return "" if is_uuid(text) else "It is not a UUID."


def one_of(*values: str) -> Fault:
    return lambda text: "" if text in values else f"It is not one of {', '.join(values)}."


def text_filters(name: str, column: Column, *, must: Fault | None = None) -> dict[str, AnyFilter]:
    """``name``, and ``name__contains`` and similar filters (with prefix ``i``: ignoring case).

    must: checks a value of ``name`` as upstream's schema of the query does; a wrong value raises
    BadRequest.
    """

    def exactly(values: Sequence[str]) -> ColumnElement[bool]:
        wrong = must(values[-1]) if must is not None else ""
        if wrong:
            raise BadRequest(
                f"Invalid input for field/attribute {name}. Value: {values[-1]}. {wrong}"
            )
        return same_text(column, values[-1:])

    filters: dict[str, AnyFilter] = {name: exactly}
    for comparator in _COMPARATORS:
        for prefix in ("", "i"):
            filters[f"{name}__{prefix}{comparator}"] = _inexact(column, comparator, bool(prefix))
    return filters


def _inexact(column: Column, comparator: str, any_case: bool) -> Filter:
    def build(values: Sequence[str]) -> ColumnElement[bool]:
        wanted = values[-1]
        subject: ColumnElement[str] = cast(column, String)
        if any_case:
            wanted, subject = wanted.lower(), lowered(subject)
        if comparator == "equals":
            return subject == wanted
        if comparator == "startswith":
            return func.substr(subject, 1, len(wanted)) == wanted
        if comparator == "endswith":
            at = func.length(subject) - len(wanted) + 1
            fits = func.length(subject) >= len(wanted)
            return and_(fits, func.substr(subject, at) == wanted)
        if any_case:
            return subject.contains(wanted, autoescape=True)
        return _contains(subject, wanted)

    return build


def _contains(subject: Any, wanted: str) -> ColumnElement[bool]:
    # LIKE ignores case on SQLite, so replace(), which does not, checks each match again
    like: ColumnElement[bool] = subject.contains(wanted, autoescape=True)
    exact: ColumnElement[bool] = func.replace(subject, wanted, "") != subject
    return and_(like, exact) if wanted else or_(like)


def flag_filter(name: str, column: Column) -> Filter:
    """``enabled=false``, ``enabled=0``; ``enabled`` without a value means true."""

    def build(values: Sequence[str]) -> ColumnElement[bool]:
        if values[-1].lower() not in _BOOLEANS:
            raise BadRequest(
                f"Invalid input for field/attribute {name}. Value: {values[-1]}. It must be "
                "true or false."
            )
        return column.is_(is_true(values[-1]))

    return build


def is_true(text: str | None) -> bool:
    """The value of a flag in a query: present and not false (``?effective`` means true)."""
    return text is not None and text.strip().lower() not in ("0", "false", "no", "n", "off", "f")


def flag(ctx: Context, name: str) -> bool:
    return is_true(ctx.query.get(name))
