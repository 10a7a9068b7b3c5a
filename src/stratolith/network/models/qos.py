"""QoS policies and their rules.

What has a policy (networks, ports, floating IPs, gateways of routers) names it in a column of its
own table: a list of a thousand ports needs no further statement for them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stratolith.kernel.db import Base
from stratolith.kernel.ids import new_uuid
from stratolith.network.models.standard import ID, Standard


class QosPolicy(Standard, Base):
    """A named set of QoS rules; each project has at most one default policy."""

    __tablename__ = "network_qos_policies"

    name: Mapped[str] = mapped_column(index=True, default="")
    shared: Mapped[bool] = mapped_column(default=False)  # with all projects
    is_default: Mapped[bool] = mapped_column(default=False)
    granted = False  # not a column: an RBAC policy grants it to the caller who loaded it

    def policy_target(self) -> dict[str, Any]:
        return {**Standard.policy_target(self), "shared": self.shared or self.granted}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.project_id, self.shared, self.granted)


class DefaultQosPolicy(Base):
    """The default policy of a project; the key prevents a second one."""

    __tablename__ = "network_default_qos_policies"

    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    policy_id: Mapped[str] = mapped_column(ForeignKey(QosPolicy.id, ondelete="CASCADE"))


class QosRule(Base):
    """One rule of a policy; a policy has at most one of each type and direction.

    ``amount``: the main value (max_kbps, max_kpps, min_kbps, min_kpps or dscp_mark); ``burst``:
    that of limits; ``direction`` is "" for DSCP marks. The API names are in schemas/qos/rules.py.
    """

    __tablename__ = "network_qos_rules"
    __table_args__ = (UniqueConstraint("policy_id", "type", "direction"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_uuid)
    policy_id: Mapped[str] = mapped_column(ForeignKey(QosPolicy.id, ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(32))
    direction: Mapped[str] = mapped_column(String(8), default="")
    amount: Mapped[int]
    burst: Mapped[int] = mapped_column(default=0)
    policy: Mapped[QosPolicy] = relationship(lazy="select", viewonly=True)

    def policy_target(self) -> dict[str, Any]:
        owner = self.policy.project_id
        return {"project_id": owner, "tenant_id": owner, "ext_parent:project_id": owner}

    def policy_key(self) -> tuple[Any, ...]:
        return (self.policy.project_id,)
