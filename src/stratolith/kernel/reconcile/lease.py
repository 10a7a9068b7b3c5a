"""Leases: only one of several equal processes at a time does a part of the background work."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel.clock import Clock
from stratolith.kernel.db import Base, Database


class Lease(Base):
    """The holder of a name, and until when."""

    __tablename__ = "kernel_leases"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime]


def share(
    db: Database, clock: Clock, names: Sequence[str], holder: str, seconds: float, most: int
) -> frozenset[str]:
    """Renew or take up to ``most`` of these leases, release the excess; returns the held ones.

    Times are this machine's: the clocks of servers must agree within a second or two.
    """
    now = clock.now()
    expires = now + timedelta(seconds=seconds)

    def work(session: Session) -> frozenset[str]:
        leases = session.scalars(select(Lease).where(Lease.name.in_(names)))
        rows = {row.name: row for row in leases}
        own = [name for name, row in rows.items() if row.holder == holder]
        taken = {name for name, row in rows.items() if row.expires_at >= now} - set(own)
        free = [name for name in names if name not in taken and name not in own]
        random.shuffle(free)  # so that servers checking at the same time take different ones
        held = [*own, *free][:most]
        for name in set(own) - set(held):
            session.delete(rows[name])
        for name in held:
            session.merge(Lease(name=name, holder=holder, expires_at=expires))
        return frozenset(held)

    return db.run(work)


def release(db: Database, names: Collection[str], holder: str) -> None:
    statement = delete(Lease).where(Lease.name.in_(names), Lease.holder == holder)
    db.run(lambda session: session.execute(statement))
