"""The projects that depend on an RBAC policy, which therefore cannot be deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, union

from stratolith.kernel.context import Context
from stratolith.network.exceptions.sharing import RbacPolicyInUse
from stratolith.network.managers import holders
from stratolith.network.managers.visibility import ALL_PROJECTS, SHARED
from stratolith.network.models import (
    AddressGroup,
    AddressScope,
    FloatingIp,
    Network,
    Port,
    PortSecurityGroup,
    QosPolicy,
    RbacPolicy,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Standard,
    Subnet,
    SubnetPool,
)

_MODELS: dict[str, type[Standard]] = {
    "network": Network,
    "security_group": SecurityGroup,
    "subnetpool": SubnetPool,
    "address_scope": AddressScope,
    "qos_policy": QosPolicy,
    "address_group": AddressGroup,
}


def check_unused(ctx: Context, policy: RbacPolicy, new_target: str | None = None) -> None:
    """Raise RbacPolicyInUse when a project would lose an object that it uses.

    new_target: the target of the policy after the change, None when it is deleted.
    """
    other_targets = set(
        ctx.session.scalars(
            select(RbacPolicy.target_project).where(
                RbacPolicy.object_id == policy.object_id,
                RbacPolicy.action == policy.action,
                RbacPolicy.id != policy.id,
            )
        )
    )
    if new_target:
        other_targets.add(new_target)
    if ALL_PROJECTS in other_targets:
        return
    projects = _users(policy) if policy.action == SHARED else _gateways(ctx, policy)
    for project_id in set(ctx.session.scalars(projects)):
        concerned = policy.target_project in (ALL_PROJECTS, project_id)
        if concerned and project_id not in other_targets and project_id != _owner(ctx, policy):
            raise RbacPolicyInUse(object_id=policy.object_id)


def _owner(ctx: Context, policy: RbacPolicy) -> str:
    """The project of the object: it needs no policy."""
    return ctx.session.get_one(_MODELS[policy.object_type], policy.object_id).project_id


def _users(policy: RbacPolicy) -> Any:
    """The projects that use the object."""
    if policy.object_type == "subnetpool":
        return select(Subnet.project_id).where(Subnet.subnetpool_id == policy.object_id)
    if policy.object_type == "address_scope":
        return select(SubnetPool.project_id).where(SubnetPool.address_scope_id == policy.object_id)
    if policy.object_type == "qos_policy":
        models = (Port, Network, FloatingIp, Router)
        return union(
            *(select(m.project_id).where(m.qos_policy_id == policy.object_id) for m in models)
        )
    if policy.object_type == "address_group":
        return select(SecurityGroupRule.project_id).where(
            SecurityGroupRule.remote_address_group_id == policy.object_id
        )
    return _ports(policy)


def _ports(policy: RbacPolicy) -> Any:
    """The projects that have ports on the network or in the group."""
    users = select(Port.project_id).where(
        Port.project_id != "", Port.holder.not_in((holders.GATEWAY, holders.FLOATING_IP))
    )
    if policy.object_type == "network":
        return users.where(Port.network_id == policy.object_id)
    members = select(PortSecurityGroup.port_id).where(
        PortSecurityGroup.security_group_id == policy.object_id
    )
    return users.where(Port.id.in_(members))


def _gateways(ctx: Context, policy: RbacPolicy) -> Any:
    """The projects with routers that have their gateway on the network.

    A default external network must stay shared with all; raises RbacPolicyInUse.
    """
    network = ctx.session.get_one(Network, policy.object_id)
    if network.is_default and policy.target_project == ALL_PROJECTS:
        raise RbacPolicyInUse(object_id=policy.object_id)
    return (
        select(Router.project_id)
        .join(Port, Port.holder_id == Router.id)
        .where(Port.network_id == policy.object_id, Port.holder == holders.GATEWAY)
    )
