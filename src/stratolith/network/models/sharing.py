"""What any resource may have: policies that share it, and tags."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.standard import ID, Standard


class RbacPolicy(Standard, Base):
    """Lets another project use a resource; ``target_project`` "*" means all projects."""

    __tablename__ = "network_rbac_policies"
    __table_args__ = (UniqueConstraint("object_id", "action", "target_project"),)

    object_type: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(ID, index=True)
    action: Mapped[str] = mapped_column(String(32))
    target_project: Mapped[str] = mapped_column(String(64), index=True)

    def policy_target(self) -> dict[str, Any]:
        return {
            **Standard.policy_target(self),
            "target_tenant": self.target_project,
            "target_project": self.target_project,
        }

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.target_project)


class Tag(Base):
    """A label of any resource."""

    __tablename__ = "network_tags"

    resource_id: Mapped[str] = mapped_column(ID, primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)
