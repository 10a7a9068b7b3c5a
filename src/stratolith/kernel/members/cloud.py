"""Which cloud a database is: one random id, made with the database and never changed.

Agents remember it. A server that was started on another or an empty database would otherwise
tell them that no guest of theirs belongs to a server, and they would take all of them away.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel.db import Base
from stratolith.kernel.ids import new_uuid


class Cloud(Base):
    """The one row that names this cloud."""

    __tablename__ = "kernel_cloud"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[datetime]


def find_id(session: Session) -> str | None:
    return session.scalar(select(Cloud.id))


def ensure_id(session: Session, now: datetime) -> None:
    """Name the cloud if the database has no name yet; while no other server starts."""
    if find_id(session) is None:
        session.add(Cloud(id=new_uuid(), created_at=now))
