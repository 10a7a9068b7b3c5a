"""Allocations: the amounts of resources that consumers use.

A consumer's allocations are always written as a whole. The capacity check and the write are in
one transaction; the generation of every affected provider is raised first, so that two
transactions never both take the last unit of a provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from stratolith.kernel.clock import utcnow
from stratolith.kernel.context import Context
from stratolith.placement.exceptions import (
    CapacityExceeded,
    ConcurrentUpdate,
    NoAllocations,
    UnknownProvider,
)
from stratolith.placement.managers import resource_classes
from stratolith.placement.models import Allocation, Consumer, Inventory, ResourceProvider

Resources = Mapping[str, int]
ANY_GENERATION = -1


@dataclass(frozen=True)
class Claim:
    """The wanted allocations of one consumer: provider uuid -> resource class -> amount.

    Empty ``resources`` release everything. ``generation`` is the expected consumer generation:
    None means that the consumer must be new, ANY_GENERATION skips the check.
    """

    consumer_id: str
    resources: Mapping[str, Resources]
    project_id: str
    user_id: str
    consumer_type: str | None = None
    generation: int | None = ANY_GENERATION


@dataclass
class Held:
    """A consumer's allocations; ``resources`` as in Claim, ``providers`` uuid -> generation."""

    consumer: Consumer | None = None
    resources: dict[str, dict[str, int]] = field(default_factory=dict)
    providers: dict[str, int] = field(default_factory=dict)
    last_change: Any = None


def claim(
    ctx: Context,
    consumer_id: str,
    provider_uuid: str,
    resources: Resources,
    project_id: str,
    user_id: str,
    *,
    consumer_type: str | None = "INSTANCE",
) -> None:
    """Replace the consumer's allocations by ``resources`` of this provider.

    Raises CapacityExceeded (a Conflict), UnknownProvider.
    """
    wanted = {provider_uuid: {name: n for name, n in resources.items() if n > 0}}
    replace(ctx, [Claim(consumer_id, wanted, project_id, user_id, consumer_type)])


def release(ctx: Context, consumer_id: str) -> bool:
    """Delete all allocations of the consumer; False if it had none."""
    providers = _providers_of(ctx, [consumer_id])
    _raise_generations(ctx, providers)
    ctx.session.execute(delete(Allocation).where(Allocation.consumer_uuid == consumer_id))
    _forget_consumers(ctx, [consumer_id])
    return bool(providers)


def move(ctx: Context, from_consumer: str, to_consumer: str) -> None:
    """Move allocations to a new consumer (for the source host of a migration)."""
    old = ctx.session.get(Consumer, from_consumer)
    if old is None:
        return
    ctx.session.add(
        Consumer(
            uuid=to_consumer,
            project_id=old.project_id,
            user_id=old.user_id,
            consumer_type="MIGRATION",
            generation=1,
        )
    )
    ctx.session.flush()
    ctx.session.execute(
        update(Allocation)
        .where(Allocation.consumer_uuid == from_consumer)
        .values(consumer_uuid=to_consumer)
    )
    _forget_consumers(ctx, [from_consumer])


def of_consumer(ctx: Context, consumer_id: str) -> dict[str, dict[str, int]]:
    """provider uuid -> resource class -> amount; empty without allocations."""
    return held_by(ctx, consumer_id).resources


def held_by(ctx: Context, consumer_id: str) -> Held:
    """The consumer's allocations, with generations."""
    rows = ctx.session.execute(
        select(Allocation, ResourceProvider.generation)
        .join(ResourceProvider, ResourceProvider.uuid == Allocation.provider_uuid)
        .where(Allocation.consumer_uuid == consumer_id)
        .order_by(Allocation.provider_uuid, Allocation.resource_class)
    ).all()
    held = Held(consumer=ctx.session.get(Consumer, consumer_id))
    for row, generation in rows:
        held.resources.setdefault(row.provider_uuid, {})[row.resource_class] = row.used
        held.providers[row.provider_uuid] = generation
        held.last_change = max(held.last_change or row.created_at, row.created_at)
    return held


