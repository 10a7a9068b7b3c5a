"""Leases: of many identical processes, one at a time does a part of some background work."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel.clock import Clock
from stratolith.kernel.db import Base, Database


class Lease(Base):
    """Who holds a name, until when."""

    __tablename__ = "kernel_leases"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime]


def share(
    db: Database, clock: Clock, names: Sequence[str], holder: str, seconds: float, most: int
) -> frozenset[str]:
    """Renew or take up to ``most`` of these leases, give up what is more; those that are held now.

    Moments are this machine's: the clocks of servers must agree to a second or two.
    """
    now = clock.now()
    expires = now + timedelta(seconds=seconds)

    def work(session: Session) -> frozenset[str]:
        found = session.scalars(select(Lease).where(Lease.name.in_(names)))
        rows = {row.name: row for row in found}
        mine = [name for name, row in rows.items() if row.holder == holder]
        others = {name for name, row in rows.items() if row.expires_at >= now} - set(mine)
        free = [name for name in names if name not in others and name not in mine]
        random.shuffle(free)  # servers that look at the same moment should not take the same ones
        held = [*mine, *free][:most]
        for name in set(mine) - set(held):
            session.delete(rows[name])
        for name in held:
            session.merge(Lease(name=name, holder=holder, expires_at=expires))
        return frozenset(held)

    return db.run(work)


def release(db: Database, names: Collection[str], holder: str) -> None:
    mine = delete(Lease).where(Lease.name.in_(names), Lease.holder == holder)
    db.run(lambda session: session.execute(mine))
