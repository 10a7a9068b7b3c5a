"""Gives routers and gateways a host: those that wait for one, and those whose host is no good.

A host that died, left, or whose L3 agent an administrator took out of service.
"""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.kernel.context import Context
from stratolith.kernel.reconcile import Reconciler, Result
from stratolith.network.managers import placement, places


class Placer(Reconciler):
    """Keys are ids of routers and networks. A host that comes back gets nothing back."""

    name = "network.placer"
    interval = 5.0
    workers = 2  # a host that dies leaves many at once

    def keys(self, ctx: Context) -> Iterable[str]:
        return sorted({**placement.waiting(ctx), **placement.misplaced(ctx)})

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        homeless = {**placement.waiting(ctx), **placement.misplaced(ctx)}
        places.settle(ctx, {key: homeless[key]} if key in homeless else {})
        return None
