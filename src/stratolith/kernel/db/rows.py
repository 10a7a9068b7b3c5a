"""Rows of lists, read as one JSON text that the database makes.

A database driver releases the interpreter's lock for each row; eight requests for a thousand rows
each would spend their time passing the lock around. As one text the rows are fetched and decoded
in one step.
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

    JSON columns come last, as their value (or as their text: select them as
    ``type_coerce(column, Text)``); times have no time zone, as in the database.
    """

    def __init__(self, kind: type[T], columns: Iterable[Any]) -> None:
        self._columns = list(columns)
        self._lines: dict[str, ColumnElement[Any]] = {}  # by dialect
        self._decoder: msgspec.json.Decoder[list[T]] = msgspec.json.Decoder(
            GenericAlias(list, (kind,)), strict=False
        )

    def __call__(self, session: Session, statement: Select[Any]) -> list[T]:
        """The rows that a statement selects; the columns of the statement are ignored."""
        dialect = session.get_bind().dialect.name
        return self.decode(session.scalar(self.as_text(dialect, statement)))

    def as_text(self, dialect: str, statement: Select[Any]) -> Select[Any]:
        """The rows as one text, each a JSON array, with commas between them.

        Such a statement, built once and executed with other values each time, costs a third of
        one that is built for each request.
        """
        line = self._lines.get(dialect)
        if line is None:
            line = self._lines[dialect] = _line(dialect == "sqlite", self._columns)
        # a literal name: a reference to a column of a subquery is slower than all other steps
        rows = statement.with_only_columns(line).subquery("lines")
        return select(_LINES).select_from(rows)

    def decode(self, text: str | None) -> list[T]:
        """The rows of what as_text() gave."""
        return self._decoder.decode(f"[{text}]") if text else []


_LINES = func.aggregate_strings(literal_column("lines.line", Text), ",")


class KeyedReader(Generic[T]):
    """Reads the rows of the statement ``within`` whose ``key`` is one of many strings.

    The statement is built once; the strings are passed to it as one value.
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
    """Reads the rows of a model as plain objects, in half the time of the ORM.

    They have the columns of the model (except ``without``), its flags that are not columns,
    and its methods and properties, which must not call ``super()``. Related objects are None until
    they are set. Changes of a plain object are never written to the database.
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
    """Methods, properties and flags of a model that are not columns."""
    for kind in reversed(model.__mro__):
        for name, value in vars(kind).items():
            if not name.startswith("_") and isinstance(value, FunctionType | property | bool):
                yield name, value


def _line(is_sqlite: bool, columns: Iterable[Any]) -> ColumnElement[Any]:
    """A row as the text of a JSON array; the texts of JSON columns are appended unchanged."""
    plain: list[Any] = []
    documents: list[Any] = []
    for column in columns:
        (documents if isinstance(column.type, Json) else plain).append(column)
    array = func.json_array(*plain) if is_sqlite else func.json_build_array(*plain)
    line: ColumnElement[Any] = func.rtrim(cast(array, Text), "]", type_=Text)
    for document in documents:
        line = line + "," + func.coalesce(type_coerce(document, Text), "null")
    return (line + "]").label("line")
