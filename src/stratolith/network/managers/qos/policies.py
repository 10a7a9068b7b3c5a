"""QoS policies: who sees them, the default of a project, and what uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true

from stratolith.kernel.context import Context
from stratolith.network.exceptions.qos import (
    QoSPolicyDefaultAlreadyExists,
    QosPolicyInUse,
    QosPolicyNotFound,
    QosPolicyWithoutProject,
)
from stratolith.network.managers import rbac_usage, tags, visibility
from stratolith.network.managers.visibility import ALL_PROJECTS, SHARED
from stratolith.network.models import (
    DefaultQosPolicy,
    FloatingIp,
    Network,
    Port,
    QosPolicy,
    RbacPolicy,
    Router,
)

KIND = "qos_policy"  # in RBAC policies
# What can have a policy, in the order in which Neutron looks for users; its word for it.
USERS: dict[str, Any] = {"port": Port, "network": Network, "fip": FloatingIp, "router": Router}


def get(ctx: Context, policy_id: str) -> QosPolicy:
    """A policy that the caller may see; raises QosPolicyNotFound."""
    policy = ctx.session.get(QosPolicy, policy_id)
    if policy is None or not may_see(ctx, policy):
        raise QosPolicyNotFound(policy_id=policy_id)
    return policy


def may_see(ctx: Context, policy: QosPolicy) -> bool:
    """Whether it is the caller's own or shared with it; notes a grant in ``policy``."""
    if ctx.is_admin or policy.shared or ctx.owns(policy.project_id):
        return True
    note_granted(ctx, [policy])
    return policy.granted


def visible(ctx: Context) -> ColumnElement[bool]:
    """A condition on QosPolicy: those that the caller may see."""
    if ctx.is_admin:
        return true()
    return or_(
        ctx.own(QosPolicy.project_id), QosPolicy.shared.is_(True), QosPolicy.id.in_(_granted(ctx))
    )


def shared_with_caller(ctx: Context) -> ColumnElement[bool]:
    """A condition on QosPolicy: those shared with all projects or with the caller's."""
    return or_(QosPolicy.shared.is_(True), QosPolicy.id.in_(_granted(ctx)))


def note_granted(ctx: Context, policies: Sequence[QosPolicy]) -> None:
    """Set ``granted`` of the policies that an RBAC policy shares with the caller."""
    granted = visibility.shared_ids(ctx, KIND, [policy.id for policy in policies])
    for policy in policies:
        policy.granted = policy.id in granted


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> QosPolicy:
    """Raises QoSPolicyDefaultAlreadyExists, QosPolicyWithoutProject."""
    if not project_id:
        raise QosPolicyWithoutProject
    policy = QosPolicy(
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        shared=bool(values.get("shared")),
    )
    ctx.session.add(policy)
    ctx.session.flush()
    if values.get("is_default"):
        _set_default(ctx, policy)
    if policy.shared:
        _share(ctx, policy)
    return policy


def update(ctx: Context, policy: QosPolicy, values: Mapping[str, Any]) -> QosPolicy:
    """Raises QoSPolicyDefaultAlreadyExists; RbacPolicyInUse when projects that use the policy
    would lose it.
    """
    for name in ("name", "description"):
        if name in values:
            setattr(policy, name, values[name])
    if values.get("is_default", policy.is_default) != policy.is_default:
        if values["is_default"]:
            _set_default(ctx, policy)
        else:
            _unset_default(ctx, policy)
    if values.get("shared", policy.shared) != policy.shared:
        if values["shared"]:
            _share(ctx, policy)
        else:
            _unshare(ctx, policy)
        policy.shared = values["shared"]
    policy.revision_number += 1
    ctx.session.flush()
    return policy


def delete(ctx: Context, policy: QosPolicy) -> None:
    """Raises QosPolicyInUse."""
    # waits for requests that put it into use at this moment
    ctx.session.refresh(policy, with_for_update=True)
    for word, model in USERS.items():
        users = select(model.id).where(model.qos_policy_id == policy.id)
        user = ctx.session.scalar(users.order_by(model.id).limit(1))
        if user is not None:
            raise QosPolicyInUse(policy_id=policy.id, object_type=word, object_id=user)
    for grant in ctx.session.scalars(select(RbacPolicy).where(RbacPolicy.object_id == policy.id)):
        ctx.session.delete(grant)
    tags.forget(ctx, policy.id)
    ctx.session.flush()
    ctx.session.delete(policy)
    ctx.session.flush()


def default_of(ctx: Context, project_id: str) -> str | None:
    """Id of the project's default policy."""
    default = ctx.session.get(DefaultQosPolicy, project_id)
    return None if default is None else default.policy_id


def _granted(ctx: Context) -> Any:
    return visibility.granted(ctx.project_id, KIND)


def _set_default(ctx: Context, policy: QosPolicy) -> None:
    if default_of(ctx, policy.project_id) is not None:
        raise QoSPolicyDefaultAlreadyExists(project_id=policy.project_id)
    ctx.session.add(DefaultQosPolicy(project_id=policy.project_id, policy_id=policy.id))
    policy.is_default = True
    ctx.session.flush()


def _unset_default(ctx: Context, policy: QosPolicy) -> None:
    default = ctx.session.get(DefaultQosPolicy, policy.project_id)
    if default is not None and default.policy_id == policy.id:
        ctx.session.delete(default)
    policy.is_default = False
    ctx.session.flush()


def _share(ctx: Context, policy: QosPolicy) -> None:
    """Make the RBAC policy that shows the owner that it is shared with all projects."""
    if _grant_to_all(ctx, policy) is None:
        grant = RbacPolicy(
            project_id=policy.project_id,
            object_type=KIND,
            object_id=policy.id,
            action=SHARED,
            target_project=ALL_PROJECTS,
        )
        ctx.session.add(grant)
        ctx.session.flush()


def _unshare(ctx: Context, policy: QosPolicy) -> None:
    grant = _grant_to_all(ctx, policy)
    if grant is not None:
        rbac_usage.check_unused(ctx, grant)
        ctx.session.delete(grant)
        ctx.session.flush()


def _grant_to_all(ctx: Context, policy: QosPolicy) -> RbacPolicy | None:
    grant: RbacPolicy | None = ctx.session.scalar(
        select(RbacPolicy).where(
            RbacPolicy.object_id == policy.id,
            RbacPolicy.action == SHARED,
            RbacPolicy.target_project == ALL_PROJECTS,
        )
    )
    return grant
