"""Bindings of ports to hosts where they are not active."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.kernel.db.types import Json
from stratolith.network.models.networks import Port
from stratolith.network.models.standard import ID


class PortBinding(Base):
    """An inactive binding of a port; the columns of the port itself are its active one.

    network_id: that of the port, which never changes.
    """

    __tablename__ = "network_port_bindings"
    __table_args__ = (Index("ix_network_port_bindings_host", "host", "network_id"),)

    port_id: Mapped[str] = mapped_column(ForeignKey(Port.id, ondelete="CASCADE"), primary_key=True)
    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    network_id: Mapped[str] = mapped_column(ID, index=True)
    vnic_type: Mapped[str] = mapped_column(String(32), default="normal")
    profile: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
