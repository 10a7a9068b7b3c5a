"""Places routers, gateways and DHCP of networks that have no usable host.

A host is not usable after it died or left, or while its L3 agent is out of service.
"""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.kernel.context import Context
from stratolith.kernel.reconcile import Reconciler, Result
from stratolith.network.managers import placement, places
from stratolith.network.managers.dhcp import dhcp_places
from stratolith.network.managers.routing import elections


class Placer(Reconciler):
    """Keys are ids of routers and networks. A host that returns does not get them back."""

    name = "network.placer"
    interval = 5.0
    workers = 2  # the failure of one host affects many objects at once

    def keys(self, ctx: Context) -> Iterable[str]:
        return sorted(_to_place(ctx))

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        to_place = _to_place(ctx)
        places.settle(ctx, {key: to_place[key]} if key in to_place else {})
        return None


def _to_place(ctx: Context) -> dict[str, str]:
    """Objects that should have another host, or other hosts: object -> kind."""
    elected = dict.fromkeys(elections.unsettled(ctx), placement.ROUTER)
    return {**placement.waiting(ctx), **placement.misplaced(ctx), **elected}


class DhcpPlacer(Reconciler):
    """Keys are ids of networks."""

    name = "network.dhcp_placer"
    interval = 5.0

    def keys(self, ctx: Context) -> Iterable[str]:
        return dhcp_places.misplaced(ctx)

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        dhcp_places.move(ctx, key)
        return None
