"""Address groups: named lists of CIDRs that security group rules refer to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.standard import Standard


class AddressGroup(Standard, Base):
    """A named list of addresses; an RBAC policy may share it."""

    __tablename__ = "network_address_groups"

    name: Mapped[str] = mapped_column(index=True, default="")
    granted = False  # not a column: an RBAC policy grants it to the caller who loaded it

    def policy_target(self) -> dict[str, Any]:
        return {**Standard.policy_target(self), "shared": self.granted}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.granted)


class GroupAddress(Base):
    """A CIDR of a group, without host bits."""

    __tablename__ = "network_group_addresses"

    address_group_id: Mapped[str] = mapped_column(
        ForeignKey(AddressGroup.id, ondelete="CASCADE"), primary_key=True
    )
    address: Mapped[str] = mapped_column(String(64), primary_key=True)
