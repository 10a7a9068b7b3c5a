"""Secrets at rest: sealed with keys of their own, which rotate without anything getting lost.

A rotation makes a new primary key and keeps the old ones. Then every sealed value is sealed
again with the primary, and only when none needs an old key any longer are the old ones
forgotten. Each step looks at what is there, so a death between any two loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from stratolith.identity.managers import shared_keys
from stratolith.identity.managers.keys import KeyRing
from stratolith.identity.models import AccessToken, Consumer, Credential, DomainOption, RequestToken
from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import ApiError
from stratolith.kernel.readable import LeftOut

LOG = logging.getLogger(__name__)
_BATCH = 200
# Longer than any transaction that may have sealed with the key before the latest rotation
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
    """A secret as it is kept at rest; with the primary key of now, whoever rotated."""
    ring = ring_of(env)
    ring.refresh()
    return ring.encrypt(text.encode(), int(env.clock.now().timestamp()))


def decrypted(ctx: Context, sealed: str, what: str) -> str:
    """What ``encrypted`` was given; raises ApiError naming ``what``."""
    raw = ring_of(ctx.env).decrypt(sealed)
    if raw is None:
        raise ApiError(f"{what} cannot be decrypted: its key is gone.")
    return raw.decode()


def seal_again(env: Environment) -> int:
    """Seal with the primary key what is not, a batch a transaction; gives how many are left
    that no key opens.
    """
    ring = ring_of(env)
    ring.refresh()
    return sum(_seal_column(env, ring, one) for one in SEALED)


def forget_old_keys(env: Environment) -> bool:
    """Remove the keys that nothing needs; False while something might.

    What no key opens does not count: an old key would not help it.
    """
    ring = ring_of(env)
    if ring.age() < GRACE_SECONDS:
        return False
    for one in SEALED:
        for _, value in _values(env, one):
            if not ring.is_primary(value) and ring.decrypt(value) is not None:
                return False
    ring.forget_retired()
    return True


def _values(env: Environment, one: Sealed) -> Iterator[tuple[tuple[Any, ...], str]]:
    """(primary key, sealed value) of every row that holds one."""
    keys = [getattr(one.model, name) for name in one.key]
    statement = select(*keys, getattr(one.model, one.column))
    if one.model is DomainOption:
        statement = statement.where(DomainOption.sensitive)
    with env.db.read() as session:
        found = [tuple(row) for row in session.execute(statement.with_only_columns(*keys))]
        left_out = LeftOut()

        def read(some: list[int]) -> list[Any]:
            if len(some) == len(found):
                return list(session.execute(statement))
            each = [dict(zip(one.key, found[number], strict=True)) for number in some]
            return [row for own in each for row in session.execute(statement.filter_by(**own))]

        rows = left_out.by_halves(range(len(found)), read)
    for number, reason in left_out.reasons.items():
        own = found[int(number)]
        LOG.error("%s of %s cannot be read: %s", one.column, own, reason)
    for row in rows:
        if isinstance(row[-1], str):
            yield tuple(row[:-1]), row[-1]
        else:
            LOG.error("%s of %s is no sealed value", one.column, tuple(row[:-1]))


def _seal_column(env: Environment, ring: KeyRing, one: Sealed) -> int:
    stale = [(key, value) for key, value in _values(env, one) if not ring.is_primary(value)]
    lost = 0
    for start in range(0, len(stale), _BATCH):
        with env.db.write() as session:
            for key, value in stale[start : start + _BATCH]:
                raw = ring.decrypt(value)
                if raw is None:
                    lost += 1
                    continue
                where = [
                    getattr(one.model, name) == part
                    for name, part in zip(one.key, key, strict=True)
                ]
                column = getattr(one.model, one.column)
                fresh = ring.encrypt(raw, int(env.clock.now().timestamp()))
                # only if nobody changed it meanwhile: that was sealed with the primary already
                session.execute(
                    update(one.model)
                    .where(*where, column == value)
                    .values({column: fresh})
                    .execution_options(synchronize_session=False)
                )
    return lost
