"""The rules of placement; the only modules that other services may import.

Compute uses ``providers.ensure``, ``inventories.replace``, ``traits.set_for``,
``candidates.find`` and ``.explain``, ``allocations.claim``, ``.release`` and ``.of_consumer``,
``usages.of_project``: all in the caller's own transaction.
"""

from stratolith.placement.managers import (
    aggregates,
    allocations,
    candidates,
    inventories,
    providers,
    resource_classes,
    traits,
    usages,
)

__all__ = [
    "aggregates",
    "allocations",
    "candidates",
    "inventories",
    "providers",
    "resource_classes",
    "traits",
    "usages",
]
