"""One-time passcodes (RFC 6238): six digits, SHA-1, thirty seconds, secrets of type totp."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

from sqlalchemy import select

from stratolith.identity.managers import credentials
from stratolith.identity.models import Credential
from stratolith.kernel.context import Context

TYPE = "totp"
SECONDS = 30
DIGITS = 6
PREVIOUS = 1  # windows before this one whose passcode still counts


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


def is_right(ctx: Context, user_id: str, given: str) -> bool:
    """Whether any of the user's secrets gives this passcode now or a window ago."""
    statement = select(Credential).where(Credential.user_id == user_id, Credential.type == TYPE)
    now = ctx.env.clock.now().timestamp()
    moments = [now - SECONDS * back for back in range(PREVIOUS + 1)]
    right = False
    for row in ctx.session.scalars(statement):
        secret = credentials.blob_of(ctx, row)
        for at in moments:  # all of them: time says nothing about which one fitted
            wanted = passcode(secret, at)
            right |= wanted is not None and hmac.compare_digest(
                wanted.encode(), given.encode("utf-8", "replace")
            )
    return right
