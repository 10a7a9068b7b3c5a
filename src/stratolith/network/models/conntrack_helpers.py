"""Conntrack helpers of routers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.routers import Router
from stratolith.network.models.standard import Standard


class ConntrackHelper(Standard, Base):
    """A helper of the kernel that reads what goes to a port through a router.

    Its project is that of the router.
    """

    __tablename__ = "network_conntrack_helpers"
    __table_args__ = (UniqueConstraint("router_id", "protocol", "port", "helper"),)

    router_id: Mapped[str] = mapped_column(ForeignKey(Router.id, ondelete="CASCADE"))
    protocol: Mapped[str] = mapped_column(String(16))
    port: Mapped[int]
    helper: Mapped[str] = mapped_column(String(64))

    def policy_target(self) -> dict[str, Any]:
        own = Standard.policy_target(self)
        return {**own, **{f"ext_parent:{name}": value for name, value in own.items()}}
