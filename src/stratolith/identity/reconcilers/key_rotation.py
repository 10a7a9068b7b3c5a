"""Rotates the token keys when they are old enough, without logging anybody out."""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.identity.managers import claims
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context
from stratolith.kernel.reconcile import Reconciler, Result

DAY = 86400
TOKENS = "tokens"


class KeyRotation(Reconciler):
    """One key: TOKENS, when the latest rotation is ``rotation_days`` ago."""

    name = "identity.keys"
    interval = 600.0

    def keys(self, ctx: Context) -> Iterable[str]:
        return [TOKENS] if _is_due(ctx) else []

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        if _is_due(ctx):  # another process may have done it since
            claims.ring_of(ctx.env).rotate(keys_kept(ctx.env.settings.of(IdentitySettings)))
        return None


def keys_kept(settings: IdentitySettings) -> int:
    """As many as the settings say, but never so few that a token outlives its key.

    Of those kept one is staged and one signs; each of the others verifies for one more period.
    """
    period = max(1, settings.rotation_days) * DAY
    periods = -(-settings.token_seconds // period)
    return max(settings.active_keys, 2 + periods)


def _is_due(ctx: Context) -> bool:
    days = ctx.env.settings.of(IdentitySettings).rotation_days
    return days > 0 and claims.ring_of(ctx.env).age() >= days * DAY
