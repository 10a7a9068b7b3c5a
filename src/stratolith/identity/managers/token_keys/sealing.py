"""Encryption of secrets at rest, with separate keys that rotate without loss.

A rotation creates a new primary key and keeps the old ones. Then every value is encrypted again
with the primary key, and the old keys are removed only when no value needs them. Each step checks
the current state, so a crash between two steps loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from stratolith.identity.managers.token_keys import shared_keys
from stratolith.identity.managers.token_keys.keys import KeyRing
from stratolith.identity.models import AccessToken, Consumer, Credential, DomainOption, RequestToken
from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import ApiError
from stratolith.kernel.readable import LeftOut

LOG = logging.getLogger(__name__)
_BATCH = 200
# Longer than any transaction that may have encrypted with the previous primary key
GRACE_SECONDS = 3600.0


@dataclass(frozen=True)
class Sealed:
    """A column with sealed values; ``key`` names the columns of the primary key."""

    model: type[Any]
    column: str
    key: Sequence[str] = ("id",)


SEALED = (
    Sealed(Credential, "encrypted_blob"),
    Sealed(Consumer, "encrypted_secret"),
    Sealed(RequestToken, "encrypted_secret"),
    Sealed(AccessToken, "encrypted_secret"),
    Sealed(DomainOption, "value", ("domain_id", "group", "option")),
)


def _ring(env: Environment) -> KeyRing:
    folder = env.settings.state_dir / "keys" / "credential"
    return KeyRing(folder, shared_keys.of(env, "credential"))


RING = Once(_ring)


def ring_of(env: Environment) -> KeyRing:
    """The ring of this process."""
    return RING.of(env)


def encrypted(env: Environment, text: str) -> str:
    """Encrypt a secret with the current primary key, also after a rotation by another process."""
    ring = ring_of(env)
    ring.refresh()
    return ring.encrypt(text.encode(), int(env.clock.now().timestamp()))


def decrypted(ctx: Context, sealed: str, what: str) -> str:
    """Decrypt a value of ``encrypted``; raises ApiError naming ``what``."""
    raw = ring_of(ctx.env).decrypt(sealed)
    if raw is None:
        raise ApiError(f"{what} cannot be decrypted: its key is missing.")
    return raw.decode()


def seal_again(env: Environment) -> int:
    """Encrypt again all values with an older key, one batch per transaction; returns how many
    values no key can decrypt.
    """
    ring = ring_of(env)
    ring.refresh()
    return sum(_seal_column(env, ring, sealed) for sealed in SEALED)


def forget_old_keys(env: Environment) -> bool:
    """Remove unused keys; returns False while a value may still need one.

    Values that no key can decrypt are ignored: keeping old keys would not help.
    """
    ring = ring_of(env)
    if ring.age() < GRACE_SECONDS:
        return False
    for sealed in SEALED:
        for _, value in _values(env, sealed):
            if not ring.is_primary(value) and ring.decrypt(value) is not None:
                return False
    ring.forget_retired()
    return True


def _values(env: Environment, sealed: Sealed) -> Iterator[tuple[tuple[Any, ...], str]]:
    """(primary key, encrypted value) of every row that has a value."""
    keys = [getattr(sealed.model, name) for name in sealed.key]
    statement = select(*keys, getattr(sealed.model, sealed.column))
    if sealed.model is DomainOption:
        statement = statement.where(DomainOption.sensitive)
    with env.db.read() as session:
        row_keys = [tuple(row) for row in session.execute(statement.with_only_columns(*keys))]
        left_out = LeftOut()

        def read(numbers: list[int]) -> list[Any]:
            if len(numbers) == len(row_keys):
                return list(session.execute(statement))
            each = [dict(zip(sealed.key, row_keys[number], strict=True)) for number in numbers]
            return [
                row for row_key in each for row in session.execute(statement.filter_by(**row_key))
            ]

        rows = left_out.by_halves(range(len(row_keys)), read)
    for number, reason in left_out.reasons.items():
        row_key = row_keys[int(number)]
        LOG.error("%s of %s cannot be read: %s", sealed.column, row_key, reason)
    for row in rows:
        if isinstance(row[-1], str):
            yield tuple(row[:-1]), row[-1]
        else:
            LOG.error("%s of %s is not an encrypted value", sealed.column, tuple(row[:-1]))


def _seal_column(env: Environment, ring: KeyRing, sealed: Sealed) -> int:
    stale = [(key, value) for key, value in _values(env, sealed) if not ring.is_primary(value)]
    lost = 0
    for start in range(0, len(stale), _BATCH):
        with env.db.write() as session:
            for key, value in stale[start : start + _BATCH]:
                raw = ring.decrypt(value)
                if raw is None:
                    lost += 1
                    continue
                where = [
                    getattr(sealed.model, name) == part
                    for name, part in zip(sealed.key, key, strict=True)
                ]
                column = getattr(sealed.model, sealed.column)
                new_value = ring.encrypt(raw, int(env.clock.now().timestamp()))
                # only if unchanged: a concurrent change already used the primary key
                session.execute(
                    update(sealed.model)
                    .where(*where, column == value)
                    .values({column: new_value})
                    .execution_options(synchronize_session=False)
                )
    return lost
