"""Places routers and gateways that have no host, or whose host is not usable.

A host is not usable after it died or left, or while its L3 agent is out of service.
"""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.kernel.context import Context
from stratolith.kernel.reconcile import Reconciler, Result
from stratolith.network.managers import placement, places


class Placer(Reconciler):
    """Keys are ids of routers and networks. A host that returns does not get them back."""

    name = "network.placer"
    interval = 5.0
    workers = 2  # the failure of one host affects many objects at once

    def keys(self, ctx: Context) -> Iterable[str]:
        return sorted({**placement.waiting(ctx), **placement.misplaced(ctx)})

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        to_place = {**placement.waiting(ctx), **placement.misplaced(ctx)}
        places.settle(ctx, {key: to_place[key]} if key in to_place else {})
        return None
