"""Security groups, their rules, and the ports in them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stratolith.kernel.db import Base
from stratolith.network.models.address_groups import AddressGroup
from stratolith.network.models.networks import Port
from stratolith.network.models.standard import Standard


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
    remote_address_group_id: Mapped[str | None] = mapped_column(
        ForeignKey(AddressGroup.id), index=True
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


class DefaultSecurityGroupRule(Standard, Base):
    """A template: a rule that new security groups get. It belongs to no project."""

    __tablename__ = "network_default_security_group_rules"

    direction: Mapped[str] = mapped_column(String(8))
    ethertype: Mapped[str] = mapped_column(String(8))
    protocol: Mapped[str | None] = mapped_column(String(40))
    port_range_min: Mapped[int | None]
    port_range_max: Mapped[int | None]
    remote_ip_prefix: Mapped[str | None] = mapped_column(String(64))
    remote_group_id: Mapped[str | None] = mapped_column(String(255))  # "PARENT": the new group
    remote_address_group_id: Mapped[str | None] = mapped_column(String(255))
    used_in_default_sg: Mapped[bool]
    used_in_non_default_sg: Mapped[bool]


class DefaultStatefulness(Standard, Base):
    """Whether new security groups of a project are stateful; project "": of all other projects."""

    __tablename__ = "network_default_statefulness"
    __table_args__ = (UniqueConstraint("project_id"),)

    stateful: Mapped[bool]
