"""Routers and floating IPs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.kernel.db.types import Json
from stratolith.network.models.networks import Network
from stratolith.network.models.standard import ID, Standard


class Router(Standard, Base):
    """A router; its interfaces and its gateway are ports."""

    __tablename__ = "network_routers"
    __table_args__ = (
        Index("ix_network_routers_election", "ha_network_id", "ha_number", unique=True),
    )

    name: Mapped[str] = mapped_column(index=True, default="")
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16), default="ACTIVE")
    gateway_network_id: Mapped[str | None] = mapped_column(ID, index=True)
    gateway_port_id: Mapped[str | None] = mapped_column(ID)
    enable_snat: Mapped[bool] = mapped_column(default=True)
    enable_ndp_proxy: Mapped[bool] = mapped_column(default=False)
    routes: Mapped[list[Any]] = mapped_column(Json, default=list)
    availability_zone_hints: Mapped[list[Any]] = mapped_column(Json, default=list)
    flavor_id: Mapped[str | None] = mapped_column(ID, index=True)
    qos_policy_id: Mapped[str | None] = mapped_column(ID, index=True)  # of the gateway
    ha: Mapped[bool] = mapped_column(default=False)
    ha_network_id: Mapped[str | None] = mapped_column(ID)  # of elections
    ha_number: Mapped[int | None]  # in elections


class FloatingIp(Standard, Base):
    """An external address that is translated to a fixed address."""

    __tablename__ = "network_floatingips"
    __table_args__ = (
        UniqueConstraint("floating_network_id", "floating_ip_address"),
        UniqueConstraint("port_id", "fixed_ip_address", "floating_network_id"),
    )

    floating_network_id: Mapped[str] = mapped_column(ForeignKey(Network.id), index=True)
    floating_ip_address: Mapped[str] = mapped_column(String(64), index=True)
    floating_port_id: Mapped[str] = mapped_column(ID)  # the port that holds the address
    port_id: Mapped[str | None] = mapped_column(ID, index=True)
    fixed_ip_address: Mapped[str | None] = mapped_column(String(64))
    router_id: Mapped[str | None] = mapped_column(ID, index=True)
    status: Mapped[str] = mapped_column(String(16), default="DOWN")
    qos_policy_id: Mapped[str | None] = mapped_column(ID, index=True)
