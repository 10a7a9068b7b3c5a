"""Regular expressions of users, matched in linear time.

Python's own matcher uses backtracking; ``(a|a)*b`` on forty letters blocks it, and the interpreter
with it, for hours. RE2 has no such expressions: constructs that need backtracking (back references,
look-around) are refused when the expression is parsed.

    expression = Expression.parse("web[0-9]+")      # raises BadExpression
    expression.search("WEB12")                      # True: case is ignored
    select(Server).where(matching(session, select(Server), Server.id, Server.name, expression))
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import re2
from sqlalchemy import JSON, ColumnElement, Select, String, cast, func, literal, select
from sqlalchemy.orm import Session

MAX_LENGTH = 255  # characters of an expression
MAX_MEMORY = 1 << 20  # maximum bytes of a compiled expression and its matcher


def is_plain(text: str) -> bool:
    """Whether the expression has no special characters: a database can then search for it as text.

    Text outside ASCII is left to the matcher, because databases fold its case differently.
    """
    return text.isascii() and all(sign.isalnum() or sign in " _:@/-" for sign in text)


class BadExpression(ValueError):
    """The text says what is wrong with the expression."""


def _options(case_sensitive: bool) -> Any:
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    options.case_sensitive = case_sensitive
    return options


class Expression:
    """A regular expression with linear run time; ``search`` finds it anywhere in a text."""

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
            reason = error.args[0] if error.args else error
            raise BadExpression(
                reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
            ) from None
        except UnicodeEncodeError:
            raise BadExpression("it is not valid text") from None

    def search(self, text: str) -> bool:
        """Whether the expression matches anywhere in the text."""
        return self._compiled.search(text) is not None

    def match(self, text: str) -> bool:
        """Whether the expression matches at the beginning of the text."""
        return self._compiled.match(text) is not None


def matching(
    session: Session,
    statement: Select[Any],
    key: Any,
    column: Any,
    expression: Expression,
) -> ColumnElement[bool]:
    """The condition that ``column`` matches, for the rows of ``statement``.

    Matching is done here and not in the database: so an expression means the same on every database
    and cannot block one. ``key``: the table's primary key, a text.
    """
    rows = session.execute(statement.with_only_columns(key, column).order_by(None))
    return among(session, key, [id_ for id_, text in rows if text and expression.search(text)])


def among(session: Session, key: Any, values: Iterable[str]) -> ColumnElement[bool]:
    """``key`` is one of ``values``; they are sent to the database as one text, whatever their
    number.
    """
    text = msgspec.json.encode(list(values)).decode()
    return in_text(session.get_bind().dialect.name, key, literal(text, String))


def in_text(dialect: str, key: Any, text: ColumnElement[str]) -> ColumnElement[bool]:
    """``key`` is one of the strings in ``text``, a JSON list."""
    if dialect == "sqlite":
        values = func.json_each(text)
    else:
        values = func.json_array_elements_text(cast(text, JSON))
    condition: ColumnElement[bool] = key.in_(select(values.table_valued("value").c.value))
    return condition
