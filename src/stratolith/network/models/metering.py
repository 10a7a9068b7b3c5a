"""Labels that count traffic of routers, and the rules that say which traffic."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stratolith.kernel.db import Base
from stratolith.kernel.ids import new_uuid
from stratolith.network.models.standard import ID


class MeteringLabel(Base):
    """Counts traffic of the project's routers, when it is shared of all routers."""

    __tablename__ = "network_meter_labels"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_uuid)
    project_id: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(String(1024), default="")
    shared: Mapped[bool] = mapped_column(default=False)

    def policy_target(self) -> dict[str, Any]:
        return {"project_id": self.project_id, "tenant_id": self.project_id}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id,)


class MeteringLabelRule(Base):
    """Traffic that a label counts, or leaves out when it is ``excluded``."""

    __tablename__ = "network_meter_rules"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_uuid)
    metering_label_id: Mapped[str] = mapped_column(
        ForeignKey(MeteringLabel.id, ondelete="CASCADE"), index=True
    )
    direction: Mapped[str] = mapped_column(String(8))
    excluded: Mapped[bool] = mapped_column(default=False)
    remote_ip_prefix: Mapped[str | None] = mapped_column(String(64))
    source_ip_prefix: Mapped[str | None] = mapped_column(String(64))
    destination_ip_prefix: Mapped[str | None] = mapped_column(String(64))
    label: Mapped[MeteringLabel] = relationship(lazy="select", viewonly=True)

    def policy_target(self) -> dict[str, Any]:
        project_id = self.label.project_id
        return {"project_id": project_id, "tenant_id": project_id}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.label.project_id,)
