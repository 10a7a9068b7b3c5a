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
    """Give providers these inventories and consumers these allocations at once.

    First everything new is added, then the allocations move, then what is left over goes; so
    nothing is ever without room in between. Raises UnknownProvider, ConcurrentUpdate,
    CapacityExceeded, InventoryInUse, UnknownResourceClass, InvalidInventory.
    """
    for uuid, one in wanted.items():
        provider = ctx.session.get(ResourceProvider, uuid)
        if provider is None:
            raise UnknownProvider(uuid=uuid)
        providers.check_generation(provider, one["resource_provider_generation"])
    for uuid, one in wanted.items():
        inventories.replace(ctx, uuid, {**_fields(ctx, uuid), **one["inventories"]})
    if claims:
        allocations.replace(ctx, claims)
    for uuid, one in wanted.items():
        inventories.replace(ctx, uuid, one["inventories"])


def _fields(ctx: Context, uuid: str) -> dict[str, dict[str, Any]]:
    return {
        name: {field: getattr(row, field) for field in inventories.FIELDS}
        for name, row in inventories.of_provider(ctx, uuid).items()
    }
