"""Lockout: an account with too many wrong passwords rests for a while."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from stratolith.identity.models import User
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context

EXEMPT = "ignore_lockout_failure_attempts"


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


def failed(ctx: Context, user: User) -> None:
    """Count a wrong password, in a transaction of its own: the request itself will fail."""
    limit = _limit(ctx, user)
    if not limit:
        return
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
    """Forget wrong passwords."""
    if user.failed_count:
        statement = update(User).where(User.id == user.id).values(failed_count=0, failed_at=None)
        ctx.env.db.run(lambda session: session.execute(statement))
