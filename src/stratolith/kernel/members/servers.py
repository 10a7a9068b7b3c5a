"""The server processes of a cloud as rows; peers.py writes them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base


class ServerRecord(Base):
    """A server process on PostgreSQL; times are those of the database's clock."""

    __tablename__ = "kernel_servers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
