"""What rows belong to, loaded for all of them at once."""

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
    """The parents that the rows have by this many-to-one relation, by one statement.

    The rows hold them afterwards: a session forgets what nobody holds, and with it what was
    noted there.
    """
    side = relation.property
    (column,) = side.local_columns
    (remote,) = side.remote_side
    keys = {getattr(row, column.key) for row in rows}
    found = ctx.session.scalars(select(side.mapper.class_).where(remote.in_(keys)))
    parents = {getattr(one, remote.key): one for one in found}
    for row in rows:
        set_committed_value(row, relation.key, parents.get(getattr(row, column.key)))
    return list(parents.values())
