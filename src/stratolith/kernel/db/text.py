"""Text comparison without letter case, equal on both databases.

SQLite's lower() handles ASCII letters only and PostgreSQL's depends on the locale; ``lowered``
handles all of Unicode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

# The function's name on SQLite; it is registered on every connection.
SQLITE_NAME = "stratolith_lower"


class lowered(GenericFunction[str]):
    """The text in lower case."""

    type = String()
    inherit_cache = True


@compiles(lowered, "sqlite")  # type: ignore[no-untyped-call, untyped-decorator]
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"{SQLITE_NAME}({compiler.process(element.clauses, **options)})"


@compiles(lowered, "postgresql")  # type: ignore[no-untyped-call, untyped-decorator]
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f'lower(({compiler.process(element.clauses, **options)}) COLLATE "und-x-icu")'


def register(connection: Any) -> None:
    """Register the function on a connection of SQLite."""
    connection.create_function(
        SQLITE_NAME, 1, lambda text: None if text is None else str(text).lower(), deterministic=True
    )


def same_text(column: Any, values: Sequence[str]) -> ColumnElement[bool]:
    """SQL condition: equal to any of the values, ignoring letter case."""
    condition: ColumnElement[bool] = lowered(cast(column, String)).in_(
        [value.lower() for value in values]
    )
    return condition
