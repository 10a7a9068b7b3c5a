"""Availability zones: each host is in one, by the cloud's settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select, union

from stratolith.kernel import matching
from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records as host_records
from stratolith.network.exceptions.agents import AvailabilityZoneNotFound
from stratolith.network.managers import holders
from stratolith.network.managers.events import VIEW
from stratolith.network.models import DhcpPlace, Place, Port, RouterHost
from stratolith.network.settings import NetworkSettings

DEFAULT = "nova"  # of hosts that the settings do not name


def of_host(ctx: Context, host: str) -> str:
    """The zone of a host."""
    return ctx.env.settings.of(NetworkSettings).availability_zones.get(host, DEFAULT)


def check(ctx: Context, hints: Iterable[str]) -> None:
    """Raise AvailabilityZoneNotFound for a zone without a host."""
    wanted = list(hints)
    if not wanted:
        return
    records = host_records.records(ctx.session)
    known = {of_host(ctx, record.name) for record in records if VIEW in record.views}
    for zone in wanted:
        if zone not in known:
            raise AvailabilityZoneNotFound(availability_zone=zone)


def among(ctx: Context, hosts: Iterable[str], hints: Sequence[str]) -> list[str]:
    """The hosts in these zones; without hints all."""
    return [host for host in hosts if not hints or of_host(ctx, host) in hints]


def of_routers(ctx: Context, router_ids: Iterable[str]) -> dict[str, list[str]]:
    """Router -> the zones of its hosts; routers without a host are left out."""
    ids = list(router_ids)
    wanted = union(
        select(Place.object_id, Place.host).where(
            matching.among(ctx.session, Place.object_id, ids), Place.host != ""
        ),
        select(RouterHost.router_id, RouterHost.host).where(
            matching.among(ctx.session, RouterHost.router_id, ids)
        ),
    )
    return _by_zone(ctx, ctx.session.execute(wanted).all())


def of_networks(ctx: Context, network_ids: Iterable[str]) -> dict[str, list[str]]:
    """Network -> the zones of hosts that have a part of it; other networks are left out."""
    ids = list(network_ids)
    wanted = union(
        select(Port.network_id, Port.binding_host).where(
            matching.among(ctx.session, Port.network_id, ids), Port.binding_host != ""
        ),
        select(Port.network_id, Place.host)
        .join(Place, Place.object_id == Port.holder_id)
        .where(
            matching.among(ctx.session, Port.network_id, ids),
            Port.holder.in_(holders.ROUTER),
            Place.host != "",
        ),
        select(Port.network_id, RouterHost.host)
        .join(RouterHost, RouterHost.router_id == Port.holder_id)
        .where(matching.among(ctx.session, Port.network_id, ids), Port.holder.in_(holders.ROUTER)),
        select(DhcpPlace.network_id, DhcpPlace.host).where(
            matching.among(ctx.session, DhcpPlace.network_id, ids)
        ),
    )
    return _by_zone(ctx, ctx.session.execute(wanted).all())


def _by_zone(ctx: Context, places: Iterable[Any]) -> dict[str, list[str]]:
    zones: dict[str, set[str]] = {}
    for object_id, host in places:
        zones.setdefault(object_id, set()).add(of_host(ctx, host))
    return {object_id: sorted(names) for object_id, names in zones.items()}
