"""Multi-factor authentication: a user's rules, and receipts for the factors already proven.

A receipt is encrypted with the token keys; a mark prevents its use as a token.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgpack

from stratolith.identity.managers import revocations
from stratolith.identity.managers.login.accounts import Account
from stratolith.identity.managers.token_keys import claims
from stratolith.identity.models import User
from stratolith.kernel.auth import Identity
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Unauthorized

HEADER = "openstack-auth-receipt"
SECONDS = 300
_MARK = "receipt"


class MoreFactorsNeeded(Unauthorized):
    """The factors are correct but not sufficient."""

    def __init__(self, receipt: Receipt, account: Account, rules: list[list[str]]) -> None:
        super().__init__("Additional authentications steps required.")
        self.receipt = receipt
        self.account = account
        self.rules = rules


@dataclass(frozen=True)
class Receipt:
    """The factors that a user has proven."""

    user_id: str
    methods: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime

    def seal(self, ctx: Context) -> str:
        moments = [int(m.timestamp()) for m in (self.issued_at, self.expires_at)]
        packed = msgpack.packb([_MARK, self.user_id, list(self.methods), *moments])
        return claims.ring_of(ctx.env).encrypt(packed, moments[0])


def required(user: User) -> list[list[str]]:
    """The user's rules, reduced to known methods; rules without any are left out."""
    options = user.options
    if options.get("multi_factor_auth_enabled") is False:
        return []
    rules = options.get("multi_factor_auth_rules") or []
    known = [[method for method in rule if method in claims.METHODS] for rule in rules]
    return [rule for rule in known if rule]


def check(ctx: Context, account: Account, methods: Iterable[str]) -> tuple[str, ...]:
    """The proven methods, including those of the receipt in the request.

    Raises MoreFactorsNeeded when they fulfil none of the user's rules, Unauthorized for a
    receipt that is not this user's or not valid.
    """
    given, user = set(methods), account.user
    text = ctx.headers.get(HEADER)
    if text:
        given |= set(opened(ctx, text, user.id).methods)
    ordered = tuple(method for method in claims.METHODS if method in given)
    rules = required(user)
    if rules and not any(given.issuperset(rule) for rule in rules):
        raise MoreFactorsNeeded(_issue(ctx, user, ordered), account, rules)
    return ordered


def opened(ctx: Context, text: str, user_id: str) -> Receipt:
    """Raises Unauthorized unless it is a valid receipt of this user."""
    receipt = _read(ctx, text)
    if receipt is None or receipt.user_id != user_id or receipt.expires_at <= ctx.env.clock.now():
        raise Unauthorized("Could not find auth receipt.")
    # a changed password or a disabled account invalidates the receipt
    holder = Identity(user_id=user_id, issued_at=receipt.issued_at, audit_ids=("",))
    if revocations.is_revoked(ctx.env, holder):
        raise Unauthorized("Could not find auth receipt.")
    return receipt


def _read(ctx: Context, text: str) -> Receipt | None:
    raw = claims.ring_of(ctx.env).decrypt(text) if len(text) <= 2048 else None
    if raw is None:
        return None
    parts = msgpack.unpackb(raw)
    if not isinstance(parts, list) or len(parts) != 5 or parts[0] != _MARK:
        return None  # a token, not a receipt
    issued, expires = (datetime.fromtimestamp(seconds, UTC) for seconds in parts[3:])
    return Receipt(parts[1], tuple(parts[2]), issued, expires)


def _issue(ctx: Context, user: User, methods: Sequence[str]) -> Receipt:
    now = ctx.env.clock.now().replace(microsecond=0)
    return Receipt(user.id, tuple(methods), now, now + timedelta(seconds=SECONDS))
