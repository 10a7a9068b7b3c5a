"""The hosts that may have the gateway of a router: those that are connected to its network.

For a driver that moves gateways between hosts, the first is the router's host. The others follow in
the order in which ``placement`` would choose them, so that the gateway is already there when the
control plane moves the router.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.kernel.matching import among
from stratolith.network.managers import holders, placement
from stratolith.network.managers.segments import hosts as segment_hosts
from stratolith.network.models import Network, Port

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
    connections = Connections(ctx, placed)
    chosen = {}
    for router_id, host in placed.items():
        further = placement.candidates(ctx, hints.get(router_id, ()))
        hosts = connections.best(router_id, list(dict.fromkeys([host, *further])))
        chosen[router_id] = [each for each in hosts if each not in silent][:MOST] or hosts[:1]
    return chosen


class Connections:
    """Which hosts are connected to the external networks of these routers; read at once."""

    def __init__(self, ctx: Context, router_ids: Iterable[str]) -> None:
        everywhere = segment_hosts.always(ctx)
        rows = ctx.session.execute(
            select(Port.holder_id, Network.physical_network)
            .join(Network, Network.id == Port.network_id)
            .where(among(ctx.session, Port.holder_id, router_ids), Port.holder == holders.GATEWAY)
        )
        self._needed: dict[str, set[str]] = {}
        for router_id, physical in rows:
            if physical and physical not in everywhere:
                self._needed.setdefault(router_id, set()).add(physical)
        self._of_hosts = segment_hosts.of_all(ctx) if self._needed else {}

    def best(self, router_id: str, hosts: Sequence[str]) -> list[str]:
        """Those of the hosts that are connected to all its external networks; if none is, all."""
        needed = self._needed.get(router_id)
        if not needed:
            return list(hosts)
        return [h for h in hosts if needed <= self._of_hosts.get(h, {}).keys()] or list(hosts)
