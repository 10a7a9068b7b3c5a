"""Tables of the network service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stratolith.kernel.db import Base, Timestamps
from stratolith.kernel.db.types import Json
from stratolith.kernel.ids import new_uuid

ID = String(36)


class Standard(Timestamps):
    """The columns of every resource: owner, description, revision and two times."""

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_uuid)
    project_id: Mapped[str] = mapped_column(String(64), index=True)
    description: Mapped[str] = mapped_column(default="")
    revision_number: Mapped[int] = mapped_column(BigInteger, default=0)

    def policy_target(self) -> dict[str, Any]:
        """The values that policy rules may check.

        Subclasses call this by its name, not by super(): the plain rows of lists have the methods
        of a model without being of its class (kernel/db/rows.py).
        """
        return {"project_id": self.project_id, "tenant_id": self.project_id}

    def policy_key(self) -> tuple[Any, ...]:
        """Rows with equal keys have equal ``policy_target``; cheaper to compute."""
        return (self.project_id,)


class Network(Standard, Base):
    """A layer 2 network; ``network_type`` determines how it is realised."""

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
    allocation_pools: Mapped[list[Any]] = mapped_column(Json, default=list)  # [{start, end}]
    dns_nameservers: Mapped[list[Any]] = mapped_column(Json, default=list)
    host_routes: Mapped[list[Any]] = mapped_column(Json, default=list)  # [{destination, nexthop}]
    service_types: Mapped[list[Any]] = mapped_column(Json, default=list)
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
    device_id: Mapped[str] = mapped_column(default="")
    device_owner: Mapped[str] = mapped_column(default="", index=True)
    holder: Mapped[str] = mapped_column(String(16), default="")  # managers/holders.py; "": none
    holder_id: Mapped[str] = mapped_column(ID, default="")
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    binding_host: Mapped[str] = mapped_column(default="")  # "": not bound
    vnic_type: Mapped[str] = mapped_column(String(32), default="normal")
    binding_profile: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    allowed_address_pairs: Mapped[list[Any]] = mapped_column(Json, default=list)
    extra_dhcp_opts: Mapped[list[Any]] = mapped_column(Json, default=list)
    hostname: Mapped[str] = mapped_column(default="")  # the host name that DHCP sends to the guest
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


class SecurityGroup(Standard, Base):
    """A named set of rules; each project has one default group."""

    __tablename__ = "network_security_groups"

    name: Mapped[str] = mapped_column(index=True, default="")
    stateful: Mapped[bool] = mapped_column(default=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    granted = False  # not a column: an RBAC policy grants it to the caller who loaded it

    def policy_target(self) -> dict[str, Any]:
        target = Standard.policy_target(self)
        return {**target, "security_group:project_id": self.project_id, "shared": self.granted}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.granted)


class DefaultSecurityGroup(Base):
    """The default group of a project; the key prevents a second one."""

    __tablename__ = "network_default_security_groups"

    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    security_group_id: Mapped[str] = mapped_column(ForeignKey(SecurityGroup.id, ondelete="CASCADE"))


class SecurityGroupRule(Standard, Base):
    """One permission of a group."""

    __tablename__ = "network_security_group_rules"

    security_group_id: Mapped[str] = mapped_column(
        ForeignKey(SecurityGroup.id, ondelete="CASCADE"), index=True
    )
    direction: Mapped[str] = mapped_column(String(8))
    ethertype: Mapped[str] = mapped_column(String(8))
    protocol: Mapped[str | None] = mapped_column(String(40))
    port_range_min: Mapped[int | None]
    port_range_max: Mapped[int | None]
    remote_ip_prefix: Mapped[str | None] = mapped_column(String(64))
    remote_group_id: Mapped[str | None] = mapped_column(
        ForeignKey(SecurityGroup.id, ondelete="CASCADE"), index=True
    )
    group: Mapped[SecurityGroup] = relationship(
        lazy="select", viewonly=True, foreign_keys=[security_group_id]
    )

    def policy_target(self) -> dict[str, Any]:
        return {
            **Standard.policy_target(self),
            "security_group:project_id": self.group.project_id,
            "belongs_to_default_sg": self.group.is_default,
        }

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.security_group_id)


class PortSecurityGroup(Base):
    """A port's membership in a group."""

    __tablename__ = "network_port_security_groups"

    port_id: Mapped[str] = mapped_column(ForeignKey(Port.id, ondelete="CASCADE"), primary_key=True)
    security_group_id: Mapped[str] = mapped_column(
        ForeignKey(SecurityGroup.id), primary_key=True, index=True
    )


class Router(Standard, Base):
    """A router; its interfaces and its gateway are ports."""

    __tablename__ = "network_routers"

    name: Mapped[str] = mapped_column(index=True, default="")
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16), default="ACTIVE")
    gateway_network_id: Mapped[str | None] = mapped_column(ID, index=True)
    gateway_port_id: Mapped[str | None] = mapped_column(ID)
    enable_snat: Mapped[bool] = mapped_column(default=True)
    routes: Mapped[list[Any]] = mapped_column(Json, default=list)


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


class AddressScope(Standard, Base):
    """A set of subnet pools whose addresses may not overlap."""

    __tablename__ = "network_address_scopes"

    name: Mapped[str] = mapped_column(index=True, default="")
    ip_version: Mapped[int]
    shared: Mapped[bool] = mapped_column(default=False)

    def policy_target(self) -> dict[str, Any]:
        return {**Standard.policy_target(self), "shared": self.shared}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.shared)


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

    def policy_target(self) -> dict[str, Any]:
        return {**Standard.policy_target(self), "shared": self.shared}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.shared)


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


class Place(Base):
    """The host that realises a router, or has the gateway addresses of an external network.

    No row: no host was available when one was searched.
    """

    __tablename__ = "network_places"

    object_id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # managers/placement.py
    host: Mapped[str] = mapped_column(index=True)  # "": an administrator removed it from its host
    placed_at: Mapped[datetime]


class DhcpPlace(Base):
    """A host that an administrator added to the DHCP hosts of a network.

    Hosts with guests of the network serve it without a row.
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


class Tag(Base):
    """A label of any resource."""

    __tablename__ = "network_tags"

    resource_id: Mapped[str] = mapped_column(ID, primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)
