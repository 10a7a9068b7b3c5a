"""Segments of networks, ranges of their numbers, and what hosts are connected to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.networks import Network
from stratolith.network.models.standard import Standard


class Segment(Standard, Base):
    """One layer 2 domain of a network. A network has one, or several.

    claim: what the segment takes for itself, such as "vxlan//5000"; unique, so that two
    transactions cannot take the same. None: it takes nothing.
    """

    __tablename__ = "network_segments"
    __table_args__ = (
        Index("ix_network_segments_number", "network_type", "physical_network", "segmentation_id"),
    )

    network_id: Mapped[str] = mapped_column(ForeignKey(Network.id, ondelete="CASCADE"), index=True)
    project_id: Mapped[str] = mapped_column(String(64), default="")  # not used
    name: Mapped[str | None]
    description: Mapped[str | None] = mapped_column(default=None)  # type: ignore[assignment]
    network_type: Mapped[str] = mapped_column(String(16))
    physical_network: Mapped[str] = mapped_column(String(64), default="")  # "": none
    segmentation_id: Mapped[int | None] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(Integer, default=0)  # among those of the network
    claim: Mapped[str | None] = mapped_column(String(128), unique=True)


class NetworkSegmentRange(Standard, Base):
    """Numbers from which segments are taken: by one project, or ``shared`` by all.

    is_default: it is from the settings (managers/segments/ranges.py).
    """

    __tablename__ = "network_segment_ranges"

    name: Mapped[str] = mapped_column(index=True, default="")
    description: Mapped[str | None] = mapped_column(default=None)  # type: ignore[assignment]
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    shared: Mapped[bool] = mapped_column(Boolean, default=True)
    network_type: Mapped[str] = mapped_column(String(16))
    physical_network: Mapped[str] = mapped_column(String(64), default="")  # "": none
    minimum: Mapped[int] = mapped_column(BigInteger)
    maximum: Mapped[int] = mapped_column(BigInteger)


class HostMapping(Base):
    """A host is connected to a physical network by a device, as its agent reports."""

    __tablename__ = "network_host_mappings"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    physical_network: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    device: Mapped[str] = mapped_column(String(15))
