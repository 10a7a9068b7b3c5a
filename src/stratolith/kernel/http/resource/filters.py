"""Filters of lists: each makes a condition of all values that a query gives for its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, cast, false, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from stratolith.kernel.clock import parse_time
from stratolith.kernel.context import Context
from stratolith.kernel.db.text import lowered, same_text
from stratolith.kernel.exceptions import BadRequest

Column = InstrumentedAttribute[Any]
Condition = ColumnElement[bool]


@dataclass(frozen=True)
class ByCaller:
    """A filter whose meaning depends on the caller."""

    build: Callable[[Context, Sequence[str]], Condition]


Filter = Callable[[Sequence[str]], Condition]
AnyFilter = Filter | ByCaller


def exact(column: Column) -> Filter:
    """Equal to any of the given values."""
    return lambda values: column.in_(list(values))


def named(column: Column) -> Filter:
    """A name equal to any of the given values; ignores case, in any script."""
    return lambda values: same_text(column, values)


def like(column: Column) -> Filter:
    """Contains the value; ignores case and treats the signs of patterns literally."""
    text = lowered(cast(column, String))
    return lambda values: or_(*(text.contains(value.lower(), autoescape=True) for value in values))


def boolean(column: Column) -> Filter:
    def build(values: Sequence[str]) -> Condition:
        return or_(*(column.is_(wanted) for wanted in parse_bools(values)))

    return build


def integer(column: Column) -> Filter:
    """Equal to any of the given numbers; a text that is not a number matches nothing."""

    def build(values: Sequence[str]) -> Condition:
        try:
            numbers = [int(value) for value in values]
        except ValueError:
            return false()
        # databases raise an error for numbers outside the range of the column
        return column.in_([number for number in numbers if abs(number) < 2**31])

    return build


def tag_filters(
    row_id: Column, owner: Column, tag: Column, *, blanks: bool = True
) -> dict[str, Filter]:
    """``tags``, ``tags-any``, ``not-tags`` and ``not-tags-any``: words separated by commas.

    ``owner`` and ``tag`` are columns of the table of tags; ``blanks``: empty words count.
    One subquery serves any number of words: databases need minutes to plan a thousand subqueries.
    """

    def words(values: Sequence[str]) -> list[str]:
        words_given = {word for value in values for word in value.split(",")}
        return sorted(words_given if blanks else words_given - {""})

    def with_any(values: Sequence[str]) -> Condition:
        return row_id.in_(select(owner).where(tag.in_(words(values))))

    def with_all(values: Sequence[str]) -> Condition:
        names = words(values)
        having = select(owner).where(tag.in_(names)).group_by(owner)
        return row_id.in_(having.having(func.count() == len(names))) if names else true()

    return {
        "tags": with_all,
        "tags-any": with_any,
        "not-tags": lambda values: ~with_all(values),
        "not-tags-any": lambda values: ~with_any(values),
    }


def since(column: Column) -> Filter:
    """At or after the given time (``changes-since``)."""
    return lambda values: column >= moment(values[-1])


def before(column: Column) -> Filter:
    return lambda values: column <= moment(values[-1])


def moment(text: str) -> Any:
    """Raises BadRequest."""
    try:
        return parse_time(text)
    except ValueError:
        raise BadRequest(
            f"Invalid time '{text}': it must be in ISO 8601 format, of the years 1 to 9999."
        ) from None


def parse_bool(text: str) -> bool:
    """OpenStack's strict booleans; raises BadRequest."""
    lowered = text.strip().lower()
    if lowered in ("1", "t", "true", "on", "y", "yes"):
        return True
    if lowered in ("0", "f", "false", "off", "n", "no"):
        return False
    raise BadRequest(f"Invalid boolean '{text}': use true or false.")


def parse_bools(texts: Sequence[str]) -> set[bool]:
    """The distinct booleans among the texts; raises BadRequest."""
    return {parse_bool(text) for text in texts}
