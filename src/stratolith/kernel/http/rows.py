"""Rows of long lists, read as one JSON text that the database makes.

A driver gives up the interpreter's lock for every row, and eight requests that fetch a thousand
rows each then spend their time handing it around. Made into one text by the database, the rows
cross once, and are decoded at once.
"""

from __future__ import annotations

from types import GenericAlias
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlalchemy.orm import Session

T = TypeVar("T", bound=msgspec.Struct)


class RowReader(Generic[T]):
    """Reads statements whose columns are the fields of ``kind``, a struct with array_like=True.

    JSON columns come as their text (give them as ``type_coerce(column, Text)``); moments without
    zone, as the database keeps them.
    """

    def __init__(self, kind: type[T]) -> None:
        self._decoder: msgspec.json.Decoder[list[T]] = msgspec.json.Decoder(
            GenericAlias(list, (kind,)), strict=False
        )

    def __call__(self, session: Session, statement: Select[Any]) -> list[T]:
        return self.decode(session.scalar(as_text(session.get_bind().dialect.name, statement)))

    def decode(self, text: str | None) -> list[T]:
        """The rows of what as_text() gave."""
        return self._decoder.decode(text) if text else []


def as_text(dialect: str, statement: Select[Any]) -> Select[Any]:
    """The rows of a statement as one text.

    Made once and given its values when it is executed, such a statement costs a third of one
    that is made for each request.
    """
    rows = statement.subquery()
    line: ColumnElement[Any]
    if dialect == "sqlite":
        line = func.json_group_array(func.json_array(*rows.c))
    else:
        line = func.json_agg(func.json_build_array(*rows.c))
    return select(cast(line, Text))
