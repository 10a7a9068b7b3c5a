"""Aggregates of providers: groups that exist while a provider names them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from stratolith.kernel.clock import utcnow
from stratolith.kernel.context import Context
from stratolith.placement.managers import providers
from stratolith.placement.models import ProviderAggregate


def of_provider(ctx: Context, provider_uuid: str) -> set[str]:
    return set(
        ctx.session.scalars(
            select(ProviderAggregate.aggregate_uuid).where(
                ProviderAggregate.provider_uuid == provider_uuid
            )
        )
    )


def set_for(
    ctx: Context,
    provider_uuid: str,
    uuids: Iterable[str],
    *,
    generation: int | None = None,
    bump: bool = True,
) -> None:
    """Put the provider into exactly these aggregates.

    ``bump`` False does not raise the generation, as microversions before 1.19.
    Raises ProviderNotFound, ConcurrentUpdate.
    """
    provider = providers.get(ctx, provider_uuid)
    providers.check_generation(provider, generation)
    wanted, have = set(uuids), of_provider(ctx, provider_uuid)
    removed = have - wanted
    if removed:
        ctx.session.execute(
            delete(ProviderAggregate).where(
                ProviderAggregate.provider_uuid == provider_uuid,
                ProviderAggregate.aggregate_uuid.in_(removed),
            )
        )
    now = utcnow()
    new = [
        {"provider_uuid": provider_uuid, "aggregate_uuid": uuid, "created_at": now}
        for uuid in sorted(wanted - have)
    ]
    if new:
        ctx.session.execute(insert(ProviderAggregate), new)
    if bump:
        providers.bump(ctx, provider)
