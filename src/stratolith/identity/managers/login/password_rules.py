"""Rules for new passwords: length, pattern, minimum age, different from earlier ones."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import re2
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stratolith.identity.exceptions import PasswordInvalid, SelfServiceFailed
from stratolith.identity.managers.login import passwords
from stratolith.identity.models import Password, User
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context


def check_form(ctx: Context, password: str) -> None:
    """Raises PasswordInvalid."""
    settings = ctx.env.settings.of(IdentitySettings)
    if len(password) > settings.max_password_length:
        raise PasswordInvalid(
            detail=f"it may have at most {settings.max_password_length} characters"
        )
    if settings.password_regex and not _fits(settings.password_regex, password):
        raise PasswordInvalid(
            detail=settings.password_regex_description
            or "it does not meet the requirements for passwords"
        )


def _fits(expression: str, password: str) -> bool:
    try:
        return _compiled(expression).match(password) is not None
    except UnicodeEncodeError:  # a lone surrogate
        return False


@lru_cache(maxsize=100)
def _compiled(expression: str) -> Any:
    """The compiled expression, by RE2, which takes linear time. RE2 has no lookaround: for an
    expression with it Python's re is used, on a password of max_password_length at most.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(expression, options)
    except re2.error:
        return re.compile(expression)


def check_own_change(ctx: Context, session: Session, user: User, password: str) -> None:
    """Check the additional rules when users change their own password; raises SelfServiceFailed.

    Slow (one hash for each old password): call it outside a write transaction.
    """
    settings = ctx.env.settings.of(IdentitySettings)
    if user.options.get("lock_password"):
        raise SelfServiceFailed(detail="this account may not change its password")
    newest = _latest(session, user.id, 1)
    if settings.minimum_password_age and newest and not _must_change(ctx, newest[0]):
        may_from = newest[0].created_at + timedelta(days=settings.minimum_password_age)
        if ctx.env.clock.now() < may_from:
            raise SelfServiceFailed(
                detail=f"the password may be changed again from {may_from:%Y-%m-%dT%H:%M:%SZ}"
            )
    count = settings.unique_last_password_count
    if count > 1:
        hasher = passwords.of(ctx.env)
        for old in _latest(session, user.id, count):
            if hasher.verify(password, old.hash):
                raise PasswordInvalid(
                    detail=f"the new password must differ from the latest {count}"
                )


def expiry(ctx: Context, user: User, now: datetime, self_service: bool) -> datetime | None:
    """When a password that is set now expires; None: never."""
    settings = ctx.env.settings.of(IdentitySettings)
    exempt = user.options.get("ignore_change_password_upon_first_use")
    if settings.change_password_upon_first_use and not self_service and not exempt:
        return now
    if settings.password_expires_days and not user.options.get("ignore_password_expiry"):
        return now + timedelta(days=settings.password_expires_days)
    return None


def forget_old(ctx: Context, user: User) -> None:
    """Delete old passwords that the settings do not compare with; keeps the current one."""
    keep = max(1, ctx.env.settings.of(IdentitySettings).unique_last_password_count)
    kept = [password.id for password in _latest(ctx.session, user.id, keep)]
    ctx.session.execute(
        delete(Password).where(Password.user_id == user.id, Password.id.not_in(kept))
    )


def newest_id(session: Session, user_id: str) -> int | None:
    """The id of the current password."""
    newest = _latest(session, user_id, 1)
    return newest[0].id if newest else None


def _latest(session: Session, user_id: str, count: int) -> list[Password]:
    statement = select(Password).where(Password.user_id == user_id)
    return list(session.scalars(statement.order_by(Password.id.desc()).limit(count)))


def _must_change(ctx: Context, password: Password) -> bool:
    return password.expires_at is not None and password.expires_at <= ctx.env.clock.now()
