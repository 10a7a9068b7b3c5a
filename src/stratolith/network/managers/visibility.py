"""The objects that callers may see: own, shared, or granted by an RBAC policy.

A network that is shared with all projects or external for all has a column for this and also an
RBAC policy for "*", which its owner sees in the list of policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true

from stratolith.kernel.context import Context
from stratolith.kernel.matching import among
from stratolith.network.models import Network, RbacPolicy

SHARED = "access_as_shared"
EXTERNAL = "access_as_external"
ALL_PROJECTS = "*"


def granted(project_id: str, object_type: str, *actions: str) -> Any:
    """Subquery of the ids that RBAC policies grant to a project ("": to all projects)."""
    return select(RbacPolicy.object_id).where(
        RbacPolicy.object_type == object_type,
        RbacPolicy.action.in_(actions or (SHARED,)),
        RbacPolicy.target_project.in_([project_id or ALL_PROJECTS, ALL_PROJECTS]),
    )


def of_networks(ctx: Context, project_id: str | None = None) -> ColumnElement[bool]:
    """A condition on Network for the caller, or only for ``project_id``."""
    if project_id is None:
        if ctx.is_admin:
            return true()
        project_id = ctx.project_id
    own: ColumnElement[bool] = Network.project_id == project_id if project_id else false()
    return or_(
        own,
        Network.shared.is_(True),
        Network.id.in_(granted(project_id, "network", SHARED, EXTERNAL)),
    )


def may_use(ctx: Context, network: Network, project_id: str) -> bool:
    """Whether a project may put ports on the network: it owns it or it is shared with it."""
    return bool(project_id and network.project_id == project_id) or is_shared_with(
        ctx, network, project_id
    )


def is_shared_with(ctx: Context, network: Network, project_id: str) -> bool:
    """Whether a network is shared with all projects or, by an RBAC policy, with this one."""
    if network.shared:
        return True
    policy = granted(project_id, "network", SHARED).where(RbacPolicy.object_id == network.id)
    return ctx.session.execute(policy.limit(1)).first() is not None


def is_shared_by_name(ctx: Context, network_id: str) -> bool:
    """Whether an RBAC policy names the caller's project (not all projects)."""
    policy = select(RbacPolicy.id).where(
        RbacPolicy.object_id == network_id,
        RbacPolicy.action == SHARED,
        ctx.own(RbacPolicy.target_project),
    )
    return ctx.session.scalar(policy.limit(1)) is not None


def may_see(ctx: Context, network: Network) -> bool:
    if ctx.is_admin or network.shared or ctx.owns(network.project_id):
        return True
    policy = granted(ctx.project_id, "network", SHARED, EXTERNAL)
    policy_row = ctx.session.execute(
        policy.where(RbacPolicy.object_id == network.id).limit(1)
    ).first()
    network.granted = policy_row is not None
    return network.granted


def note_granted(ctx: Context, networks: Sequence[Network]) -> None:
    """Set ``granted`` of networks of other projects; one statement, none if all are own."""
    foreign = [
        network for network in networks if not (ctx.owns(network.project_id) or network.shared)
    ]
    if foreign and not ctx.is_admin:
        granted_ids = shared_ids(
            ctx, "network", [network.id for network in foreign], SHARED, EXTERNAL
        )
        for network in foreign:
            network.granted = network.id in granted_ids


def shared_ids(ctx: Context, object_type: str, ids: Iterable[str], *actions: str) -> set[str]:
    """Those of the objects that RBAC policies grant to the caller (SHARED); one statement."""
    statement = granted(ctx.project_id, object_type, *actions).where(
        among(ctx.session, RbacPolicy.object_id, ids)
    )
    return set(ctx.session.scalars(statement))


def is_granted(ctx: Context, object_type: str, row: Any) -> bool:
    """Whether the caller may see a row that is owned, shared or granted; notes ``granted``."""
    if ctx.is_admin or row.shared or ctx.owns(row.project_id):
        return True
    row.granted = bool(shared_ids(ctx, object_type, [row.id]))
    return bool(row.granted)


def note_granted_rows(ctx: Context, object_type: str, rows: Sequence[Any]) -> None:
    """Set ``granted`` of rows of other projects; one statement, none if all are own."""
    foreign = [row for row in rows if not (row.shared or ctx.owns(row.project_id))]
    if foreign and not ctx.is_admin:
        granted_ids = shared_ids(ctx, object_type, [row.id for row in foreign])
        for row in foreign:
            row.granted = row.id in granted_ids


def owned_or_shared(ctx: Context, object_type: str, model: Any) -> ColumnElement[bool]:
    """A condition for resources of the caller, of all projects, and those granted to it."""
    shared: ColumnElement[bool] = model.shared.is_(True)
    return or_(of_owned(ctx, model), shared, model.id.in_(granted(ctx.project_id, object_type)))


def grant_to_all(ctx: Context, object_type: str, row: Any, action: str = SHARED) -> None:
    """Make the policy that shares the row with all projects, unless there is one."""
    existing = select(RbacPolicy.id).where(
        RbacPolicy.object_id == row.id,
        RbacPolicy.action == action,
        RbacPolicy.target_project == ALL_PROJECTS,
    )
    if ctx.session.scalar(existing) is None:
        policy = RbacPolicy(
            project_id=row.project_id,
            object_type=object_type,
            object_id=row.id,
            action=action,
            target_project=ALL_PROJECTS,
        )
        ctx.session.add(policy)
        ctx.session.flush()


def forget_policies(ctx: Context, object_id: str) -> None:
    """Delete the policies of a deleted object."""
    for policy in ctx.session.scalars(select(RbacPolicy).where(RbacPolicy.object_id == object_id)):
        ctx.session.delete(policy)


def external_for_all(ctx: Context, ids: Iterable[str]) -> set[str]:
    """Those of the networks that an administrator made external for all; one statement."""
    statement = granted("", "network", EXTERNAL).where(
        among(ctx.session, RbacPolicy.object_id, ids)
    )
    return set(ctx.session.scalars(statement))


def of_owned(ctx: Context, model: Any) -> ColumnElement[bool]:
    """A condition for resources that only their project and administrators see."""
    if ctx.is_admin:
        return true()
    return ctx.own(model.project_id)
