"""Rotates old keys; tokens stay valid and stored secrets readable."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from stratolith.identity.managers.token_keys import claims, sealing
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context
from stratolith.kernel.reconcile import Reconciler, Result

LOG = logging.getLogger(__name__)
DAY = 86400
TOKENS = "tokens"
CREDENTIALS = "credentials"


class KeyRotation(Reconciler):
    """Rotates TOKENS when the latest rotation is ``rotation_days`` old, and CREDENTIALS when theirs
    is ``credential_rotation_days`` old or while retired keys are still in use.
    """

    name = "identity.keys"
    interval = 600.0

    def keys(self, ctx: Context) -> Iterable[str]:
        due = []
        if _is_due(ctx):
            due.append(TOKENS)
        if _is_credential_due(ctx) or sealing.ring_of(ctx.env).retired():
            due.append(CREDENTIALS)
        return due

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        if key == CREDENTIALS:
            _rotate_credentials(ctx)
            return None
        if _is_due(ctx):  # another process may have rotated them meanwhile
            claims.ring_of(ctx.env).rotate(keys_kept(ctx.env.settings.of(IdentitySettings)))
        return None


def _rotate_credentials(ctx: Context) -> None:
    ring = sealing.ring_of(ctx.env)
    if _is_credential_due(ctx):
        ring.rotate(keep=len(ring.numbers()) + 1)  # keep all keys for now
    if not ring.retired():
        return
    lost = sealing.seal_again(ctx.env)
    if lost:
        LOG.error("%d stored credentials cannot be decrypted with any key", lost)
    sealing.forget_old_keys(ctx.env)


def keys_kept(settings: IdentitySettings) -> int:
    """The configured number of keys, but enough that each token expires before its key is removed.

    One of the keys is staged and one signs; each other key verifies tokens for one more period.
    """
    period = max(1, settings.rotation_days) * DAY
    periods = -(-settings.longest_token_seconds // period)
    return max(settings.active_keys, 2 + periods)


def _is_due(ctx: Context) -> bool:
    days = ctx.env.settings.of(IdentitySettings).rotation_days
    return days > 0 and claims.ring_of(ctx.env).age() >= days * DAY


def _is_credential_due(ctx: Context) -> bool:
    days = ctx.env.settings.of(IdentitySettings).credential_rotation_days
    return days > 0 and sealing.ring_of(ctx.env).age() >= days * DAY
