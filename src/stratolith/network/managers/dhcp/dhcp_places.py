"""The DHCP host of a network that has ports, but no guest and no router on any host.

As upstream, a network gets a DHCP agent with its first port. Hosts with guests of a network serve
it without a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records as host_records
from stratolith.network.managers import agents, host_hints, placement
from stratolith.network.managers.events import VIEW
from stratolith.network.models import DhcpPlace, Network, Subnet

_SERVED = "network.served_by_dhcp"  # key in Session.info: networks that were looked at


def settle(ctx: Context, network: Network, subnets: Sequence[Subnet]) -> None:
    """Give the network a DHCP host, if it has DHCP and no host has a part of it.

    Without any usable host it gets one with a later port.
    """
    served: set[str] = ctx.session.info.setdefault(_SERVED, set())
    if network.id in served or not any(subnet.enable_dhcp for subnet in subnets):
        return
    if not placement.hosts_of_network(ctx, network.id):
        host = _choose(ctx)
        if host:
            ctx.session.add(DhcpPlace(network_id=network.id, host=host))
            ctx.session.flush()
            host_hints.network(ctx, network.id)
    served.add(network.id)


def misplaced(ctx: Context) -> list[str]:
    """Ids of the networks with a DHCP host that is dead, gone or out of service.

    None before this process has run as long as a live host may be silent (as for routers).
    """
    usable = _usable(ctx)
    listened = ctx.env.clock.now() - ctx.env.started_at
    if not usable or listened < timedelta(seconds=host_records.ALIVE_SECONDS):
        return []
    wanted = select(DhcpPlace.network_id).where(DhcpPlace.host.not_in(usable)).distinct()
    return list(ctx.session.scalars(wanted))


def move(ctx: Context, network_id: str) -> None:
    """Replace the unusable DHCP hosts of a network by one that is usable, if it has none else."""
    usable = _usable(ctx)
    rows = ctx.session.scalars(select(DhcpPlace).where(DhcpPlace.network_id == network_id)).all()
    lost = [row for row in rows if row.host not in usable]
    if not usable or not lost:
        return
    host_hints.network(ctx, network_id)
    for row in lost:
        ctx.session.delete(row)
    ctx.session.flush()
    if not placement.hosts_of_network(ctx, network_id) & usable:
        ctx.session.add(DhcpPlace(network_id=network_id, host=_choose(ctx)))
        ctx.session.flush()
    host_hints.network(ctx, network_id)


def _usable(ctx: Context) -> set[str]:
    """The live hosts whose DHCP agent is in service."""
    now, out = ctx.env.clock.now(), agents.out_of_service(ctx)
    return {
        record.name
        for record in host_records.records(ctx.session)
        if VIEW in record.views
        and host_records.is_alive(record, now)
        and not host_records.is_draining(record)
        and agents.id_of(record.name, agents.DHCP) not in out
    }


def _choose(ctx: Context) -> str:
    """The usable host with the fewest networks of this kind, "" for none."""
    counts = select(DhcpPlace.host, func.count()).group_by(DhcpPlace.host)
    number = dict(ctx.session.execute(counts).all())
    return min(sorted(_usable(ctx)), key=lambda host: number.get(host, 0), default="")
