"""The administrator's password of a server, for the guest's config drive.

It is stored encrypted while the operation that makes the drive is open; the key is not in the
database. The metadata service never returns it: every process in the guest can call that
service, but only root can read the drive.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stratolith.kernel.context import Context

PARAM = "sealed_admin_pass"


def seal(ctx: Context, password: str) -> str:
    """The encrypted password, as stored in an operation's params."""
    return _fernet(ctx).encrypt(password.encode()).decode()


def opened(ctx: Context, params: Mapping[str, Any]) -> str | None:
    """The password of an operation; None if it has none or the secret has changed."""
    sealed = params.get(PARAM)
    if not sealed:
        return None
    try:
        return _fernet(ctx).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def without(params: Mapping[str, Any]) -> dict[str, Any]:
    """The params without the password, to show or store them."""
    return {name: value for name, value in params.items() if name != PARAM}


def _fernet(ctx: Context) -> Fernet:
    derive = HKDF(SHA256(), 32, salt=None, info=b"compute admin password")
    secret = ctx.env.secrets["metadata_secret"].encode()
    return Fernet(base64.urlsafe_b64encode(derive.derive(secret)))
