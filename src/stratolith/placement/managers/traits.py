"""Traits: named properties of providers; standard ones and CUSTOM_ ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import os_traits  # type: ignore[import-untyped]
from sqlalchemy import delete as sql_delete
from sqlalchemy import insert, select

from stratolith.kernel.clock import utcnow
from stratolith.kernel.context import Context
from stratolith.placement.exceptions import StandardName, TraitInUse, TraitNotFound, UnknownTraits
from stratolith.placement.managers import providers
from stratolith.placement.models import ProviderTrait, Trait

STANDARD = frozenset(os_traits.get_traits())
SHARES = "MISC_SHARES_VIA_AGGREGATE"


def custom(name: str) -> str:
    """The custom trait for a name of any characters: CUSTOM_A_B for "a.b"."""
    return str(os_traits.normalize_name(name))


def check(ctx: Context, names: Iterable[str]) -> None:
    """Raise UnknownTraits unless every name exists."""
    unknown = set(names) - STANDARD
    if unknown:
        unknown -= set(ctx.session.scalars(select(Trait.name).where(Trait.name.in_(unknown))))
    if unknown:
        raise UnknownTraits(names=", ".join(sorted(unknown)))


def list_all(ctx: Context) -> dict[str, datetime | None]:
    """name -> time of creation (None for standard traits), ordered by name."""
    created: dict[str, datetime | None] = dict.fromkeys(STANDARD)
    created.update({row.name: row.created_at for row in ctx.session.scalars(select(Trait))})
    return dict(sorted(created.items()))


def associated(ctx: Context) -> set[str]:
    """Names of the traits that at least one provider has."""
    return set(ctx.session.scalars(select(ProviderTrait.trait).distinct()))


def get(ctx: Context, name: str) -> datetime | None:
    """Time of creation (None for standard traits); raises TraitNotFound."""
    if name in STANDARD:
        return None
    row = ctx.session.get(Trait, name)
    if row is None:
        raise TraitNotFound(name=name)
    return row.created_at


def ensure(ctx: Context, name: str) -> bool:
    """Create the trait unless it exists; True if it is new."""
    if name in STANDARD or ctx.session.get(Trait, name) is not None:
        return False
    ctx.session.add(Trait(name=name))
    ctx.session.flush()
    return True


def delete(ctx: Context, name: str) -> None:
    """Raises TraitNotFound, StandardName, TraitInUse."""
    if name in STANDARD:
        raise StandardName(what="trait", name=name)
    row = ctx.session.get(Trait, name)
    if row is None:
        raise TraitNotFound(name=name)
    used = select(ProviderTrait.trait).where(ProviderTrait.trait == name).limit(1)
    if ctx.session.scalars(used).first():
        raise TraitInUse(name=name)
    ctx.session.delete(row)
    ctx.session.flush()


def of_provider(ctx: Context, provider_uuid: str) -> set[str]:
    return set(
        ctx.session.scalars(
            select(ProviderTrait.trait).where(ProviderTrait.provider_uuid == provider_uuid)
        )
    )


def of_all(ctx: Context) -> dict[str, set[str]]:
    """Provider uuid -> traits, for providers with traits; one statement."""
    by_provider: dict[str, set[str]] = {}
    for uuid, name in ctx.session.execute(select(ProviderTrait.provider_uuid, ProviderTrait.trait)):
        by_provider.setdefault(uuid, set()).add(name)
    return by_provider


def set_for(
    ctx: Context, provider_uuid: str, names: Iterable[str], *, generation: int | None = None
) -> bool:
    """Give the provider exactly these traits; False if it already had exactly these.

    New CUSTOM_ traits are created; API handlers check before that all traits exist. Raises
    ProviderNotFound, ConcurrentUpdate.
    """
    provider = providers.get(ctx, provider_uuid)
    providers.check_generation(provider, generation)
    wanted, have = set(names), of_provider(ctx, provider_uuid)
    if wanted == have:
        return False
    for name in wanted - STANDARD:
        ensure(ctx, name)
    removed = have - wanted
    if removed:
        ctx.session.execute(
            sql_delete(ProviderTrait).where(
                ProviderTrait.provider_uuid == provider_uuid, ProviderTrait.trait.in_(removed)
            )
        )
    now = utcnow()
    new = [
        {"provider_uuid": provider_uuid, "trait": name, "created_at": now}
        for name in sorted(wanted - have)
    ]
    if new:
        ctx.session.execute(insert(ProviderTrait), new)
    providers.bump(ctx, provider)
    return True
