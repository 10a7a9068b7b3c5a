"""RBAC policies: networks and security groups shared with single projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions import (
    DuplicateRbacPolicy,
    InvalidInput,
    RbacPolicyInUse,
    RbacPolicyNotFound,
)
from stratolith.network.managers import limits, networks, security_groups
from stratolith.network.managers.visibility import EVERYBODY, EXTERNAL, SHARED
from stratolith.network.models import Port, PortSecurityGroup, RbacPolicy

ACTIONS = {"network": (SHARED, EXTERNAL), "security_group": (SHARED,)}


def get(ctx: Context, policy_id: str) -> RbacPolicy:
    """Raises RbacPolicyNotFound."""
    found = ctx.session.get(RbacPolicy, policy_id)
    if found is None or not (ctx.is_admin or found.project_id == ctx.project_id):
        raise RbacPolicyNotFound(object_type="network", id=policy_id)
    return found


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> RbacPolicy:
    """Share an object the caller owns; raises InvalidInput, DuplicateRbacPolicy."""
    kind, action = values["object_type"], values["action"]
    if action not in ACTIONS[kind]:
        raise InvalidInput(
            error_message=f"Invalid action '{action}' for object type '{kind}'. Valid actions: "
            f"{', '.join(ACTIONS[kind])}"
        )
    owner = _owner(ctx, kind, values["object_id"])
    if owner != ctx.project_id and not ctx.is_admin:
        raise InvalidInput(error_message="Only the owner of an object may share it")
    limits.check(ctx, project_id, rbac_policy=1)
    same = select(RbacPolicy.id).where(
        RbacPolicy.object_id == values["object_id"],
        RbacPolicy.action == action,
        RbacPolicy.target_project == values["target_tenant"],
    )
    if ctx.session.scalar(same) is not None:
        raise DuplicateRbacPolicy
    policy = RbacPolicy(
        project_id=project_id,
        object_type=kind,
        object_id=values["object_id"],
        action=action,
        target_project=values["target_tenant"],
    )
    ctx.session.add(policy)
    ctx.session.flush()
    return policy


def update(ctx: Context, policy: RbacPolicy, values: Mapping[str, Any]) -> RbacPolicy:
    """Change whom it is for; raises RbacPolicyInUse."""
    target = values.get("target_tenant")
    if target and target != policy.target_project:
        _check_unused(ctx, policy)
        policy.target_project = target
        ctx.session.flush()
    return policy


def delete(ctx: Context, policy: RbacPolicy) -> None:
    """Raises RbacPolicyInUse while the project it is for uses the object."""
    _check_unused(ctx, policy)
    ctx.session.delete(policy)
    ctx.session.flush()


def _owner(ctx: Context, kind: str, object_id: str) -> str:
    if kind == "network":
        return networks.get(ctx, object_id).project_id
    return security_groups.get(ctx, object_id).project_id


def _check_unused(ctx: Context, policy: RbacPolicy) -> None:
    if policy.action != SHARED:
        return
    users = select(Port.id).where(Port.project_id != policy.project_id, Port.project_id != "")
    if policy.target_project != EVERYBODY:
        users = users.where(Port.project_id == policy.target_project)
    if policy.object_type == "network":
        users = users.where(Port.network_id == policy.object_id)
    else:
        members = select(PortSecurityGroup.port_id).where(
            PortSecurityGroup.security_group_id == policy.object_id
        )
        users = users.where(Port.id.in_(members))
    if ctx.session.scalar(users.limit(1)) is not None:
        raise RbacPolicyInUse(object_id=policy.object_id)