def of_provider(ctx: Context, provider_uuid: str) -> list[tuple[Allocation, Consumer]]:
    """Every allocation of the provider with its consumer."""
    rows = ctx.session.execute(
        select(Allocation, Consumer)
        .join(Consumer, Consumer.uuid == Allocation.consumer_uuid)
        .where(Allocation.provider_uuid == provider_uuid)
        .order_by(Allocation.consumer_uuid, Allocation.resource_class)
    ).all()
    return [(row[0], row[1]) for row in rows]


def replace(ctx: Context, claims: Iterable[Claim]) -> None:
    """Replace the allocations of all these consumers, all or nothing.

    Raises UnknownProvider, UnknownResourceClass, CapacityExceeded, ConcurrentUpdate.
    """
    claims = list(claims)
    ids = _take_consumers(ctx, claims)
    before = _providers_of(ctx, ids)
    wanted = {uuid for claim in claims for uuid in claim.resources}
    names = {name for claim in claims for use in claim.resources.values() for name in use}
    resource_classes.check(ctx, names, "allocations")
    known = _raise_generations(ctx, wanted | before)
    for uuid in sorted(wanted - known):
        raise UnknownProvider(uuid=uuid)
    if ids:
        ctx.session.execute(delete(Allocation).where(Allocation.consumer_uuid.in_(ids)))
    _check_capacity(ctx, claims, wanted)
    rows = _rows(claims)
    if rows:
        ctx.session.execute(insert(Allocation), rows)
    _forget_consumers(
        ctx, [claim.consumer_id for claim in claims if not any(claim.resources.values())]
    )


def adjust(ctx: Context, consumer_id: str, changes: Mapping[str, Resources]) -> None:
    """Add these amounts to a consumer's allocations, or take them away if they are negative.

    Everything else stays, and only what grows is checked. Raises NoAllocations, UnknownProvider,
    CapacityExceeded.
    """
    consumer = ctx.session.get(Consumer, consumer_id)
    if consumer is None:
        raise NoAllocations(consumer=consumer_id)
    for uuid in sorted(set(changes) - _raise_generations(ctx, changes)):
        raise UnknownProvider(uuid=uuid)
    of_consumer = Allocation.consumer_uuid == consumer_id
    used = {
        (row.provider_uuid, row.resource_class): row.used
        for row in ctx.session.scalars(select(Allocation).where(of_consumer))
    }
    for uuid, amounts in changes.items():
        here = of_consumer & (Allocation.provider_uuid == uuid)
        changing = here & Allocation.resource_class.in_(list(amounts))
        ctx.session.execute(delete(Allocation).where(changing))
    after = {
        uuid: {name: used.get((uuid, name), 0) + amount for name, amount in amounts.items()}
        for uuid, amounts in changes.items()
    }
    grown = {
        uuid: {name: total for name, total in totals.items() if changes[uuid][name] > 0}
        for uuid, totals in after.items()
    }
    claim = partial(Claim, consumer_id, project_id="", user_id="")
    _check_capacity(ctx, [claim(grown)], set(grown))
    kept = {u: {n: total for n, total in t.items() if total > 0} for u, t in after.items()}
    rows = _rows([claim(kept)])
    if rows:
        ctx.session.execute(insert(Allocation), rows)
    consumer.generation += 1
    ctx.session.flush()


def _take_consumers(ctx: Context, claims: Iterable[Claim]) -> list[str]:
    """Make or change the consumers of the claims; returns the ids of those that existed before.

    Raises ConcurrentUpdate.
    """
    ids = [claim.consumer_id for claim in claims]
    known = {
        consumer.uuid: consumer
        for consumer in ctx.session.scalars(select(Consumer).where(Consumer.uuid.in_(ids)))
    }
    for claim in claims:
        _take_consumer(ctx, known.get(claim.consumer_id), claim)
    ctx.session.flush()
    return list(known)


def _take_consumer(ctx: Context, consumer: Consumer | None, claim: Claim) -> None:
    known = consumer.generation if consumer is not None else None
    if claim.generation not in (ANY_GENERATION, known):
        raise ConcurrentUpdate(
            f"consumer generation conflict - expected {_json(known)} "
            f"but got {_json(claim.generation)}"
        )
    if consumer is None:
        consumer = Consumer(uuid=claim.consumer_id, generation=0)
        ctx.session.add(consumer)
    consumer.generation += 1
    consumer.project_id, consumer.user_id = claim.project_id, claim.user_id
    if claim.consumer_type is not None:
        consumer.consumer_type = claim.consumer_type


