"""Server groups: servers that the scheduler keeps together or apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from stratolith.compute.exceptions import ServerGroupNotFound
from stratolith.compute.models import ServerGroup, ServerGroupMember
from stratolith.kernel import quota
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Forbidden, QuotaExceeded
from stratolith.kernel.ids import is_uuid


def get(ctx: Context, group_id: str) -> ServerGroup:
    """Raises ServerGroupNotFound, also for other projects' groups."""
    group = None
    if is_uuid(group_id):
        statement = select(ServerGroup).where(ServerGroup.id == group_id)
        group = ctx.session.scalars(statement).first()
    if group is None or not (ctx.owns(group.project_id) or ctx.is_admin):
        raise ServerGroupNotFound(group_id=group_id)
    return group


def create(ctx: Context, name: str, policy: str, rules: dict[str, Any]) -> ServerGroup:
    """Raises Forbidden if the project's quota is used up."""
    try:
        quota.check(ctx, ctx.project_id, {"server_groups": 1})
    except QuotaExceeded:
        raise Forbidden("Quota exceeded, too many server groups.") from None
    group = ServerGroup(
        project_id=ctx.project_id, user_id=ctx.user_id, name=name, policy=policy, rules=rules
    )
    ctx.session.add(group)
    ctx.session.flush()
    return group


def remove(ctx: Context, group: ServerGroup) -> None:
    """Delete the group; its servers keep their hosts."""
    ctx.session.execute(delete(ServerGroupMember).where(ServerGroupMember.group_id == group.id))
    ctx.session.delete(group)


def members(ctx: Context, group_ids: Sequence[str]) -> dict[str, list[str]]:
    """Group id -> ids of its servers."""
    members_by_group: dict[str, list[str]] = defaultdict(list)
    rows = ctx.session.execute(
        select(ServerGroupMember.group_id, ServerGroupMember.server_id)
        .where(ServerGroupMember.group_id.in_(list(group_ids)))
        .order_by(ServerGroupMember.server_id)
    )
    for group_id, server_id in rows:
        members_by_group[group_id].append(server_id)
    return members_by_group
