"""NDP proxies of routers."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.networks import Port
from stratolith.network.models.routers import Router
from stratolith.network.models.standard import Standard


class NdpProxy(Standard, Base):
    """An IPv6 address of a port for which a router answers on its external network."""

    __tablename__ = "network_ndp_proxies"

    name: Mapped[str] = mapped_column(index=True, default="")
    router_id: Mapped[str] = mapped_column(ForeignKey(Router.id, ondelete="CASCADE"), index=True)
    port_id: Mapped[str] = mapped_column(ForeignKey(Port.id, ondelete="CASCADE"), index=True)
    ip_address: Mapped[str] = mapped_column(String(64))
