"""One-time passcodes (RFC 6238): six digits, SHA-1, thirty seconds, secrets of type totp."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stratolith.identity.managers import credentials
from stratolith.identity.managers.token_keys import sealing
from stratolith.identity.models import Credential, SpentPasscode, UsedPasscode
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment

TYPE = "totp"
SECONDS = 30
DIGITS = 6


def passcode(secret: str, at: float) -> str | None:
    """The passcode of a base32 secret at a moment; None for a secret that is not base32."""
    plain = secret.strip().replace(" ", "").upper()
    try:
        key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except (binascii.Error, ValueError):
        return None
    digest = hmac.new(key, struct.pack(">Q", int(at) // SECONDS), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def accept(ctx: Context, user_id: str, given: str) -> bool:
    """Whether one of the user's secrets gives this passcode in an accepted time window.

    A passcode is accepted only once, and then none of an earlier window (RFC 6238, 5.2). The use
    is recorded in a separate transaction, independent of the result of the request, for every
    matching secret and for the user: a second credential with the same secret, or a credential
    that is deleted and created again, does not allow a second use.
    """
    newest = dict(reversed(_fitting(ctx, user_id, given)))
    if not newest:
        return False
    oldest = _window(ctx) - ctx.env.settings.of(IdentitySettings).totp_previous_windows

    def note(session: Session) -> bool:
        session.execute(
            delete(SpentPasscode).where(
                SpentPasscode.user_id == user_id, SpentPasscode.window < oldest
            )
        )
        fresh = [_spend(session, user_id, given, window) for window in set(newest.values())]
        return all([*fresh, *(_use(session, *use) for use in newest.items())])

    try:
        return ctx.env.db.run(note)
    except IntegrityError:
        return False  # another request used it first, or the secret was deleted


def _window(ctx: Context) -> int:
    return int(ctx.env.clock.now().timestamp()) // SECONDS


def _fitting(ctx: Context, user_id: str, given: str) -> list[tuple[str, int]]:
    """(credential id, window) of every secret and window with this passcode."""
    statement = select(Credential).where(Credential.user_id == user_id, Credential.type == TYPE)
    now = _window(ctx)
    previous = ctx.env.settings.of(IdentitySettings).totp_previous_windows
    matches = []
    # without a secret compute as much, so that the time does not show who has one
    for row in list(ctx.session.scalars(statement)) or [_UNKNOWN.of(ctx.env)]:
        secret = credentials.blob_of(ctx, row)
        for window in range(now, now - previous - 1, -1):
            # check all windows, so that the time does not show which one matched
            wanted = passcode(secret, window * SECONDS)
            fits = wanted is not None and hmac.compare_digest(
                wanted.encode(), given.encode("utf-8", "replace")
            )
            if fits and row.user_id == user_id:
                matches.append((row.id, window))
    return matches


def _unknown(env: Environment) -> Credential:
    """A credential with a random secret, for users without one; not stored in the database."""
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    return Credential(id="", user_id=None, encrypted_blob=sealing.encrypted(env, secret))


_UNKNOWN = Once(_unknown)


def _spend(session: Session, user_id: str, given: str, window: int) -> bool:
    """Record a passcode of a user; False if it was used before, with any credential."""
    if session.get(SpentPasscode, (user_id, given, window)) is not None:
        return False
    session.add(SpentPasscode(user_id=user_id, passcode=given, window=window))
    return True


def _use(session: Session, credential_id: str, window: int) -> bool:
    """Record the use of a window; False if this or a later window was already used."""
    newer = (
        update(UsedPasscode)
        .where(UsedPasscode.credential_id == credential_id, UsedPasscode.window < window)
        .values(window=window)
        .returning(UsedPasscode.credential_id)
    )
    if session.execute(newer).first() is not None:
        return True
    if session.get(UsedPasscode, credential_id) is not None:
        return False
    session.add(UsedPasscode(credential_id=credential_id, window=window))
    return True
