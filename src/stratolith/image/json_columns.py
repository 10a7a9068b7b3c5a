"""SQL expressions to read JSON columns, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean


class _Text(FunctionElement[str]):
    """The text under a name of a JSON object; NULL when it is missing."""

    type = Text()
    inherit_cache = True


class _Contains(FunctionElement[bool]):
    """Whether a JSON array of texts contains all texts of another."""

    type = Boolean()
    inherit_cache = True


@compiles(_Text, "sqlite")
def _text_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    column, name = list(element.clauses)
    parts = compiler.process(column, **options), compiler.process(name, **options)
    return f"(SELECT value FROM json_each({parts[0]}) WHERE key = {parts[1]})"


@compiles(_Text)
def _text_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    column, name = list(element.clauses)
    parts = compiler.process(column, **options), compiler.process(name, **options)
    return f"(CAST({parts[0]} AS jsonb) ->> {parts[1]})"


@compiles(_Contains, "sqlite")
def _contains_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    column, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    present = f"SELECT value FROM json_each({column})"
    missing = f"SELECT 1 FROM json_each({wanted}) AS wanted WHERE wanted.value NOT IN ({present})"
    return f"NOT EXISTS ({missing})"


@compiles(_Contains)
def _contains_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    column, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(CAST({column} AS jsonb) @> CAST({wanted} AS jsonb))"


def json_text(column: Any, name: str) -> ColumnElement[str]:
    """The text under ``name`` of a JSON object column."""
    return _Text(column, literal(name, Text()))


def json_contains(column: Any, values: Sequence[str]) -> ColumnElement[bool]:
    """Whether a JSON array column contains all of ``values``."""
    return _Contains(column, literal(msgspec.json.encode(values).decode(), Text()))
