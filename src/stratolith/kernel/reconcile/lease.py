"""Leases: of many identical processes, one at a time does a piece of background work."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, delete, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel.clock import Clock
from stratolith.kernel.db import Base, Database


class Lease(Base):
    """Who holds a name, until when."""

    __tablename__ = "kernel_leases"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime]


def acquire(db: Database, clock: Clock, name: str, holder: str, seconds: float) -> bool:
    """Take or renew a lease; False while another holder's has not run out.

    Moments are this machine's: the clocks of servers must agree to a second or two.
    """
    now = clock.now()
    expires = now + timedelta(seconds=seconds)

    def renew(session: Session) -> bool:
        taken = session.execute(
            update(Lease)
            .where(Lease.name == name, (Lease.holder == holder) | (Lease.expires_at < now))
            .values(holder=holder, expires_at=expires)
        )
        return bool(taken.rowcount)  # type: ignore[attr-defined]

    def take(session: Session) -> bool:
        if session.get(Lease, name) is not None:
            return False
        session.add(Lease(name=name, holder=holder, expires_at=expires))
        return True

    return db.run(renew) or db.run(take)


def release(db: Database, name: str, holder: str) -> None:
    db.run(lambda s: s.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder)))
