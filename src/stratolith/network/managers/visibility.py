"""Who may see what: own, shared, external, or shared by an RBAC policy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true

from stratolith.kernel.context import Context
from stratolith.network.models import Network, RbacPolicy

SHARED = "access_as_shared"
EXTERNAL = "access_as_external"
EVERYBODY = "*"


def granted(project_id: str, object_type: str, *actions: str) -> Any:
    """Subquery of the ids that RBAC policies open to a project."""
    return select(RbacPolicy.object_id).where(
        RbacPolicy.object_type == object_type,
        RbacPolicy.action.in_(actions or (SHARED,)),
        RbacPolicy.target_project.in_([project_id, EVERYBODY]),
    )


def of_networks(ctx: Context, project_id: str | None = None) -> ColumnElement[bool]:
    """Condition on Network for the caller, or for ``project_id`` alone."""
    if project_id is None:
        if ctx.is_admin:
            return true()
        project_id = ctx.project_id
    return or_(
        Network.project_id == project_id,
        Network.shared.is_(True),
        Network.external.is_(True),
        Network.id.in_(granted(project_id, "network", SHARED, EXTERNAL)),
    )


def may_use(ctx: Context, network: Network, project_id: str) -> bool:
    """Whether a project may put ports on the network: its own or shared with it."""
    if network.project_id == project_id or network.shared:
        return True
    policy = granted(project_id, "network", SHARED).where(RbacPolicy.object_id == network.id)
    return ctx.session.execute(policy.limit(1)).first() is not None


def may_see(ctx: Context, network: Network) -> bool:
    if ctx.is_admin or network.external or network.project_id == ctx.project_id:
        return True
    if network.shared:
        return True
    policy = granted(ctx.project_id, "network", SHARED, EXTERNAL)
    found = ctx.session.execute(policy.where(RbacPolicy.object_id == network.id).limit(1)).first()
    network.granted = found is not None
    return network.granted


def shared_ids(ctx: Context, object_type: str, ids: Iterable[str], *actions: str) -> set[str]:
    """Which of these objects RBAC policies open to the caller (SHARED); one statement."""
    found = granted(ctx.project_id, object_type, *actions).where(
        RbacPolicy.object_id.in_(list(ids))
    )
    return set(ctx.session.scalars(found))


def of_owned(ctx: Context, model: Any) -> ColumnElement[bool]:
    """Condition for resources that only their project (and an administrator) sees."""
    if ctx.is_admin:
        return true()
    found: ColumnElement[bool] = model.project_id == ctx.project_id
    return found