def _providers_of(ctx: Context, consumer_ids: Sequence[str]) -> set[str]:
    """The providers with allocations of these consumers."""
    if not consumer_ids:
        return set()
    wanted = select(Allocation.provider_uuid).where(Allocation.consumer_uuid.in_(consumer_ids))
    return set(ctx.session.scalars(wanted.distinct()))


def _json(generation: int | None) -> str:
    return "null" if generation is None else str(generation)


def _rows(claims: Iterable[Claim]) -> list[dict[str, Any]]:
    now = utcnow()
    return [
        {
            "consumer_uuid": claim.consumer_id,
            "provider_uuid": uuid,
            "resource_class": name,
            "used": amount,
            "created_at": now,
        }
        for claim in claims
        for uuid, resources in claim.resources.items()
        for name, amount in resources.items()
    ]


def _raise_generations(ctx: Context, uuids: Iterable[str]) -> set[str]:
    """Raise the generation of these providers; returns the uuids that exist."""
    wanted = list(uuids)
    if not wanted:
        return set()
    known = set(
        ctx.session.scalars(
            update(ResourceProvider)
            .where(ResourceProvider.uuid.in_(wanted))
            .values(generation=ResourceProvider.generation + 1)
            .returning(ResourceProvider.uuid)
            .execution_options(synchronize_session=False)
        )
    )
    for row in ctx.session.identity_map.values():
        if isinstance(row, ResourceProvider) and row.uuid in known:
            ctx.session.expire(row)
    return known


def _check_capacity(ctx: Context, claims: Iterable[Claim], providers: set[str]) -> None:
    """Raise CapacityExceeded unless all claims fit into the free capacity."""
    if not providers:
        return
    inventories = {
        (row.provider_uuid, row.resource_class): row
        for row in ctx.session.execute(
            select(*Inventory.__table__.c).where(Inventory.provider_uuid.in_(providers))
        )
    }
    used: dict[tuple[str, str], int] = {
        (row[0], row[1]): int(row[2])
        for row in ctx.session.execute(
            select(Allocation.provider_uuid, Allocation.resource_class, func.sum(Allocation.used))
            .where(Allocation.provider_uuid.in_(providers))
            .group_by(Allocation.provider_uuid, Allocation.resource_class)
        )
    }
    for claim in claims:
        for uuid, resources in claim.resources.items():
            for name, amount in resources.items():
                key = (uuid, name)
                reason = _misfit(inventories.get(key), uuid, name, amount, used.get(key, 0))
                if reason:
                    raise CapacityExceeded(reason=reason)
                used[key] = used.get(key, 0) + amount


def _misfit(inventory: Any, uuid: str, name: str, amount: int, used: int) -> str | None:
    """Why an amount does not fit, or None."""
    if inventory is None:
        return f"resource provider {uuid} has no inventory of {name}"
    if amount < inventory.min_unit or amount > inventory.max_unit:
        return (
            f"{amount} of {name} on resource provider {uuid} violates min_unit "
            f"{inventory.min_unit} or max_unit {inventory.max_unit}"
        )
    if amount % inventory.step_size:
        return (
            f"{amount} of {name} on resource provider {uuid} is no multiple of step_size "
            f"{inventory.step_size}"
        )
    capacity = int((inventory.total - inventory.reserved) * inventory.allocation_ratio)
    if used + amount > capacity:
        return (
            f"{amount} of {name} on resource provider {uuid} would exceed its capacity: "
            f"{used} of {capacity} are used"
        )
    return None


def _forget_consumers(ctx: Context, ids: list[str]) -> None:
    """Delete these consumers, which have no allocations."""
    for consumer_id in ids:
        row = ctx.session.get(Consumer, consumer_id)
        if row is not None:
            ctx.session.delete(row)
    if ids:
        ctx.session.flush()
