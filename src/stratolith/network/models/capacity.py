"""What hosts promise to ports."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.kernel.db.types import Json


class HostCapacity(Base):
    """What a host reported, and whether the placement service has it.

    reported: {"capacity": as in drivers/capacity.py, "devices": device -> its physical networks}.
    """

    __tablename__ = "network_host_capacities"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    reported: Mapped[dict[str, Any]] = mapped_column(Json)
    synced: Mapped[bool] = mapped_column(Boolean, default=False)
