"""Members of groups over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.identity.api import groups as groups_api
from stratolith.identity.api import users as users_api
from stratolith.identity.api.style import collection, page_of
from stratolith.identity.api.targets import of_found, target
from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers import groups, users
from stratolith.identity.models import Group, Membership, User
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]


def list_users(ctx: Context, group: Group) -> Body:
    within = select(Membership.user_id).where(Membership.group_id == group.id)
    statement = select(User).where(User.id.in_(within))
    if ctx.who.domain_id:
        statement = statement.where(User.domain_id == ctx.who.domain_id)
    return users_api.listed(ctx, statement)


def _pair(ctx: Context, rule: str, group_id: str, user_id: str) -> tuple[Group, User]:
    """Group and user, if the caller may access them; raises Forbidden before NotFound."""
    group = ctx.session.get(Group, group_id)
    user = ctx.session.get(User, user_id)
    ids = {"group_id": group_id, "user_id": user_id}
    ctx.authorize(rule, target(ids, group=group, user=user))
    if group is None:
        raise ResourceNotFound(kind="group", id=group_id)
    return group, users.get(ctx, user_id)


def check(ctx: Context, group_id: str, user_id: str) -> None:
    groups.member(ctx, *_pair(ctx, "identity:check_user_in_group", group_id, user_id))


def add(ctx: Context, group_id: str, user_id: str) -> None:
    groups.add(ctx, *_pair(ctx, "identity:add_user_to_group", group_id, user_id))


def remove_member(ctx: Context, group_id: str, user_id: str) -> None:
    groups.remove_member(ctx, *_pair(ctx, "identity:remove_user_from_group", group_id, user_id))


def list_groups(ctx: Context, user: User) -> Body:
    group_ids = select(Membership.group_id).where(Membership.user_id == user.id)
    statement = select(Group).where(Group.id.in_(group_ids))
    if ctx.who.domain_id:
        statement = statement.where(Group.domain_id == ctx.who.domain_id)
    page = page_of(ctx, groups_api.LISTING, statement)
    # memberships created by this API do not expire
    members = [{**groups_api.render(ctx, g), "membership_expires_at": None} for g in page.rows]
    return collection(ctx, "groups", members, page)


_MEMBER = "/groups/{group_id}/users/{user_id}"

ROUTES = [
    Route.get(
        "/users/{user_id}/groups",
        list_groups,
        load=users.get,
        rule="identity:list_groups_for_user",
        target=of_found("user"),
        hides_missing=True,
    ),
    Route.get(
        "/groups/{group_id}/users",
        list_users,
        load=groups.get,
        rule="identity:list_users_in_group",
        target=of_found("group"),
        hides_missing=True,
    ),
    Route.get(_MEMBER, check, status=204),
    Route.put(_MEMBER, add, status=204),
    Route.delete(_MEMBER, remove_member),
]
