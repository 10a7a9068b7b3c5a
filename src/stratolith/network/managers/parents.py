"""Load the parents of many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.attributes import set_committed_value

from stratolith.kernel.context import Context

Parent = TypeVar("Parent")


def hold(
    ctx: Context, rows: Sequence[Any], relation: InstrumentedAttribute[Parent]
) -> list[Parent]:
    """The parents of the rows by this many-to-one relation, read with one statement.

    The rows keep references to them: a session drops objects without a reference, and with them
    the marks that were set on them.
    """
    side = relation.property
    (column,) = side.local_columns
    (remote,) = side.remote_side
    keys = {getattr(row, column.key) for row in rows}
    parent_rows = ctx.session.scalars(select(side.mapper.class_).where(remote.in_(keys)))
    parents = {getattr(parent, remote.key): parent for parent in parent_rows}
    for row in rows:
        set_committed_value(row, relation.key, parents.get(getattr(row, column.key)))
    return list(parents.values())
