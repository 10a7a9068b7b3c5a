"""Lockout: an account with too many wrong passwords or passcodes is locked for a time.

The count is reset only after a complete login. If a right password alone reset it, a person with
the password could guess the second factor without limit.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from stratolith.identity.models import Premade, User
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context

EXEMPT = "ignore_lockout_failure_attempts"
COUNTED = frozenset(("password", "totp"))  # methods whose failures are counted


def _limit(ctx: Context, user: User) -> int:
    if user.options.get(EXEMPT):
        return 0
    return ctx.env.settings.of(IdentitySettings).lockout_failure_attempts


def is_locked(ctx: Context, user: User) -> bool:
    limit = _limit(ctx, user)
    if not limit or user.failed_count < limit:
        return False
    seconds = ctx.env.settings.of(IdentitySettings).lockout_duration
    if not seconds or user.failed_at is None:
        return True
    return ctx.env.clock.now() < user.failed_at + timedelta(seconds=seconds)


def failed(ctx: Context, user: User | None) -> None:
    """Count a failed attempt, in a separate transaction because the request's is rolled back.

    user: None if it does not exist. In this case, and for accounts without lockout, something is
    written too: otherwise the response time would show which names exist.
    """
    if not ctx.env.settings.of(IdentitySettings).lockout_failure_attempts:
        return
    if user is None or not _limit(ctx, user) or is_locked(ctx, user):
        unchanged = update(Premade).where(Premade.name == "domain").values(name=Premade.name)
        ctx.env.db.run(lambda session: session.execute(unchanged))
        return
    limit = _limit(ctx, user)
    now = ctx.env.clock.now()
    seconds = ctx.env.settings.of(IdentitySettings).lockout_duration
    over = (
        user.failed_count >= limit
        and seconds > 0
        and user.failed_at is not None
        and now >= user.failed_at + timedelta(seconds=seconds)
    )
    count = 1 if over else User.failed_count + 1
    statement = update(User).where(User.id == user.id).values(failed_count=count, failed_at=now)
    ctx.env.db.run(lambda session: session.execute(statement))


def succeeded(ctx: Context, user: User) -> None:
    """Reset the count of failures after a complete login."""
    if user.failed_count:
        statement = update(User).where(User.id == user.id).values(failed_count=0, failed_at=None)
        ctx.env.db.run(lambda session: session.execute(statement))
