"""Finds single providers that can serve a request; used by the scheduler.

The general search over trees, sharing providers and request groups (the API's
``allocation_candidates``) is in managers/search.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Select, cast, func, select

from stratolith.kernel.context import Context
from stratolith.placement.models import (
    Allocation,
    Inventory,
    ProviderAggregate,
    ProviderTrait,
    ResourceProvider,
)


class Stock(msgspec.Struct, frozen=True):
    """One inventory with its usage; ``capacity`` is the total that may be allocated.

    A msgspec struct, because a search creates thousands of them.
    """

    total: int
    reserved: int
    min_unit: int
    max_unit: int
    step_size: int
    allocation_ratio: float
    used: int

    @property
    def capacity(self) -> int:
        return int((self.total - self.reserved) * self.allocation_ratio)

    @property
    def free(self) -> int:
        return self.capacity - self.used

    def fits(self, amount: int) -> bool:
        return (
            self.min_unit <= amount <= self.max_unit
            and amount <= self.free
            and amount % self.step_size == 0
        )


@dataclass(frozen=True)
class ProviderSummary:
    """A provider; ``stocks`` contains the requested resource classes."""

    uuid: str
    name: str
    stocks: Mapping[str, Stock] = field(default_factory=dict)


def find(
    ctx: Context,
    resources: Mapping[str, int],
    required: Iterable[str] = frozenset(),
    forbidden: Iterable[str] = frozenset(),
    member_of: Sequence[Iterable[str]] = (),
    limit: int | None = None,
) -> list[ProviderSummary]:
    """Providers that alone have all of ``resources`` (class -> amount; zeros are ignored).

    required, forbidden: traits. member_of: sets of aggregates, one of each set must match.
    Uses one SQL statement for any number of providers.
    """
    wanted = {name: amount for name, amount in resources.items() if amount > 0}
    fitting: list[ProviderSummary] = []
    for provider in _load(ctx, wanted, required, forbidden, member_of):
        if all(n in provider.stocks and provider.stocks[n].fits(wanted[n]) for n in wanted):
            fitting.append(provider)
            if limit is not None and len(fitting) >= limit:
                break
    return fitting


def explain(
    ctx: Context,
    resources: Mapping[str, int],
    required: Iterable[str] = frozenset(),
    forbidden: Iterable[str] = frozenset(),
    member_of: Sequence[Iterable[str]] = (),
) -> list[str]:
    """Why no provider fits, one sentence per provider: "host1: VCPU needs 4, has 2 left"."""
    wanted = {name: amount for name, amount in resources.items() if amount > 0}
    known = _load(ctx, {}, (), (), ())
    allowed = {
        provider.uuid: provider for provider in _load(ctx, wanted, required, forbidden, member_of)
    }
    if not known:
        return ["no host has reported any resources"]
    sentences = []
    for provider in known:
        if wanted.keys() & provider.stocks.keys() and provider.uuid not in allowed:
            sentences.append(f"{provider.name}: {_unlike(required, forbidden, member_of)}")
            continue
        reasons = [
            _lack(name, amount, provider.stocks.get(name)) for name, amount in wanted.items()
        ]
        text = "; ".join(reason for reason in reasons if reason)
        if text:
            sentences.append(f"{provider.name}: {text}")
    return sentences


def _unlike(
    required: Iterable[str], forbidden: Iterable[str], member_of: Sequence[Iterable[str]]
) -> str:
    wishes = [*sorted(required), *(f"not {name}" for name in sorted(forbidden))]
    if member_of:
        wishes.append("an aggregate that is asked for")
    return "lacks " + ", ".join(wishes)


def _lack(name: str, amount: int, stock: Stock | None) -> str:
    if stock is None:
        return f"{name} needs {amount}, has none"
    if amount > stock.free:
        return f"{name} needs {amount}, has {max(stock.free, 0)} left"
    if amount > stock.max_unit:
        return f"{name} needs {amount}, at most {stock.max_unit} at once"
    if amount < stock.min_unit or amount % stock.step_size:
        return f"{name} needs {amount}, given from {stock.min_unit} in steps of {stock.step_size}"
    return ""


def _load(
    ctx: Context,
    resources: Mapping[str, int],
    required: Iterable[str],
    forbidden: Iterable[str],
    member_of: Sequence[Iterable[str]],
) -> list[ProviderSummary]:
    """Providers with the traits and aggregates, and their stocks of these classes (or all)."""
    statement = _conditions(_stocks(list(resources)), required, forbidden, member_of)
    by_uuid: dict[str, tuple[str, dict[str, Stock]]] = {}
    for uuid, name, resource_class, *numbers in ctx.session.execute(statement):
        entry = by_uuid.get(uuid)
        if entry is None:
            entry = by_uuid[uuid] = (name, {})
        entry[1][resource_class] = Stock(*numbers)
    return [ProviderSummary(uuid, name, stocks) for uuid, (name, stocks) in by_uuid.items()]


def _stocks(classes: Sequence[str]) -> Select[Any]:
    sums = select(
        Allocation.provider_uuid, Allocation.resource_class, func.sum(Allocation.used).label("used")
    ).group_by(Allocation.provider_uuid, Allocation.resource_class)
    if classes:
        sums = sums.where(Allocation.resource_class.in_(classes))
    use = sums.subquery()
    statement: Any = (
        select(
            ResourceProvider.uuid,
            ResourceProvider.name,
            Inventory.resource_class,
            Inventory.total,
            Inventory.reserved,
            Inventory.min_unit,
            Inventory.max_unit,
            Inventory.step_size,
            Inventory.allocation_ratio,
            cast(func.coalesce(use.c.used, 0), BigInteger),
        )
        .join(Inventory, Inventory.provider_uuid == ResourceProvider.uuid)
        .join(
            use,
            (use.c.provider_uuid == Inventory.provider_uuid)
            & (use.c.resource_class == Inventory.resource_class),
            isouter=True,
        )
        .order_by(ResourceProvider.name)
    )
    if classes:
        statement = statement.where(Inventory.resource_class.in_(classes))
    typed: Select[Any] = statement
    return typed


def _conditions(
    statement: Select[Any],
    required: Iterable[str],
    forbidden: Iterable[str],
    member_of: Sequence[Iterable[str]],
) -> Select[Any]:
    required, forbidden = sorted(set(required)), sorted(set(forbidden))
    having = select(ProviderTrait.provider_uuid)
    if required:
        all_of = (
            having.where(ProviderTrait.trait.in_(required))
            .group_by(ProviderTrait.provider_uuid)
            .having(func.count() == len(required))
        )
        statement = statement.where(ResourceProvider.uuid.in_(all_of))
    if forbidden:
        any_of = having.where(ProviderTrait.trait.in_(forbidden))
        statement = statement.where(ResourceProvider.uuid.not_in(any_of))
    for group in member_of:
        inside = select(ProviderAggregate.provider_uuid).where(
            ProviderAggregate.aggregate_uuid.in_(sorted(group))
        )
        statement = statement.where(ResourceProvider.uuid.in_(inside))
    return statement
