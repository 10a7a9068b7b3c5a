"""Which physical networks there are, and which hosts are connected to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records as host_records
from stratolith.network.managers.segments import ranges
from stratolith.network.models import HostMapping, Segment
from stratolith.network.segment_settings import mappings
from stratolith.network.settings import NetworkSettings


def physical_networks(ctx: Context, kind: str) -> Collection[str]:
    """The physical networks that segments of this type may use."""
    if kind == "vlan":
        return ranges.physical_networks(ctx)
    if kind != "flat":
        return ()
    settings = ctx.env.settings.of(NetworkSettings)
    known = {
        settings.physical_network,
        *mappings(settings),
        *ranges.physical_networks(ctx),
        *ctx.session.scalars(select(HostMapping.physical_network).distinct()),
    }
    allowed = set(settings.flat_networks)
    return known if "*" in allowed else {settings.physical_network, *(known & allowed)}


def of_host(ctx: Context, host: str) -> dict[str, str]:
    """Physical network -> device of the host; the external bridge is on every host."""
    rows = ctx.session.execute(
        select(HostMapping.physical_network, HostMapping.device).where(HostMapping.host == host)
    )
    return {**always(ctx), **dict(rows.all())}


def always(ctx: Context) -> dict[str, str]:
    """The mapping that every host has: of the external bridge."""
    settings = ctx.env.settings.of(NetworkSettings)
    return {settings.physical_network: settings.external_bridge}


def of_all(ctx: Context) -> dict[str, dict[str, str]]:
    """Host -> physical network -> device, of the hosts that reported any; one statement."""
    by_host: dict[str, dict[str, str]] = {}
    for row in ctx.session.scalars(select(HostMapping)):
        known = by_host.setdefault(row.host, always(ctx))
        known[row.physical_network] = row.device
    return by_host


def report(ctx: Context, host: str, reported: Mapping[str, str]) -> bool:
    """Store what a host is connected to; returns whether that changed."""
    rows = {
        row.physical_network: row
        for row in ctx.session.scalars(select(HostMapping).where(HostMapping.host == host))
    }
    if {name: row.device for name, row in rows.items()} == dict(reported):
        return False
    for physical in set(rows) - set(reported):
        ctx.session.delete(rows[physical])
    for physical, device in reported.items():
        if physical in rows:
            rows[physical].device = device
        else:
            ctx.session.add(HostMapping(host=host, physical_network=physical, device=device))
    ctx.session.flush()
    return True


def reachable(ctx: Context, host: str, segments: Iterable[Segment]) -> list[Segment]:
    """Those of the segments that the host is connected to; none for a host that is not known."""
    known = of_host(ctx, host)
    if len(known) == 1 and not host_records.records(ctx.session, [host]):
        return []
    return [s for s in segments if not s.physical_network or s.physical_network in known]
