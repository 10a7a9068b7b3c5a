"""Claims: the content of a token, packed and signed; everything else is in the database."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgpack

from stratolith.identity.managers.token_keys import shared_keys
from stratolith.identity.managers.token_keys.keys import KeyRing
from stratolith.kernel.auth import Identity
from stratolith.kernel.caches import Once
from stratolith.kernel.environment import Environment

METHODS = (  # tokens contain positions in this list: only append
    "password",
    "token",
    "application_credential",
    "totp",
    "ec2credential",
    "external",
    "oauth1",
)
# Methods that prove delegated rights, or a part of the user's own rights
_DELEGATED = {"application_credential", "ec2credential", "oauth1"}
UNSCOPED, PROJECT, DOMAIN, SYSTEM = range(4)
_VERSION = 1
_HEX = re.compile(r"^[0-9a-f]{32}$")


@dataclass(frozen=True)
class Claims:
    """One token. audit_ids: its own, then that of the first token of its chain."""

    user_id: str
    methods: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    scope: int = UNSCOPED
    scope_id: str = ""
    audit_ids: tuple[str, ...] = field(default_factory=lambda: (new_audit_id(),))
    application_credential_id: str = ""
    trust_id: str = ""
    access_token_id: str = ""  # of OAuth 1.0a

    def to_token(self, ring: KeyRing) -> str:
        methods = sum(1 << METHODS.index(method) for method in self.methods)
        packed = [
            _VERSION,
            _pack(self.user_id),
            methods,
            self.scope,
            _pack(self.scope_id),
            _micros(self.issued_at),
            _micros(self.expires_at),
            [_from_audit(id_) for id_ in self.audit_ids],
        ]
        rights = (self.application_credential_id, self.trust_id, self.access_token_id)
        if any(rights):
            packed += [_pack(id_) for id_ in rights]
        return ring.encrypt(msgpack.packb(packed), int(self.issued_at.timestamp()))


def from_token(ring: KeyRing, token: str) -> Claims | None:
    """The claims of a token; None if this cloud did not sign it."""
    raw = ring.decrypt(token) if len(token) <= 2048 else None
    if raw is None:
        return None
    try:
        parts = msgpack.unpackb(raw)
    except ValueError:
        return None
    if not isinstance(parts, list) or len(parts) < 8 or parts[0] != _VERSION:
        return None
    _, user_id, methods, scope, scope_id, issued, expires, audits, *rest = parts
    return Claims(
        user_id=_unpack(user_id),
        methods=tuple(m for bit, m in enumerate(METHODS) if methods >> bit & 1),
        scope=scope,
        scope_id=_unpack(scope_id),
        issued_at=_moment(issued),
        expires_at=_moment(expires),
        audit_ids=tuple(_to_audit(audit) for audit in audits),
        application_credential_id=_unpack(rest[0]) if rest else "",
        trust_id=_unpack(rest[1]) if rest else "",
        access_token_id=_unpack(rest[2]) if len(rest) > 2 else "",
    )


def is_delegated(identity: Identity) -> bool:
    """Whether a token has delegated rights, which must not be exchanged for other rights."""
    return is_delegated_method(identity) or "trust" in identity.details


def is_delegated_method(identity: Identity) -> bool:
    """Whether the token was issued for a delegation, not for a proof by the user."""
    return not identity.methods or bool(_DELEGATED & set(identity.methods))


def _ring(env: Environment) -> KeyRing:
    return KeyRing(env.settings.state_dir / "keys" / "fernet", shared_keys.of(env, "fernet"))


_RING = Once(_ring)


def ring_of(env: Environment) -> KeyRing:
    """The key ring of this process."""
    return _RING.of(env)


def new_audit_id() -> str:
    return _to_audit(secrets.token_bytes(16))


def _to_audit(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_audit(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _pack(text: str) -> bytes | str:
    """Pack an id; 32 hexadecimal digits become 16 bytes."""
    return bytes.fromhex(text) if _HEX.match(text) else text


def _unpack(packed: bytes | str) -> str:
    return packed.hex() if isinstance(packed, bytes) else packed


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def _moment(micros: int) -> datetime:
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
