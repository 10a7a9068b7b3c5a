"""Lockout: an account with too many wrong passwords or passcodes rests for a while.

What was right is forgotten only when somebody is in: whoever has the password would otherwise
start again at nought with every guess at the second factor.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from stratolith.identity.models import Premade, User
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context

EXEMPT = "ignore_lockout_failure_attempts"
COUNTED = frozenset(("password", "totp"))  # methods whose wrong tries count


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
    """Count a wrong proof, in a transaction of its own: the request itself will fail.

    None: there is no such user. That writes too, as does an account that is not counted:
    otherwise the time of the answer would tell which names exist.
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
    """Forget wrong proofs: the user gave all that was asked for."""
    if user.failed_count:
        statement = update(User).where(User.id == user.id).values(failed_count=0, failed_at=None)
        ctx.env.db.run(lambda session: session.execute(statement))
