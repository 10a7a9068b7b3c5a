"""One-time passcodes (RFC 6238): six digits, SHA-1, thirty seconds, secrets of type totp."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stratolith.identity.managers import credentials
from stratolith.identity.models import Credential, UsedPasscode
from stratolith.identity.settings import IdentitySettings
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
    """Whether one of the user's secrets gives this passcode in a window that counts.

    A passcode is accepted once, and so is none of an earlier window (RFC 6238, 5.2); that is
    noted in a transaction of its own, however the request ends.
    """
    fitting = _fitting(ctx, user_id, given)
    return any(_use(ctx.env, credential_id, window) for credential_id, window in fitting)


def _fitting(ctx: Context, user_id: str, given: str) -> list[tuple[str, int]]:
    """(credential id, window) of every secret and window with this passcode."""
    statement = select(Credential).where(Credential.user_id == user_id, Credential.type == TYPE)
    now = int(ctx.env.clock.now().timestamp()) // SECONDS
    previous = ctx.env.settings.of(IdentitySettings).totp_previous_windows
    found = []
    for row in ctx.session.scalars(statement):
        secret = credentials.blob_of(ctx, row)
        for window in range(now, now - previous - 1, -1):
            # all of them: time says nothing about which one fitted
            wanted = passcode(secret, window * SECONDS)
            if wanted is not None and hmac.compare_digest(
                wanted.encode(), given.encode("utf-8", "replace")
            ):
                found.append((row.id, window))
    return found


def _use(env: Environment, credential_id: str, window: int) -> bool:
    """Note that a window was used; False when it, or a later one, was already."""
    newer = (
        update(UsedPasscode)
        .where(UsedPasscode.credential_id == credential_id, UsedPasscode.window < window)
        .values(window=window)
        .returning(UsedPasscode.credential_id)
    )

    def note(session: Session) -> bool:
        if session.execute(newer).first() is not None:
            return True
        if session.get(UsedPasscode, credential_id) is not None:
            return False
        session.add(UsedPasscode(credential_id=credential_id, window=window))
        return True

    try:
        return env.db.run(note)
    except IntegrityError:
        return False  # another request was first, or the secret is gone
