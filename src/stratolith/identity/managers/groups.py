"""Groups of users and their memberships."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers import application_credentials, domains, revocations
from stratolith.identity.managers.attributes import extra_of, flush_unique, merge_extra, taken
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import Assignment, Group, Membership, User
from stratolith.kernel import events
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest

Values = dict[str, Any]
KNOWN = ("name", "domain_id", "description")


def get(ctx: Context, group_id: str) -> Group:
    """Raises ResourceNotFound."""
    group = ctx.session.get(Group, group_id)
    if group is None:
        raise ResourceNotFound(kind="group", id=group_id)
    return group


def create(ctx: Context, values: Values) -> Group:
    """Raises ResourceNotFound for the domain, Duplicate."""
    domain = domains.get(ctx, values["domain_id"])
    group = Group(
        name=values["name"].strip(),
        domain_id=domain.id,
        description=values.get("description", ""),
        extra=extra_of(values, KNOWN),
    )
    ctx.session.add(group)
    flush_unique(ctx, "group", taken(group.name, group.domain_id))
    return group


def update(ctx: Context, group: Group, values: Values) -> Group:
    """Raises BadRequest, Duplicate."""
    if values.get("domain_id") not in (None, group.domain_id):
        raise BadRequest("Update of `domain_id` is not allowed.")
    if "name" in values:
        group.name = values["name"].strip()
    if "description" in values:
        group.description = values["description"]
    group.extra = merge_extra(group.extra, values, KNOWN)
    flush_unique(ctx, "group", taken(group.name, group.domain_id))
    return group


def user_ids(ctx: Context, group: Group) -> list[str]:
    statement = select(Membership.user_id).where(Membership.group_id == group.id)
    return list(ctx.session.scalars(statement))


def remove(ctx: Context, group: Group) -> None:
    """Delete a group; its members lose the roles of the group."""
    members = user_ids(ctx, group)
    ctx.session.execute(
        delete(Assignment).where(Assignment.actor == "group", Assignment.actor_id == group.id)
    )
    ctx.session.execute(delete(Membership).where(Membership.group_id == group.id))
    ctx.session.delete(group)
    ctx.session.flush()
    application_credentials.remove_invalid(ctx, members)
    events.emit(ctx, "identity.group.deleted", {"id": group.id})
    epoch.touch(ctx)


def add(ctx: Context, group: Group, user: User) -> None:
    """Idempotent."""
    if ctx.session.get(Membership, (user.id, group.id)) is None:
        ctx.session.add(Membership(user_id=user.id, group_id=group.id))
        ctx.session.flush()
        epoch.touch(ctx)


def member(ctx: Context, group: Group, user: User) -> Membership:
    """Raises ResourceNotFound."""
    membership = ctx.session.get(Membership, (user.id, group.id))
    if membership is None:
        raise ResourceNotFound(f"Could not find user {user.id} in group {group.id}.")
    return membership


def remove_member(ctx: Context, group: Group, user: User) -> None:
    """Remove a member; revokes all tokens of the user, as upstream. Raises ResourceNotFound."""
    ctx.session.delete(member(ctx, group, user))
    ctx.session.flush()
    revocations.revoke(ctx, user_id=user.id)
    application_credentials.remove_invalid(ctx, [user.id])
    epoch.touch(ctx)
