"""Moves inventory between providers while it is in use, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.placement.exceptions import UnknownProvider
from stratolith.placement.managers import allocations, inventories, providers
from stratolith.placement.managers.allocations import Claim
from stratolith.placement.models import ResourceProvider

# provider uuid -> {"resource_provider_generation": n, "inventories": class -> fields}
Reshaped = Mapping[str, Mapping[str, Any]]


def reshape(ctx: Context, wanted: Reshaped, claims: Sequence[Claim]) -> None:
    """Replace inventories of providers and allocations of consumers in one step.

    First new inventory is added, then the allocations move, then old inventory is removed, so
    that each allocation always fits. Raises UnknownProvider, ConcurrentUpdate, CapacityExceeded,
    InventoryInUse, UnknownResourceClass, InvalidInventory.
    """
    for uuid, change in wanted.items():
        provider = ctx.session.get(ResourceProvider, uuid)
        if provider is None:
            raise UnknownProvider(uuid=uuid)
        providers.check_generation(provider, change["resource_provider_generation"])
    for uuid, change in wanted.items():
        inventories.replace(ctx, uuid, {**_fields(ctx, uuid), **change["inventories"]})
    if claims:
        allocations.replace(ctx, claims)
    for uuid, change in wanted.items():
        inventories.replace(ctx, uuid, change["inventories"])


def _fields(ctx: Context, uuid: str) -> dict[str, dict[str, Any]]:
    return {
        name: {field: getattr(row, field) for field in inventories.FIELDS}
        for name, row in inventories.of_provider(ctx, uuid).items()
    }
