"""Load the parents of many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, plain_reader

Parent = TypeVar("Parent")


def hold(
    ctx: Context, rows: Sequence[Any], relation: InstrumentedAttribute[Parent]
) -> list[Parent]:
    """The parents of the rows by this many-to-one relation, read with one statement.

    Each row refers to its parent afterwards, with the marks that are set on the parent later.
    """
    side = relation.property
    (column,) = side.local_columns
    (remote,) = side.remote_side
    keys = {getattr(row, column.key) for row in rows}
    read = _reader(side.mapper.class_, getattr(side.mapper.class_, remote.key))
    parents = {getattr(parent, remote.key): parent for parent in read(ctx.session, keys)}
    for row in rows:
        setattr(row, relation.key, parents.get(getattr(row, column.key)))
    return list(parents.values())


@cache
def _reader(model: Any, key: Any) -> KeyedReader[Any]:
    return KeyedReader(plain_reader(model), key, select(model))
