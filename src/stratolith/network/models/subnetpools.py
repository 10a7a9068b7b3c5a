"""Address scopes and subnet pools."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.kernel.db.types import Json
from stratolith.network.models.standard import ID, Standard


class AddressScope(Standard, Base):
    """A set of subnet pools whose addresses may not overlap."""

    __tablename__ = "network_address_scopes"

    name: Mapped[str] = mapped_column(index=True, default="")
    ip_version: Mapped[int]
    shared: Mapped[bool] = mapped_column(default=False)
    granted = False  # not a column: an RBAC policy grants it to the caller who loaded it

    def policy_target(self) -> dict[str, Any]:
        return {**Standard.policy_target(self), "shared": self.shared or self.granted}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.shared, self.granted)


class SubnetPool(Standard, Base):
    """Prefixes from which subnets are allocated."""

    __tablename__ = "network_subnetpools"

    name: Mapped[str] = mapped_column(index=True, default="")
    ip_version: Mapped[int]
    prefixes: Mapped[list[Any]] = mapped_column(Json, default=list)
    default_prefixlen: Mapped[int]
    min_prefixlen: Mapped[int]
    max_prefixlen: Mapped[int]
    default_quota: Mapped[int | None]
    address_scope_id: Mapped[str | None] = mapped_column(ID, index=True)
    shared: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)
    granted = False  # not a column: an RBAC policy grants it to the caller who loaded it

    def policy_target(self) -> dict[str, Any]:
        return {**Standard.policy_target(self), "shared": self.shared or self.granted}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.shared, self.granted)
