"""Where routers, gateways and DHCP are, and what administrators say of agents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base
from stratolith.network.models.networks import Network
from stratolith.network.models.routers import Router
from stratolith.network.models.standard import ID


class Place(Base):
    """The host that realises a router, or has the gateway addresses of an external network.

    No row: no host was available when one was searched.
    """

    __tablename__ = "network_places"

    object_id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # managers/placement.py
    host: Mapped[str] = mapped_column(index=True)  # "": an administrator removed it from its host
    placed_at: Mapped[datetime]


class RouterHost(Base):
    """A host of a router that several hosts have; ``Place`` names the active one of them."""

    __tablename__ = "network_router_hosts"

    router_id: Mapped[str] = mapped_column(
        ForeignKey(Router.id, ondelete="CASCADE"), primary_key=True
    )
    host: Mapped[str] = mapped_column(primary_key=True, index=True)
    port_id: Mapped[str] = mapped_column(ID)  # on the network of elections
    priority: Mapped[int]  # of this host in the election; those of a router differ
    # what it reported last: active, standby or unknown; outdone: active, but another one later
    state: Mapped[str] = mapped_column(String(16), default="standby")


class ElectionNetwork(Base):
    """The network on which the hosts of a project's routers elect the active one."""

    __tablename__ = "network_election_networks"

    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    network_id: Mapped[str] = mapped_column(ForeignKey(Network.id, ondelete="CASCADE"))


class DhcpPlace(Base):
    """A host that serves DHCP of a network without a guest on it.

    It was chosen with the network's first port, or added by an administrator. Hosts with guests of
    the network serve it without a row.
    """

    __tablename__ = "network_dhcp_places"

    network_id: Mapped[str] = mapped_column(
        ForeignKey(Network.id, ondelete="CASCADE"), primary_key=True
    )
    host: Mapped[str] = mapped_column(primary_key=True, index=True)


class AgentNote(Base):
    """The values that an administrator set on a host's agent; no row: none."""

    __tablename__ = "network_agent_notes"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    description: Mapped[str | None]
    deleted_at: Mapped[datetime | None]  # hidden until the host reports after this time
