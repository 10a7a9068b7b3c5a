"""Reading rows of which one may be unreadable, so that it does not hide the others.

A row may hold what no code of today would write: an older release, a hand in the database, a
damaged disk. What cannot be read or makes no sense is left out and its reason kept by id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

T = TypeVar("T")

_SENSELESS = (ValueError, TypeError, LookupError, AttributeError, msgspec.MsgspecError)
_UNREADABLE = (*_SENSELESS, DBAPIError)


class LeftOut:
    """Collects what is left out; ``reasons``: object id -> sentence."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def attempt(self, owner: str, make: Callable[[], T]) -> T | None:
        """What ``make`` gives, or None after its reason was written down."""
        try:
            return make()
        except _SENSELESS as error:
            self.note(owner, error)
            return None

    def note(self, owner: str, error: object) -> None:
        self.reasons.setdefault(owner, str(error) or type(error).__name__)

    def rows(
        self,
        session: Session,
        statement: Select[*tuple[Any, ...]],
        key: InstrumentedAttribute[str],
        kind: type[T],
    ) -> list[T]:
        """The rows of a statement as structs of this kind, whose fields its columns name.

        key: the column whose value an unreadable row is reported under.
        """
        found = []
        for row in self._read(session, statement, key):
            owner = str(row._mapping[key.key])
            made = self.attempt(owner, lambda: msgspec.convert(row._mapping, kind))  # noqa: B023
            if made is not None:
                found.append(made)
        return found

    def _read(
        self, session: Session, statement: Select[*tuple[Any, ...]], key: InstrumentedAttribute[str]
    ) -> list[Any]:
        try:
            return list(session.execute(statement))
        except _UNREADABLE:
            ids = session.scalars(statement.with_only_columns(key, maintain_column_froms=True))
            return self._halves(session, statement, key, list(dict.fromkeys(ids)))

    def _halves(
        self,
        session: Session,
        statement: Select[*tuple[Any, ...]],
        key: InstrumentedAttribute[str],
        ids: list[str],
    ) -> list[Any]:
        try:
            return list(session.execute(statement.where(key.in_(ids))))
        except _UNREADABLE as error:
            if len(ids) == 1:
                self.note(ids[0], f"its row cannot be read: {error}")
                return []
        middle = len(ids) // 2
        parts = (ids[:middle], ids[middle:])
        return [row for part in parts for row in self._halves(session, statement, key, part)]
