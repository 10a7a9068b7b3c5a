"""Local IPs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.networks import Port
from stratolith.network.models.standard import ID, Standard

TRANSLATE, PASSTHROUGH = "translate", "passthrough"


class LocalIp(Standard, Base):
    """An address of ``local_port_id`` that guests reach as a port of their own host."""

    __tablename__ = "network_local_ips"

    name: Mapped[str] = mapped_column(index=True, default="")
    local_port_id: Mapped[str] = mapped_column(ForeignKey(Port.id, ondelete="CASCADE"), index=True)
    network_id: Mapped[str] = mapped_column(ID, index=True)
    local_ip_address: Mapped[str] = mapped_column(String(64))
    ip_mode: Mapped[str] = mapped_column(String(32), default=TRANSLATE)


class LocalIpAssociation(Base):
    """A port that its host's guests reach by the local IP. Its project is that of the local IP."""

    __tablename__ = "network_local_ip_associations"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)  # both ids, as upstream
    project_id: Mapped[str] = mapped_column(String(64))
    local_ip_id: Mapped[str] = mapped_column(ForeignKey(LocalIp.id, ondelete="CASCADE"), index=True)
    fixed_port_id: Mapped[str] = mapped_column(ForeignKey(Port.id, ondelete="CASCADE"), index=True)
    fixed_ip: Mapped[str] = mapped_column(String(64))

    def policy_target(self) -> dict[str, Any]:
        own = {"project_id": self.project_id, "tenant_id": self.project_id}
        return {**own, **{f"ext_parent:{name}": value for name, value in own.items()}}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id,)
