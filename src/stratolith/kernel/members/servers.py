"""The server processes of a cloud, as its database knows them; kept by peers.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base


class ServerRecord(Base):
    """One server process on PostgreSQL; moments are of the database's clock."""

    __tablename__ = "kernel_servers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
