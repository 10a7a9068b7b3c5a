"""Networks, subnets and ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stratolith.kernel.db import Base
from stratolith.kernel.db.types import Json
from stratolith.network.models.standard import ID, Standard


class Network(Standard, Base):
    """A layer 2 network; ``network_type`` determines how it is realised.

    network_type, physical_network, segmentation_id: those of its first segment, so that most
    requests need not read segments; network_type "": it has no segment.
    """

    __tablename__ = "network_networks"
    __table_args__ = (UniqueConstraint("network_type", "physical_network", "segmentation_id"),)
    name: Mapped[str] = mapped_column(index=True, default="")
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    shared: Mapped[bool] = mapped_column(default=False)
    external: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)
    mtu: Mapped[int]
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    network_type: Mapped[str] = mapped_column(String(16))
    physical_network: Mapped[str] = mapped_column(String(64), default="")  # "": none
    segmentation_id: Mapped[int | None] = mapped_column(Integer)
    dns_domain: Mapped[str] = mapped_column(default="")
    several_segments: Mapped[bool] = mapped_column(default=False)
    qos_policy_id: Mapped[str | None] = mapped_column(ID, index=True)
    availability_zone_hints: Mapped[list[Any]] = mapped_column(Json, default=list)
    granted = False  # not a column: an RBAC policy grants it to the caller who loaded it

    def policy_target(self) -> dict[str, Any]:
        target = Standard.policy_target(self)
        shared = self.shared or self.granted
        target.update({"shared": shared, "router:external": self.external})
        target["network:project_id"] = self.project_id
        return target

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.shared, self.granted, self.external)


class Subnet(Standard, Base):
    """An address range of a network."""

    __tablename__ = "network_subnets"

    network_id: Mapped[str] = mapped_column(ForeignKey(Network.id), index=True)
    name: Mapped[str] = mapped_column(index=True, default="")
    ip_version: Mapped[int]
    cidr: Mapped[str] = mapped_column(String(64), index=True)
    gateway_ip: Mapped[str | None] = mapped_column(String(64))
    enable_dhcp: Mapped[bool] = mapped_column(default=True)
    ipv6_ra_mode: Mapped[str | None] = mapped_column(String(16))
    ipv6_address_mode: Mapped[str | None] = mapped_column(String(16))
    subnetpool_id: Mapped[str | None] = mapped_column(ID, index=True)
    segment_id: Mapped[str | None] = mapped_column(ID, index=True)  # None: of the whole network
    allocation_pools: Mapped[list[Any]] = mapped_column(Json, default=list)  # [{start, end}]
    dns_nameservers: Mapped[list[Any]] = mapped_column(Json, default=list)
    host_routes: Mapped[list[Any]] = mapped_column(Json, default=list)  # [{destination, nexthop}]
    service_types: Mapped[list[Any]] = mapped_column(Json, default=list)
    dns_publish_fixed_ip: Mapped[bool] = mapped_column(default=False)
    network: Mapped[Network] = relationship(lazy="select", viewonly=True)

    def policy_target(self) -> dict[str, Any]:
        target = Standard.policy_target(self)
        network = self.network
        shared = network.shared or network.granted
        target.update({"shared": shared, "router:external": network.external})
        target["network:project_id"] = network.project_id
        return target

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, *self.network.policy_key())


@dataclass(frozen=True)
class Fresh:
    """Data of a port that was made in this transaction, so that rendering needs no query."""

    fixed_ips: list[dict[str, str]]
    security_groups: list[str]


class Port(Standard, Base):
    """A port of a network."""

    __tablename__ = "network_ports"
    __table_args__ = (
        UniqueConstraint("network_id", "mac_address"),
        Index("ix_network_ports_device", "device_id", "device_owner"),
        Index("ix_network_ports_host", "binding_host", "network_id"),
        Index("ix_network_ports_holder", "holder_id", "holder"),
    )

    network_id: Mapped[str] = mapped_column(ForeignKey(Network.id), index=True)
    name: Mapped[str] = mapped_column(index=True, default="")
    mac_address: Mapped[str] = mapped_column(String(17), index=True)
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16), default="DOWN")
    ip_allocation: Mapped[str] = mapped_column(String(16), default="immediate")
    device_id: Mapped[str] = mapped_column(default="")
    device_owner: Mapped[str] = mapped_column(default="", index=True)
    holder: Mapped[str] = mapped_column(String(16), default="")  # managers/holders.py; "": none
    holder_id: Mapped[str] = mapped_column(ID, default="")
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    binding_host: Mapped[str] = mapped_column(default="")  # "": not bound
    vnic_type: Mapped[str] = mapped_column(String(32), default="normal")
    binding_error: Mapped[str] = mapped_column(default="")  # why its host failed, with ERROR
    binding_profile: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    allowed_address_pairs: Mapped[list[Any]] = mapped_column(Json, default=list)
    extra_dhcp_opts: Mapped[list[Any]] = mapped_column(Json, default=list)
    data_plane_status: Mapped[str | None] = mapped_column(String(16))  # as an operator set it
    propagate_uplink_status: Mapped[bool] = mapped_column(default=True)
    numa_affinity_policy: Mapped[str | None] = mapped_column(String(16))
    hostname: Mapped[str] = mapped_column(default="")  # the host name that DHCP sends to the guest
    dns_name: Mapped[str] = mapped_column(default="")  # managers/addressing/dns.py
    dns_domain: Mapped[str] = mapped_column(default="")
    qos_policy_id: Mapped[str | None] = mapped_column(ID, index=True)
    made_by_server: Mapped[bool] = mapped_column(default=False)  # deleted together with its server
    network: Mapped[Network] = relationship(lazy="select", viewonly=True)
    fresh = cast(Fresh | None, None)  # not a column: set on a port that create() made

    def policy_target(self) -> dict[str, Any]:
        target = Standard.policy_target(self)
        target["device_owner"] = self.device_owner
        target["network:project_id"] = self.network.project_id
        target["shared"] = self.network.shared or self.network.granted
        return target

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.device_owner, *self.network.policy_key())


class FixedIp(Base):
    """An address of a port. ``offset``: distance from the subnet's first address, for finding
    free ones; None where it does not fit into 63 bits.
    """

    __tablename__ = "network_fixed_ips"
    __table_args__ = (Index("ix_network_fixed_ips_offset", "subnet_id", "offset"),)

    subnet_id: Mapped[str] = mapped_column(ForeignKey(Subnet.id), primary_key=True)
    ip_address: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    port_id: Mapped[str] = mapped_column(ForeignKey(Port.id, ondelete="CASCADE"), index=True)
    network_id: Mapped[str] = mapped_column(ID, index=True)
    offset: Mapped[int | None] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(Integer, default=0)
