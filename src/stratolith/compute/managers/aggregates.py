"""Host aggregates: named sets of hosts; ``availability_zone`` puts its hosts into a zone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from stratolith.compute.exceptions import AggregateExists, AggregateNotFound
from stratolith.compute.managers import hosts
from stratolith.compute.models import Aggregate, Server
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound

ZONE = "availability_zone"


def get(ctx: Context, aggregate_id: str) -> Aggregate:
    """Raises AggregateNotFound."""
    aggregate = None
    if aggregate_id.isascii() and aggregate_id.isdigit() and len(aggregate_id) < 10:
        aggregate = ctx.session.get(Aggregate, int(aggregate_id))
    if aggregate is None:
        raise AggregateNotFound(aggregate_id=aggregate_id)
    return aggregate


def listing(ctx: Context) -> list[Aggregate]:
    return list(ctx.session.scalars(select(Aggregate).order_by(Aggregate.id)))


def create(ctx: Context, name: str, zone: str | None) -> Aggregate:
    """Raises AggregateExists."""
    _check_name(ctx, name)
    aggregate = Aggregate(name=name, properties={ZONE: zone} if zone else {}, hosts=[])
    ctx.session.add(aggregate)
    ctx.session.flush()
    return aggregate


def update(ctx: Context, aggregate: Aggregate, values: Mapping[str, Any]) -> None:
    """``name`` and ``availability_zone``; raises AggregateExists, Conflict, BadRequest."""
    if "name" in values and values["name"] != aggregate.name:
        _check_name(ctx, values["name"])
        aggregate.name = values["name"]
    if ZONE in values:
        set_metadata(ctx, aggregate, {ZONE: values[ZONE]})
    ctx.session.flush()


def set_metadata(ctx: Context, aggregate: Aggregate, values: Mapping[str, str | None]) -> None:
    """Set metadata; None removes a key. Raises Conflict if a zone with servers would change."""
    if ZONE in values and values[ZONE] != aggregate.availability_zone:
        for host in aggregate.hosts:
            _check_zone(ctx, aggregate, host, values[ZONE])
    merged: dict[str, Any] = {**aggregate.properties, **values}
    aggregate.properties = {key: value for key, value in merged.items() if value is not None}


def remove(ctx: Context, aggregate: Aggregate) -> None:
    """Raises BadRequest if the aggregate still has hosts."""
    if aggregate.hosts:
        raise BadRequest(f"Cannot remove aggregate {aggregate.id}: it still has hosts.")
    ctx.session.delete(aggregate)


def add_host(ctx: Context, aggregate: Aggregate, host: str) -> None:
    """Raises HostNotFound, Conflict (a member already, in another zone, or in use)."""
    hosts.get(ctx, host)
    if host in aggregate.hosts:
        raise Conflict(f"Aggregate {aggregate.id} already has host {host}.")
    _check_zone(ctx, aggregate, host, aggregate.availability_zone)
    aggregate.hosts = [*aggregate.hosts, host]


def remove_host(ctx: Context, aggregate: Aggregate, host: str) -> None:
    """Raises NotFound if the host is not in the aggregate."""
    if host not in aggregate.hosts:
        raise NotFound(f"Aggregate {aggregate.id} has no host {host}.")
    if aggregate.availability_zone and _has_servers(ctx, host):
        raise Conflict(f"Host {host} has servers in zone {aggregate.availability_zone}.")
    aggregate.hosts = [name for name in aggregate.hosts if name != host]


def _check_name(ctx: Context, name: str) -> None:
    if ctx.session.scalar(select(Aggregate.id).where(Aggregate.name == name)) is not None:
        raise AggregateExists(name=name)


def _check_zone(ctx: Context, aggregate: Aggregate, host: str, zone: str | None) -> None:
    """Raise Conflict: a host is in one zone only, and changes it only without servers."""
    if not zone:
        return
    for other in listing(ctx):
        if other.id == aggregate.id or host not in other.hosts:
            continue
        if other.availability_zone and other.availability_zone != zone:
            raise Conflict(f"Host {host} is in zone {other.availability_zone} already.")
    if hosts.zone_of(ctx, host) != zone and _has_servers(ctx, host):
        raise Conflict(f"Host {host} has servers; its zone cannot change now.")


def _has_servers(ctx: Context, host: str) -> bool:
    statement = select(Server.id).where(Server.host == host, Server.deleted_at.is_(None)).limit(1)
    return ctx.session.scalar(statement) is not None
