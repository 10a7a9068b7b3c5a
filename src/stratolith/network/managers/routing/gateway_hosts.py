"""The hosts that may have the gateway of a router, for a driver that moves it between them.

The first is the router's host. The others follow in the order in which ``placement`` would choose
them, so that the gateway is already there when the control plane moves the router.
"""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.network.managers import placement

MOST = 5


class Silent:
    """Hosts that seem to be dead, sooner than others notice (reconcilers/gateway_watch.py)."""

    hosts: frozenset[str] = frozenset()


SILENT = Once(lambda env: Silent())


def of_routers(ctx: Context, router_ids: Iterable[str]) -> dict[str, list[str]]:
    """Router -> its hosts, the best first; routers without a host are left out."""
    placed = placement.hosts_of(ctx, router_ids)
    hints = placement.hints_of(ctx, dict.fromkeys(placed, placement.ROUTER))
    silent = SILENT.of(ctx.env).hosts
    chosen = {}
    for router_id, host in placed.items():
        further = placement.candidates(ctx, hints.get(router_id, ()))
        hosts = list(dict.fromkeys([host, *further]))
        chosen[router_id] = [each for each in hosts if each not in silent][:MOST] or hosts[:1]
    return chosen
