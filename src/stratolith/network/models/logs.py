"""Logs: which packets of security groups hosts write to their logs."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.standard import ID, Standard


class Log(Standard, Base):
    """Log accepted or dropped packets of a port, of a group's ports, or of a project's ports."""

    __tablename__ = "network_logs"

    name: Mapped[str] = mapped_column(index=True, default="")
    resource_type: Mapped[str] = mapped_column(String(255))
    # no foreign keys: managers delete the logs of a group or port with it
    resource_id: Mapped[str | None] = mapped_column(ID, index=True)
    target_id: Mapped[str | None] = mapped_column(ID, index=True)
    event: Mapped[str] = mapped_column(String(8))  # ACCEPT, DROP, ALL
    enabled: Mapped[bool] = mapped_column(default=True)
