"""Compute hosts: their resources in placement, their state and their zones."""

from __future__ import annotations

import logging
import socket
import uuid
from collections import Counter
from typing import Any

from sqlalchemy import func, select, update

from stratolith.compute.exceptions import (
    HostDrains,
    HostNotFound,
    HypervisorNotFound,
    ServiceNotFound,
)
from stratolith.compute.models import Aggregate, ComputeHost, Server
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records as host_records
from stratolith.kernel.hosts.records import HostRecord, is_alive, is_draining
from stratolith.kernel.ids import is_uuid, new_uuid
from stratolith.kernel.readable import LeftOut
from stratolith.network.managers.qos import host_capacity
from stratolith.placement.managers import inventories, providers, traits

LOG = logging.getLogger(__name__)
_RUNS, _HAS = "COMPUTE_ARCH_", "HW_ARCH_"  # standard traits: of guests, of the processor
INTERNAL_ZONE = "internal"  # of the control plane
DRAINING_REASON, LEFT_REASON = "the host is draining", "the host left the cloud"
_NAMESPACE = uuid.UUID("5f0f4ba4-3e0a-4f6a-9a53-7a3d2a3f1b63")


def provider_uuid(host: str) -> str:
    """The same host name always gives the same provider, even if the host's row is new."""
    return str(uuid.uuid5(_NAMESPACE, host))


def report(ctx: Context, host: str, facts: dict[str, Any]) -> ComputeHost:
    """Store the facts that an agent measured: in the host's row, its provider and inventories.

    A host that was disabled because it left is enabled: it joined again.
    """
    own = ComputeHost.host == host
    has_left = own & (ComputeHost.disabled_reason == LEFT_REASON)
    ctx.session.execute(
        update(ComputeHost).where(has_left).values(disabled=False, disabled_reason=None)
    )
    # the old facts are not read here, so an unreadable row does no harm
    ctx.session.execute(
        update(ComputeHost).where(own).values(facts=facts, reported_at=ctx.env.clock.now())
    )
    row = ctx.session.scalars(select(ComputeHost).where(own)).first()
    if row is None:
        row = ComputeHost(host=host, uuid=provider_uuid(host), service_uuid=new_uuid(), facts={})
        ctx.session.add(row)
        providers.ensure(ctx, row.uuid, host)
        host_capacity.settle(ctx, host)
        row.reported_at, row.facts = ctx.env.clock.now(), facts
    inventories.replace(ctx, row.uuid, _inventory(ctx, facts))
    _set_traits(ctx, row.uuid, facts)
    return row


def _set_traits(ctx: Context, provider: str, facts: dict[str, Any]) -> None:
    """Set the traits for the processor's and the guests' architectures; keep all other traits."""
    own = str((facts.get("cpu_info") or {}).get("arch", ""))
    names = {f"{_RUNS}{name.upper()}" for name in facts.get("architectures", ())}
    names.add(f"{_HAS}{own.upper()}")
    other_traits = {
        name for name in traits.of_provider(ctx, provider) if not name.startswith((_RUNS, _HAS))
    }
    traits.set_for(ctx, provider, other_traits | (names & traits.STANDARD))


