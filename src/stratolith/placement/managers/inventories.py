"""Inventories: how much of each resource class a provider has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from stratolith.kernel.context import Context
from stratolith.placement.exceptions import (
    DuplicateName,
    InvalidInventory,
    InventoryInUse,
    InventoryNotFound,
)
from stratolith.placement.managers import providers, resource_classes
from stratolith.placement.models import Allocation, Inventory, ResourceProvider

MAX_INT = 2147483647
DEFAULTS: dict[str, Any] = {
    "reserved": 0,
    "min_unit": 1,
    "max_unit": MAX_INT,
    "step_size": 1,
    "allocation_ratio": 1.0,
}
FIELDS = ("total", *DEFAULTS)


def of_provider(ctx: Context, provider_uuid: str) -> dict[str, Inventory]:
    """resource class -> inventory."""
    rows = ctx.session.scalars(
        select(Inventory)
        .where(Inventory.provider_uuid == provider_uuid)
        .order_by(Inventory.resource_class)
    )
    return {row.resource_class: row for row in rows}


def get(ctx: Context, provider_uuid: str, resource_class: str) -> Inventory:
    """Raises InventoryNotFound."""
    row = ctx.session.get(Inventory, (provider_uuid, resource_class))
    if row is None:
        raise InventoryNotFound(resource_class=resource_class, uuid=provider_uuid)
    return row


def replace(
    ctx: Context,
    provider_uuid: str,
    wanted: Mapping[str, Mapping[str, Any]],
    *,
    generation: int | None = None,
) -> ResourceProvider:
    """Give the provider exactly these inventories: resource class -> {"total", ...DEFAULTS}.

    If it has exactly these already, nothing changes, not even the generation. Raises
    ProviderNotFound, UnknownResourceClass, InvalidInventory, ConcurrentUpdate, InventoryInUse
    (when a class with allocations would be removed).
    """
    provider = providers.get(ctx, provider_uuid)
    providers.check_generation(provider, generation)
    resource_classes.check(ctx, wanted, "inventories")
    have = of_provider(ctx, provider_uuid)
    changed = False
    removed = sorted(set(have) - set(wanted))
    if removed:
        _check_unused(ctx, provider_uuid, removed)
        for name in removed:
            ctx.session.delete(have[name])
        changed = True
    for name, given in wanted.items():
        changed |= _put(ctx, provider_uuid, name, given, have.get(name))
    if changed:
        providers.bump(ctx, provider)
    return provider


def create(
    ctx: Context,
    provider_uuid: str,
    resource_class: str,
    given: Mapping[str, Any],
    *,
    generation: int | None = None,
) -> Inventory:
    """Add one class. Raises as replace(), and DuplicateName (409)."""
    provider = providers.get(ctx, provider_uuid)
    providers.check_generation(provider, generation)
    resource_classes.check(ctx, [resource_class], "inventories")
    if ctx.session.get(Inventory, (provider_uuid, resource_class)) is not None:
        raise DuplicateName(what="inventory", field="resource class", value=resource_class)
    _put(ctx, provider_uuid, resource_class, given, None)
    providers.bump(ctx, provider)
    return get(ctx, provider_uuid, resource_class)


def update(
    ctx: Context,
    provider_uuid: str,
    resource_class: str,
    given: Mapping[str, Any],
    *,
    generation: int | None = None,
) -> Inventory:
    """Change one class; missing fields get their default. Raises as replace()."""
    provider = providers.get(ctx, provider_uuid)
    providers.check_generation(provider, generation)
    resource_classes.check(ctx, [resource_class], "inventories")
    row = get(ctx, provider_uuid, resource_class)
    _put(ctx, provider_uuid, resource_class, given, row)
    providers.bump(ctx, provider)
    return row


def delete(ctx: Context, provider_uuid: str, resource_class: str) -> None:
    """Raises ProviderNotFound, InventoryNotFound, InventoryInUse."""
    provider = providers.get(ctx, provider_uuid)
    row = get(ctx, provider_uuid, resource_class)
    _check_unused(ctx, provider_uuid, [resource_class])
    ctx.session.delete(row)
    providers.bump(ctx, provider)


def _check_unused(ctx: Context, provider_uuid: str, names: list[str]) -> None:
    used = ctx.session.execute(
        select(Allocation.resource_class, func.count())
        .where(Allocation.provider_uuid == provider_uuid, Allocation.resource_class.in_(names))
        .group_by(Allocation.resource_class)
    ).all()
    if used:
        raise InventoryInUse(classes=", ".join(sorted(row[0] for row in used)), uuid=provider_uuid)


def _put(
    ctx: Context, provider_uuid: str, name: str, given: Mapping[str, Any], row: Inventory | None
) -> bool:
    """Write one inventory; False when it was just so."""
    values = {**DEFAULTS, **{key: given[key] for key in FIELDS if key in given}}
    values["allocation_ratio"] = float(values["allocation_ratio"])
    if values["reserved"] > values["total"]:
        raise InvalidInventory(
            resource_class=name,
            reason=f"reserved {values['reserved']} is more than total {values['total']}",
        )
    if row is None:
        ctx.session.add(Inventory(provider_uuid=provider_uuid, resource_class=name, **values))
        return True
    if all(getattr(row, key) == value for key, value in values.items()):
        return False
    for key, value in values.items():
        setattr(row, key, value)
    return True
