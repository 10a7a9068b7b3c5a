"""Port forwardings of floating IPs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.routers import FloatingIp
from stratolith.network.models.standard import ID, Standard


class PortForwarding(Standard, Base):
    """Ports of a floating IP that lead to ports of one fixed address.

    Its project is that of the floating IP. Either as many ports inside as outside, or one inside.
    """

    __tablename__ = "network_port_forwardings"
    __table_args__ = (
        Index("ix_network_port_forwardings_inside", "internal_port_id", "internal_ip_address"),
    )

    floatingip_id: Mapped[str] = mapped_column(
        ForeignKey(FloatingIp.id, ondelete="CASCADE"), index=True
    )
    protocol: Mapped[str] = mapped_column(String(16))
    external_first: Mapped[int]
    external_last: Mapped[int]
    internal_port_id: Mapped[str] = mapped_column(ID)
    internal_ip_address: Mapped[str] = mapped_column(String(64))
    internal_first: Mapped[int]
    internal_last: Mapped[int]

    def policy_target(self) -> dict[str, Any]:
        own = Standard.policy_target(self)
        return {**own, **{f"ext_parent:{name}": value for name, value in own.items()}}
