"""Trunks: ports that carry the frames of other ports with a tag."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.networks import Port
from stratolith.network.models.standard import ID, Standard


class Trunk(Standard, Base):
    """A trunk; ``port_id``: its parent, which carries the frames of the sub-ports."""

    __tablename__ = "network_trunks"

    port_id: Mapped[str] = mapped_column(ForeignKey(Port.id), unique=True)
    name: Mapped[str] = mapped_column(index=True, default="")
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16), default="DOWN")


class SubPort(Base):
    """A port whose frames the parent of the trunk carries, with this tag."""

    __tablename__ = "network_sub_ports"
    __table_args__ = (
        UniqueConstraint(
            "trunk_id", "segmentation_type", "segmentation_id", name="uq_network_sub_ports_segment"
        ),
    )

    port_id: Mapped[str] = mapped_column(ForeignKey(Port.id), primary_key=True)
    trunk_id: Mapped[str] = mapped_column(ID, ForeignKey(Trunk.id, ondelete="CASCADE"))
    segmentation_type: Mapped[str] = mapped_column(String(32))
    segmentation_id: Mapped[int] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer, default=0)  # in the order of their arrival
