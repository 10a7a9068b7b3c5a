"""The identity of a cloud: a random id, created with the database and never changed.

Agents store it. Otherwise a server with another or an empty database would tell the agents that
none of their guests belongs to a server, and they would remove all guests.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel.db import Base
from stratolith.kernel.ids import new_uuid


class Cloud(Base):
    """The only row: the id of this cloud."""

    __tablename__ = "kernel_cloud"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[datetime]


def find_id(session: Session) -> str | None:
    return session.scalar(select(Cloud.id))


def ensure_id(session: Session, now: datetime) -> None:
    """Create the id if the database has none yet; no other server may start meanwhile."""
    if find_id(session) is None:
        session.add(Cloud(id=new_uuid(), created_at=now))
