"""The topology that a project got on request."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.networks import Network
from stratolith.network.models.standard import ID


class AutoAllocatedTopology(Base):
    """The network and router of a project; the row ends with the network."""

    __tablename__ = "network_auto_topologies"

    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    network_id: Mapped[str] = mapped_column(ForeignKey(Network.id, ondelete="CASCADE"), index=True)
    router_id: Mapped[str] = mapped_column(ID)  # may have been deleted
