"""Flavors of network services: what users choose, and the profiles behind them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.kernel.ids import new_uuid
from stratolith.network.models.standard import ID


class Flavor(Base):
    """A kind of service that users may choose; it belongs to no project."""

    __tablename__ = "network_flavors"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_uuid)
    name: Mapped[str] = mapped_column(default="")
    description: Mapped[str | None] = mapped_column(Text)
    service_type: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True)

    def policy_target(self) -> dict[str, Any]:
        return {}

    def policy_key(self) -> tuple[Any, ...]:
        return ()


class ServiceProfile(Base):
    """How a service is made: the driver of a provider."""

    __tablename__ = "network_service_profiles"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_uuid)
    description: Mapped[str | None] = mapped_column(Text)
    driver: Mapped[str] = mapped_column(Text, default="")
    metainfo: Mapped[str] = mapped_column(Text, default="")
    enabled: Mapped[bool] = mapped_column(default=True)

    def policy_target(self) -> dict[str, Any]:
        return {}

    def policy_key(self) -> tuple[Any, ...]:
        return ()


class FlavorProfile(Base):
    """A profile of a flavor."""

    __tablename__ = "network_flavor_profiles"

    flavor_id: Mapped[str] = mapped_column(
        ForeignKey(Flavor.id, ondelete="CASCADE"), primary_key=True
    )
    profile_id: Mapped[str] = mapped_column(
        ForeignKey(ServiceProfile.id), primary_key=True, index=True
    )
