"""Leases: of many identical processes, one at a time does a piece of background work."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.clock import Clock
from stratolith.kernel.db import Base, Database


class Lease(Base):
    """Who holds a name, until when."""

    __tablename__ = "kernel_leases"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime]


def acquire(db: Database, clock: Clock, name: str, holder: str, seconds: float) -> bool:
    """Take or renew a lease; False while another holder's has not run out."""
    now = clock.now()
    expires = now + timedelta(seconds=seconds)
    with db.write() as session:
        taken = session.execute(
            update(Lease)
            .where(Lease.name == name, (Lease.holder == holder) | (Lease.expires_at < now))
            .values(holder=holder, expires_at=expires)
        )
        if taken.rowcount:  # type: ignore[attr-defined]
            return True
    try:
        with db.write() as session:
            session.add(Lease(name=name, holder=holder, expires_at=expires))
        return True
    except IntegrityError:
        return False


def release(db: Database, name: str, holder: str) -> None:
    with db.write() as session:
        session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))
