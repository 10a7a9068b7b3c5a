"""Rows of lists, read as one JSON text that the database makes.

A driver gives up the interpreter's lock for every row, and eight requests that fetch a thousand
rows each then spend their time handing it around. Made into one text by the database, the rows
cross once, and are decoded at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import cache
from types import FunctionType, GenericAlias
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    inspect,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from stratolith.kernel.db.types import Json, UtcDateTime
from stratolith.kernel.matching import in_text

T = TypeVar("T")


class RowReader(Generic[T]):
    """Reads ``columns`` of rows as ``kind``: a tuple, or a struct with array_like=True.

    JSON columns are the last and come as what they hold (or as their text: give them as
    ``type_coerce(column, Text)``); moments come without zone, as the database keeps them.
    """

    def __init__(self, kind: type[T], columns: Iterable[Any]) -> None:
        self._columns = list(columns)
        self._lines: dict[str, ColumnElement[Any]] = {}  # by dialect
        self._decoder: msgspec.json.Decoder[list[T]] = msgspec.json.Decoder(
            GenericAlias(list, (kind,)), strict=False
        )

    def __call__(self, session: Session, statement: Select[Any]) -> list[T]:
        """The rows that a statement selects, whatever columns it names."""
        dialect = session.get_bind().dialect.name
        return self.decode(session.scalar(self.as_text(dialect, statement)))

    def as_text(self, dialect: str, statement: Select[Any]) -> Select[Any]:
        """The rows as one text, each a JSON array, with commas between them.

        Made once and given its values when it is executed, such a statement costs a third of one
        that is made for each request.
        """
        line = self._lines.get(dialect)
        if line is None:
            line = self._lines[dialect] = _line(dialect == "sqlite", self._columns)
        # named by hand: a reference to a column of a subquery takes longer than the rest
        rows = statement.with_only_columns(line).subquery("lines")
        return select(_LINES).select_from(rows)

    def decode(self, text: str | None) -> list[T]:
        """The rows of what as_text() gave."""
        return self._decoder.decode(f"[{text}]") if text else []


_LINES = func.aggregate_strings(literal_column("lines.line", Text), ",")


class KeyedReader(Generic[T]):
    """Reads those rows ``within`` a statement whose ``key`` is one of many strings.

    Its own statement is made once, the strings are given to it as one value.
    """

    def __init__(self, rows: RowReader[T], key: Any, within: Select[Any]) -> None:
        self._rows = rows
        self._key = key
        self._within = within
        self._statements: dict[str, Select[Any]] = {}  # by dialect

    def __call__(self, session: Session, keys: Iterable[str]) -> list[T]:
        wanted = list(keys)
        if not wanted:
            return []
        dialect = session.get_bind().dialect.name
        statement = self._statements.get(dialect)
        if statement is None:
            statement = self._statements[dialect] = self._statement(dialect)
        values = {"keys": msgspec.json.encode(wanted).decode()}
        return self._rows.decode(session.scalar(statement, values))

    def _statement(self, dialect: str) -> Select[Any]:
        chosen = in_text(dialect, self._key, bindparam("keys", type_=Text))
        return self._rows.as_text(dialect, self._within.where(chosen))


class PlainReader(RowReader[Any]):
    """Reads the rows of a model as plain objects, for half the time of the ORM's.

    They have the columns of the model (but those in ``without``), its flags that are no columns,
    and its methods and properties, which must do without ``super()``. Related objects are None
    until somebody sets them. Nothing of a plain object is ever written to the database.
    """

    def __init__(self, model: type[Any], without: Collection[str] = ()) -> None:
        mapper = inspect(model)
        shown = [attribute for attribute in mapper.column_attrs if attribute.key not in without]
        shown.sort(key=lambda attribute: isinstance(attribute.columns[0].type, Json))
        columns = {attribute.key: attribute.columns[0] for attribute in shown}
        fields: list[Any] = [(name, _kind(column)) for name, column in columns.items()]
        fields += [(relation.key, Any, None) for relation in mapper.relationships]
        own = dict(_own(model))
        fields += [(name, bool, value) for name, value in own.items() if isinstance(value, bool)]
        methods = {name: value for name, value in own.items() if not isinstance(value, bool)}
        kind = msgspec.defstruct(
            f"Plain{model.__name__}", fields, namespace=methods, array_like=True, gc=False
        )
        super().__init__(kind, columns.values())


@cache
def plain_reader(model: Any) -> PlainReader:
    """The reader of all columns of a model."""
    return PlainReader(model)


def _kind(column: Any) -> Any:
    if isinstance(column.type, Json):
        return Any
    kind = datetime if isinstance(column.type, UtcDateTime) else column.type.python_type
    return kind | None if column.nullable else kind


def _own(model: type[Any]) -> Iterator[tuple[str, Any]]:
    """Methods, properties and flags of a model that are no columns."""
    for kind in reversed(model.__mro__):
        for name, value in vars(kind).items():
            if not name.startswith("_") and isinstance(value, FunctionType | property | bool):
                yield name, value


def _line(is_sqlite: bool, columns: Iterable[Any]) -> ColumnElement[Any]:
    """A row as the text of a JSON array; the texts of JSON columns stand at its end as they are."""
    plain: list[Any] = []
    documents: list[Any] = []
    for column in columns:
        (documents if isinstance(column.type, Json) else plain).append(column)
    array = func.json_array(*plain) if is_sqlite else func.json_build_array(*plain)
    line: ColumnElement[Any] = func.rtrim(cast(array, Text), "]", type_=Text)
    for document in documents:
        line = line + "," + func.coalesce(type_coerce(document, Text), "null")
    return (line + "]").label("line")