def _inventory(ctx: Context, facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    settings = ctx.env.settings.of(ComputeSettings)
    vcpus, memory, disk = (max(1, int(facts[k])) for k in ("vcpus", "memory_mb", "disk_gb"))
    reserved = min(settings.reserved_host_memory_mb, memory - 1)
    reserved_disk = min(-(-settings.reserved_host_disk_mb // 1024), disk - 1)
    return {
        "VCPU": _stock(vcpus, 0, settings.cpu_allocation_ratio),
        "MEMORY_MB": _stock(memory, reserved, settings.ram_allocation_ratio),
        "DISK_GB": _stock(disk, reserved_disk, settings.disk_allocation_ratio),
    }


def _stock(total: int, reserved: int, ratio: float) -> dict[str, Any]:
    return {
        "total": total,
        "reserved": reserved,
        "min_unit": 1,
        "max_unit": total,
        "step_size": 1,
        "allocation_ratio": ratio,
    }


# -- look-up -------------------------------------------------------------------------------------


def control_host() -> str:
    """The name of the control plane's host, as in the list of services."""
    return socket.gethostname()


def all_hosts(ctx: Context) -> list[ComputeHost]:
    """All hosts, sorted by number; a host with an unreadable row is left out."""
    wanted, left_out = select(ComputeHost).order_by(ComputeHost.id), LeftOut()
    rows = left_out.objects(ctx.session, wanted, ComputeHost.host)
    for host, reason in left_out.reasons.items():
        LOG.warning("the row of host %s cannot be read: %s", host, reason)
    return rows


def get(ctx: Context, host: str) -> ComputeHost:
    """Raises HostNotFound."""
    row = ctx.session.scalars(select(ComputeHost).where(ComputeHost.host == host)).first()
    if row is None:
        raise HostNotFound(host=host)
    return row


def get_service(ctx: Context, service_id: str, *, by_uuid: bool) -> ComputeHost:
    """A compute service by its uuid (2.53) or number; raises ServiceNotFound."""
    row = None
    if by_uuid and is_uuid(service_id):
        statement = select(ComputeHost).where(ComputeHost.service_uuid == service_id)
        row = ctx.session.scalars(statement).first()
    elif not by_uuid and service_id.isascii() and service_id.isdigit() and len(service_id) < 10:
        row = ctx.session.get(ComputeHost, int(service_id))
    if row is None:
        raise ServiceNotFound(service_id=service_id)
    return row


def get_hypervisor(ctx: Context, hypervisor_id: str, *, by_uuid: bool) -> ComputeHost:
    """Raises HypervisorNotFound."""
    row = None
    if by_uuid and is_uuid(hypervisor_id):
        statement = select(ComputeHost).where(ComputeHost.uuid == hypervisor_id)
        row = ctx.session.scalars(statement).first()
    elif not by_uuid and hypervisor_id.isascii() and hypervisor_id.isdigit():
        row = ctx.session.get(ComputeHost, int(hypervisor_id[:9]))
    if row is None:
        raise HypervisorNotFound(hypervisor_id=hypervisor_id)
    return row


def beats(ctx: Context) -> dict[str, HostRecord]:
    """Host -> its record with the time of the last heartbeat."""
    return {row.name: row for row in host_records.records(ctx.session)}


def is_up(ctx: Context, host: ComputeHost, records: dict[str, HostRecord]) -> bool:
    """Alive and not forced down."""
    return not host.forced_down and is_alive(records.get(host.host), ctx.env.clock.now())


def is_disabled(host: ComputeHost, records: dict[str, HostRecord]) -> bool:
    """Whether the host takes no new servers: its service is disabled, or the host is draining."""
    return host.disabled or is_draining(records.get(host.host))


def disabled_reason(host: ComputeHost, records: dict[str, HostRecord]) -> str | None:
    """The given reason, or that the host is draining; None: enabled, or no reason given."""
    if host.disabled_reason is None and is_draining(records.get(host.host)):
        return DRAINING_REASON
    return host.disabled_reason


def set_disabled(ctx: Context, host: ComputeHost, reason: str | None, *, disabled: bool) -> None:
    """Raises HostDrains: a draining host must be activated as a whole to take servers again."""
    if not disabled and is_draining(beats(ctx).get(host.host)):
        raise HostDrains(host=host.host)
    host.disabled, host.disabled_reason = disabled, reason if disabled else None


def alive(ctx: Context) -> set[str]:
    """Names of the hosts that are up."""
    records = beats(ctx)
    return {row.host for row in all_hosts(ctx) if is_up(ctx, row, records)}


def usage(ctx: Context) -> dict[str, dict[str, int]]:
    """Host -> the resources that its servers use: vcpus, memory_mb, disk_gb, servers."""
    rows = ctx.session.execute(
        select(
            Server.host,
            func.sum(Server.vcpus),
            func.sum(Server.memory_mb),
            func.sum(Server.disk_gb),
            func.count(),
        )
        .where(Server.deleted_at.is_(None), Server.host.is_not(None))
        .group_by(Server.host)
    )
    return {
        host: {"vcpus": vcpus, "memory_mb": memory, "disk_gb": disk, "servers": count}
        for host, vcpus, memory, disk, count in rows
        if host
    }


# -- availability zones --------------------------------------------------------------------------


def zones(ctx: Context) -> dict[str, str]:
    """Host -> availability zone, from the aggregates with a zone."""
    zone_by_host: dict[str, str] = {}
    wanted, left_out = select(Aggregate).order_by(Aggregate.id), LeftOut()
    for aggregate in left_out.objects(ctx.session, wanted, Aggregate.uuid):
        if aggregate.availability_zone:
            for host in aggregate.hosts:
                zone_by_host.setdefault(host, aggregate.availability_zone)
    return zone_by_host


def zone_of(ctx: Context, host: str, known: dict[str, str] | None = None) -> str:
    default = ctx.env.settings.of(ComputeSettings).default_availability_zone
    return (zones(ctx) if known is None else known).get(host, default)


def zone_names(ctx: Context) -> dict[str, bool]:
    """Zone -> whether it has a host that is enabled and up."""
    records, known = beats(ctx), zones(ctx)
    usable_hosts: Counter[str] = Counter()
    for row in all_hosts(ctx):
        takes = is_up(ctx, row, records) and not is_disabled(row, records)
        usable_hosts[zone_of(ctx, row.host, known)] += int(takes)
    return {zone: count > 0 for zone, count in sorted(usable_hosts.items())}


def holds(ctx: Context, host: str) -> str:
    """Why the host cannot leave the cloud; "" if it can."""
    wanted = select(func.count()).where(Server.host == host, Server.deleted_at.is_(None))
    count = ctx.session.scalar(wanted) or 0
    return f"{count} server{'s are' if count > 1 else ' is'} on it" if count else ""


def left(ctx: Context, host: str) -> None:
    """Remove a host that left the cloud; if it still has servers, disable it."""
    row = ctx.session.scalars(select(ComputeHost).where(ComputeHost.host == host)).first()
    if row is None:
        return
    if holds(ctx, host):
        row.disabled, row.disabled_reason = True, LEFT_REASON
    else:
        remove(ctx, row)


def remove(ctx: Context, row: ComputeHost) -> None:
    """Delete a host without servers, and its resource provider."""
    host_capacity.forget(ctx, row.host)
    providers.delete(ctx, row.uuid)
    ctx.session.delete(row)
