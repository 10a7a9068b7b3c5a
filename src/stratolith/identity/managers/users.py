"""Users: reading, writing, passwords."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers import credentials, domains, revocations
from stratolith.identity.managers.attributes import (
    as_bool,
    extra_of,
    flush_unique,
    merge_extra,
    merge_options,
    taken,
)
from stratolith.identity.managers.login import password_rules, receipts
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import Assignment, Membership, Password, Project, User
from stratolith.kernel import events
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Unauthorized

Values = dict[str, Any]
KNOWN = (
    "name",
    "domain_id",
    "enabled",
    "default_project_id",
    "options",
    "password",
    "original_password",
    "password_expires_at",
)


@dataclass(frozen=True)
class NewPassword:
    """A password that was hashed before the transaction began."""

    hash: str
    self_service: bool = False
    replaces: int | None = None  # id of the old password that the user gave and that was verified


def get(ctx: Context, user_id: str) -> User:
    """Raises ResourceNotFound."""
    user = ctx.session.get(User, user_id)
    if user is None:
        raise ResourceNotFound(kind="user", id=user_id)
    return user


def by_name(ctx: Context, name: str, domain_id: str = "default") -> User:
    """Raises ResourceNotFound."""
    statement = select(User).where(User.domain_id == domain_id, User.name == name)
    user = ctx.session.scalars(statement).first()
    if user is None:
        raise ResourceNotFound(kind="user", id=name)
    return user


def password_expiries(ctx: Context, user_ids: list[str]) -> dict[str, datetime]:
    """User id -> expiry of the current password, for users whose password expires."""
    newest = select(func.max(Password.id)).group_by(Password.user_id)
    statement = select(Password.user_id, Password.expires_at).where(
        Password.expires_at.is_not(None), Password.id.in_(newest)
    )
    if len(user_ids) <= 500:
        newest = newest.where(Password.user_id.in_(user_ids))
        statement = select(Password.user_id, Password.expires_at).where(
            Password.expires_at.is_not(None), Password.id.in_(newest)
        )
    return {user_id: moment for user_id, moment in ctx.session.execute(statement) if moment}


# -- writing -------------------------------------------------------------------------------------


def create(ctx: Context, values: Values, password: NewPassword | None) -> User:
    """Raises ResourceNotFound for the domain, BadRequest, Duplicate."""
    domain = domains.get(ctx, values["domain_id"])
    user = User(
        name=values["name"].strip(),
        domain_id=domain.id,
        enabled=as_bool(values.get("enabled", True)),
        options=merge_options({}, values.get("options")),
        extra=extra_of(values, KNOWN),
        last_active_at=ctx.env.clock.now(),
    )
    _set_default_project(ctx, user, values)
    ctx.session.add(user)
    flush_unique(ctx, "user", taken(user.name, user.domain_id))
    if password is not None:
        set_password(ctx, user, password)
    events.emit(ctx, "identity.user.created", {"id": user.id})
    return user


def update(ctx: Context, user: User, values: Values, password: NewPassword | None) -> User:
    """Raises BadRequest, Duplicate."""
    if values.get("domain_id") not in (None, user.domain_id):
        raise BadRequest("Update of `domain_id` is not allowed.")
    if "enabled" in values:
        _set_enabled(ctx, user, as_bool(values["enabled"]))
    _set_default_project(ctx, user, values)
    if "name" in values:  # no query between here and the flush: it would flush earlier
        user.name = values["name"].strip()
    user.options = merge_options(user.options, values.get("options"))
    user.extra = merge_extra(user.extra, values, KNOWN)
    flush_unique(ctx, "user", taken(user.name, user.domain_id))
    if password is not None:
        set_password(ctx, user, password)
        revocations.revoke(ctx, user_id=user.id)
    elif "password" in values:  # null: no login by password until a new one is set
        ctx.session.execute(delete(Password).where(Password.user_id == user.id))
    events.emit(ctx, "identity.user.updated", {"id": user.id})
    epoch.touch(ctx)
    return user


def remove(ctx: Context, user: User) -> None:
    """Delete a user with memberships and assignments; the user's tokens become invalid."""
    ctx.session.execute(
        delete(Assignment).where(Assignment.actor == "user", Assignment.actor_id == user.id)
    )
    ctx.session.execute(delete(Membership).where(Membership.user_id == user.id))
    credentials.remove_of_user(ctx, user.id)
    ctx.session.execute(delete(Password).where(Password.user_id == user.id))
    ctx.session.delete(user)
    ctx.session.flush()
    events.emit(ctx, "identity.user.deleted", {"id": user.id})
    epoch.touch(ctx)


def change_password(ctx: Context, user: User, password: NewPassword) -> None:
    """Change the user's own password; revokes all tokens issued until now.

    Raises Unauthorized when the password was changed since the old one was verified.
    """
    if password_rules.newest_id(ctx.session, user.id) != password.replaces:
        raise Unauthorized
    set_password(ctx, user, password)
    if not receipts.required(user):
        user.failed_count = 0  # with several factors the password alone does not reset the count
    revocations.revoke(ctx, user_id=user.id)
    events.emit(ctx, "identity.user.updated", {"id": user.id})


def set_password(ctx: Context, user: User, password: NewPassword) -> None:
    """Set a new current password; keeps as many older ones as the settings compare with."""
    now = ctx.env.clock.now()
    ctx.session.add(
        Password(
            user_id=user.id,
            hash=password.hash,
            self_service=password.self_service,
            created_at=now,
            expires_at=password_rules.expiry(ctx, user, now, password.self_service),
        )
    )
    ctx.session.flush()
    password_rules.forget_old(ctx, user)


def _set_enabled(ctx: Context, user: User, enabled: bool) -> None:
    if user.enabled and not enabled:
        revocations.revoke(ctx, user_id=user.id)
        events.emit(ctx, "identity.user.disabled", {"id": user.id})
    if enabled:
        # an administrator who enables an account also ends its lockout and inactivity
        user.failed_count = 0
        user.failed_at = None
        user.last_active_at = ctx.env.clock.now()
    user.enabled = enabled


def _set_default_project(ctx: Context, user: User, values: Values) -> None:
    if "default_project_id" not in values:
        return
    project_id = values["default_project_id"]
    project = ctx.session.get(Project, project_id) if project_id is not None else None
    if project is not None and project.is_domain:
        raise BadRequest("User's default project ID cannot be a domain ID.")
    user.default_project_id = project_id
