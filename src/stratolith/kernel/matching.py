"""Regular expressions of users, matched in time that grows with the text only.

Python's own matcher tries every way through an expression; ``(a|a)*b`` on forty letters keeps
it busy for hours, and the interpreter with it. RE2 has no such expressions: what needs
backtracking (back references, look-around) is refused when the expression is read.

    expression = Expression.parse("web[0-9]+")      # raises BadExpression
    expression.search("WEB12")                      # True: letter case does not matter
    select(Server).where(matching(session, select(Server), Server.id, Server.name, expression))
"""

from __future__ import annotations

from typing import Any

import msgspec
import re2
from sqlalchemy import JSON, ColumnElement, Select, String, cast, func, literal, select
from sqlalchemy.orm import Session

MAX_LENGTH = 255  # letters of an expression
MAX_MEMORY = 1 << 20  # bytes that a compiled expression and its matcher may take


def is_plain(text: str) -> bool:
    """No sign of it has a meaning in an expression: a database may look for it as text.

    Other letters than ASCII are left to the matcher, as databases fold their case differently.
    """
    return text.isascii() and all(sign.isalnum() or sign in " _:@/-" for sign in text)


class BadExpression(ValueError):
    """The text says what is wrong with the expression, for its author."""


def _options(case_sensitive: bool) -> Any:
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    options.case_sensitive = case_sensitive
    return options


class Expression:
    """A regular expression that cannot be slow; ``search`` looks anywhere in a text."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    @classmethod
    def parse(cls, text: str, *, case_sensitive: bool = False) -> Expression:
        """Raises BadExpression: not an expression, too long, too large, or not linear."""
        if len(text) > MAX_LENGTH:
            raise BadExpression(f"it is longer than {MAX_LENGTH} characters")
        try:
            return cls(re2.compile(text, _options(case_sensitive)))
        except re2.error as error:
            said = error.args[0] if error.args else error
            raise BadExpression(
                said.decode(errors="replace") if isinstance(said, bytes) else str(said)
            ) from None
        except UnicodeEncodeError:
            raise BadExpression("it is not valid text") from None

    def search(self, text: str) -> bool:
        """Anywhere in the text."""
        return self._compiled.search(text) is not None

    def match(self, text: str) -> bool:
        """At the beginning of the text only."""
        return self._compiled.match(text) is not None


def matching(
    session: Session,
    statement: Select[Any],
    key: Any,
    column: Any,
    expression: Expression,
) -> ColumnElement[bool]:
    """The condition that ``column`` matches, for the rows of ``statement``.

    The matching is done here and not in the database: every database then means the same by an
    expression, and none can be kept busy by one. ``key``: the table's primary key, a text.
    """
    rows = session.execute(statement.with_only_columns(key, column).order_by(None))
    return among(session, key, [one for one, text in rows if text and expression.search(text)])


def among(session: Session, key: Any, values: list[str]) -> ColumnElement[bool]:
    """``key`` is one of ``values``, however many: they go to the database as one text."""
    text = msgspec.json.encode(values).decode()
    return in_text(session.get_bind().dialect.name, key, literal(text, String))


def in_text(dialect: str, key: Any, text: ColumnElement[str]) -> ColumnElement[bool]:
    """``key`` is one of the strings in ``text``, a JSON list."""
    if dialect == "sqlite":
        values = func.json_each(text)
    else:
        values = func.json_array_elements_text(cast(text, JSON))
    condition: ColumnElement[bool] = key.in_(select(values.table_valued("value").c.value))
    return condition
