"""The service definition of placement."""

from __future__ import annotations

from pathlib import Path

from stratolith.kernel.http.errors import ErrorDialect
from stratolith.kernel.http.routing import EarlyChecks
from stratolith.kernel.service import Service
from stratolith.placement.api import (
    aggregates,
    allocation_candidates,
    allocations,
    inventories,
    resource_classes,
    resource_providers,
    traits,
    usages,
    versions,
)
from stratolith.placement.policies import RULES

SERVICE = Service(
    type="placement",
    name="placement",
    port=8778,
    mount="/placement",
    prefix="",
    tells_options=False,
    trailing_slash=False,
    early_checks=EarlyChecks.TYPE,
    errors=ErrorDialect.PLACEMENT,
    routes=[
        *versions.ROUTES,
        *resource_providers.ROUTES,
        *inventories.ROUTES,
        *aggregates.ROUTES,
        *traits.ROUTES,
        *resource_classes.ROUTES,
        *allocations.ROUTES,
        *allocation_candidates.ROUTES,
        *usages.ROUTES,
    ],
    migrations=Path(__file__).with_name("migrations"),
    policies=RULES,
    admin_rule="admin_api",
    microversions=versions.HISTORY,
)
