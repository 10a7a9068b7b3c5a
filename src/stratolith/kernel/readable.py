"""Work on many rows, so that an unreadable row does not stop the others.

A row may contain values that current code never writes: from an older release, a manual change of
the database, a damaged disk. Unreadable rows are left out, and the reason is kept by id. Errors of
the database itself (unreachable, full, locked) do not belong to a row and are raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Result, Select
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, StatementError
from sqlalchemy.orm import InstrumentedAttribute, Session

T = TypeVar("T")
K = TypeVar("K", str, int)

_SENSELESS = (ValueError, TypeError, LookupError, AttributeError, msgspec.MsgspecError)
_UNREADABLE = (*_SENSELESS, StatementError)


class LeftOut:
    """Collects what is left out; ``reasons``: object id -> sentence."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def attempt(self, owner: str, make: Callable[[], T]) -> T | None:
        """The result of ``make``, or None after its error was noted."""
        try:
            return make()
        except _SENSELESS as error:
            self.note(owner, error)
            return None

    def note(self, owner: str, error: object) -> None:
        if isinstance(error, StatementError) and error.orig is not None:
            error = error.orig  # without the statement
        self.reasons.setdefault(owner, str(error) or type(error).__name__)

    def by_halves(self, ids: Sequence[K], work: Callable[[list[K]], Iterable[T]]) -> list[T]:
        """The result of ``work`` for all these ids at once; if that fails, for each half, down to
        the ids that fail alone. Work that writes must undo its changes when it fails.
        """
        if not ids:
            return []
        try:
            return list(work(list(ids)))
        except _UNREADABLE as error:
            _raise_if_of_the_database(error)
            if len(ids) == 1:
                self.note(str(ids[0]), error)
                return []
        middle: int = len(ids) // 2
        return [*self.by_halves(ids[:middle], work), *self.by_halves(ids[middle:], work)]

    def rows(
        self,
        session: Session,
        statement: Select[*tuple[Any, ...]],
        key: InstrumentedAttribute[str],
        kind: type[T],
    ) -> list[T]:
        """The rows of a statement as structs of this kind; columns are named like its fields.

        key: the column whose value identifies an unreadable row in ``reasons``.
        """
        rows = self._read(session, statement, key, lambda query: _dicts(session.execute(query)))
        try:
            return msgspec.convert(rows, list[kind])  # type: ignore[valid-type]
        except _SENSELESS:
            made = [
                self.attempt(str(row[key.key]), partial(msgspec.convert, row, kind)) for row in rows
            ]
        return [item for item in made if item is not None]

    def objects(
        self, session: Session, statement: Select[T], key: InstrumentedAttribute[K]
    ) -> list[T]:
        """The objects of a statement; key: as in ``rows``."""
        return self._read(session, statement, key, lambda query: session.scalars(query))

    def _read(
        self,
        session: Session,
        statement: Select[*tuple[Any, ...]],
        key: InstrumentedAttribute[K],
        fetch: Callable[[Select[*tuple[Any, ...]]], Iterable[Any]],
    ) -> list[Any]:
        try:
            return list(fetch(statement))
        except _UNREADABLE as error:
            _raise_if_of_the_database(error)
        ids = session.scalars(statement.with_only_columns(key, maintain_column_froms=True))
        return self.by_halves(
            list(dict.fromkeys(ids)), lambda part: fetch(statement.where(key.in_(part)))
        )


def _dicts(result: Result[Any]) -> list[dict[str, Any]]:
    """Rows as plain dicts, which are much faster than SQLAlchemy's mappings."""
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def _raise_if_of_the_database(error: Exception) -> None:
    if not isinstance(error, DBAPIError) or isinstance(error, DataError):
        return
    # SQLite's driver reports invalid text in this way
    if isinstance(error, OperationalError) and "Could not decode" in str(error.orig):
        return
    raise error
