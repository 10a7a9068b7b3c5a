"""RBAC policies: networks and security groups that are shared with single projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.sharing import DuplicateRbacPolicy, RbacPolicyNotFound
from stratolith.network.managers import (
    address_scopes,
    host_hints,
    limits,
    networks,
    rbac_usage,
    security_groups,
    subnetpools,
)
from stratolith.network.managers.qos import policies as qos_policies
from stratolith.network.managers.security import address_groups
from stratolith.network.managers.visibility import ALL_PROJECTS, EXTERNAL, SHARED
from stratolith.network.models import (
    AddressScope,
    Network,
    QosPolicy,
    RbacPolicy,
    Standard,
    SubnetPool,
)

ACTIONS = {
    "network": (SHARED, EXTERNAL),
    "qos_policy": (SHARED,),
    "security_group": (SHARED,),
    "address_group": (SHARED,),
    "subnetpool": (SHARED,),
    "address_scope": (SHARED,),
}
# Objects whose column ``shared`` repeats that a policy shares them with all projects.
_MODELS: dict[str, Any] = {
    "subnetpool": SubnetPool,
    "address_scope": AddressScope,
    "qos_policy": QosPolicy,
}


def get(ctx: Context, policy_id: str) -> RbacPolicy:
    """Raises RbacPolicyNotFound."""
    policy = ctx.session.get(RbacPolicy, policy_id)
    if policy is None or not (ctx.is_admin or ctx.owns(policy.project_id)):
        raise RbacPolicyNotFound(object_type="network", id=policy_id)
    return policy


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> RbacPolicy:
    """Share an object the caller owns; raises InvalidInput, DuplicateRbacPolicy.

    A network that is external for one project becomes an external network.
    """
    kind, action = values["object_type"], values["action"]
    if action not in ACTIONS[kind]:
        raise InvalidInput(
            error_message=f"Invalid action '{action}' for object type '{kind}'. Valid actions: "
            f"{', '.join(ACTIONS[kind])}"
        )
    shared = _object(ctx, kind, values["object_id"])
    _check_owner(ctx, shared)
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
    _note(ctx, policy)
    return policy


def update(ctx: Context, policy: RbacPolicy, values: Mapping[str, Any]) -> RbacPolicy:
    """Change the target project; raises RbacPolicyInUse, InvalidInput."""
    _check_owner(ctx, _object(ctx, policy.object_type, policy.object_id))
    target = values.get("target_tenant")
    if target and target != policy.target_project:
        rbac_usage.check_unused(ctx, policy, target)
        policy.target_project = target
        ctx.session.flush()
        _note(ctx, policy)
    return policy


def delete(ctx: Context, policy: RbacPolicy) -> None:
    """Raises RbacPolicyInUse while a project depends on it. A network is no longer external
    after its last policy for external access was deleted.
    """
    rbac_usage.check_unused(ctx, policy)
    ctx.session.delete(policy)
    ctx.session.flush()
    _note(ctx, policy)


def _note(ctx: Context, policy: RbacPolicy) -> None:
    """Set whether the network is external and whether it is shared with all projects."""
    model = _MODELS.get(policy.object_type)
    if model is not None:
        to_all = select(RbacPolicy.id).where(
            RbacPolicy.object_id == policy.object_id, RbacPolicy.target_project == ALL_PROJECTS
        )
        row = ctx.session.get_one(model, policy.object_id)
        row.shared = ctx.session.scalar(to_all.limit(1)) is not None
        ctx.session.flush()
    if policy.object_type != "network":
        return
    network = ctx.session.get_one(Network, policy.object_id)
    rows = ctx.session.execute(
        select(RbacPolicy.action, RbacPolicy.target_project).where(
            RbacPolicy.object_id == network.id
        )
    ).all()
    external = any(row.action == EXTERNAL for row in rows)
    if network.external and not external:
        networks.check_not_gateway(ctx, network)
    network.external = external
    network.shared = any((r.action, r.target_project) == (SHARED, ALL_PROJECTS) for r in rows)
    network.revision_number += 1
    ctx.session.flush()
    host_hints.network(ctx, network.id)


def _object(ctx: Context, kind: str, object_id: str) -> Standard:
    if kind == "network":
        return networks.get(ctx, object_id)
    if kind == "address_group":
        return address_groups.get(ctx, object_id)
    if kind == "subnetpool":
        return subnetpools.get(ctx, object_id)
    if kind == "address_scope":
        return address_scopes.get(ctx, object_id)
    if kind == "qos_policy":
        return qos_policies.get(ctx, object_id)
    return security_groups.get(ctx, object_id)


def _check_owner(ctx: Context, shared: Standard) -> None:
    if not (ctx.is_admin or ctx.owns(shared.project_id)):
        raise InvalidInput(error_message="Only the owner of an object may share it")
