"""Place routers and gateways on hosts: for the reconciler, a report or an administrator."""

from __future__ import annotations

from stratolith.kernel.context import Context
from stratolith.network.managers import host_hints, placement
from stratolith.network.managers.routing import elections, gateway_hosts
from stratolith.network.managers.segments import hosts as segment_hosts
from stratolith.network.models import Network, Router


def place(ctx: Context, kind: str, object_id: str, host: str) -> None:
    """Move the object to the host, and hint both this host and its former one."""
    if kind == placement.ROUTER:
        former = placement.host_of(ctx, object_id)
        host_hints.router_place(ctx, object_id)
        placement.place(ctx, kind, object_id, host)
        host_hints.router_place(ctx, object_id)
        if former != host:
            host_hints.router_left(ctx, object_id, former)
        return
    host_hints.network(ctx, object_id)
    placement.place(ctx, kind, object_id, host)
    host_hints.network(ctx, object_id)


def settle(ctx: Context, wanted: dict[str, str]) -> None:
    """Move each object (object -> kind) to the best host now; one without a host, in the zones
    that it asks for, stays. A router that several hosts have gets those that it should have.
    """
    if not wanted:
        return
    hints, connections = placement.hints_of(ctx, wanted), gateway_hosts.Connections(ctx, wanted)
    for object_id, kind in wanted.items():
        router = ctx.session.get(Router, object_id) if kind == placement.ROUTER else None
        if router is not None and elections.concern(ctx, router):
            elections.settle(ctx, router)
            continue
        hosts = placement.candidates(ctx, hints.get(object_id, ()))
        best = connections.best(object_id, hosts)
        if best:
            place(ctx, kind, object_id, best[0])


def follow_gateway(ctx: Context, router: Router, network: Network) -> None:
    """Move the router, which got a gateway in this network, to a host that is connected to it,
    unless its host is or none is; of several hosts, replace those that are not.
    """
    physical = network.physical_network
    if not physical or physical in segment_hosts.always(ctx):
        return
    if elections.concern(ctx, router):
        elections.settle(ctx, router)
        return
    host = placement.host_of(ctx, router.id)
    if not host:
        return
    candidates = placement.candidates(ctx, router.availability_zone_hints)
    hosts = list(dict.fromkeys([host, *candidates]))
    best = gateway_hosts.Connections(ctx, [router.id]).best(router.id, hosts)
    if best[0] != host:
        place(ctx, placement.ROUTER, router.id, best[0])
