"""What hosts promise to ports, as resource providers of the placement service.

Below the provider of a host is one of its network agent, with packet rates, and below that one of
each device with a bandwidth. The names and traits are upstream's.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.capacity_settings import TUNNELLED
from stratolith.network.drivers.capacity import Capacity, InventoryOptions
from stratolith.network.managers.qos import demands
from stratolith.network.managers.segments import hosts
from stratolith.network.models import HostCapacity
from stratolith.placement.exceptions import (
    DuplicateName,
    InventoryInUse,
    ProviderHasChildren,
    ProviderInUse,
)
from stratolith.placement.managers import inventories, providers, traits

LOG = logging.getLogger(__name__)
AGENT = "Linux bridge agent"  # the type of the agent in names of providers
VNIC_TYPES = ("normal",)
_NAMESPACE = uuid.UUID("0b6f4d0e-52c5-4e0e-8f7f-2f8f0f2f6a55")


@dataclass(frozen=True)
class _Provider:
    uuid: str
    name: str
    parent: str
    traits: frozenset[str]
    stocks: Mapping[str, Mapping[str, Any]]


def report(ctx: Context, host: str, capacity: Capacity) -> None:
    """Store what a host promises, and tell the placement service if that changed."""
    row = ctx.session.get(HostCapacity, host)
    if row is None and capacity == Capacity():
        return
    devices: dict[str, list[str]] = {}
    for physical, device in sorted(hosts.of_host(ctx, host).items()):
        if device in capacity.bandwidths:
            devices.setdefault(device, []).append(physical)
    reported = {"capacity": msgspec.to_builtins(capacity), "devices": devices}
    if row is None:
        row = HostCapacity(host=host, reported=reported)
        ctx.session.add(row)
    elif row.synced and row.reported == reported:
        return
    row.reported = reported
    _sync(ctx, row)


def settle(ctx: Context, host: str) -> None:
    """The provider of a host was made: add what the host has reported already."""
    row = ctx.session.get(HostCapacity, host)
    if row is not None:
        _sync(ctx, row)


def forget(ctx: Context, host: str) -> None:
    """A host without servers leaves the cloud: remove its providers."""
    row = ctx.session.get(HostCapacity, host)
    if row is not None:
        _remove(ctx, host, keep=())
        ctx.session.delete(row)
        ctx.session.flush()


def of_all(ctx: Context) -> dict[str, HostCapacity]:
    """Host -> what it promises; one statement."""
    return {row.host: row for row in ctx.session.scalars(select(HostCapacity))}


def configuration(row: HostCapacity) -> dict[str, Any]:
    """The part of an agent's configurations."""
    capacity = msgspec.convert(row.reported["capacity"], Capacity)
    rates = {row.host: dict(capacity.packet_rates)} if capacity.packet_rates else {}
    together = "any" in capacity.packet_rates
    return {
        "resource_provider_bandwidths": capacity.bandwidths,
        "resource_provider_inventory_defaults": _shown(capacity.bandwidth_options),
        "resource_provider_packet_processing_without_direction": rates if together else {},
        "resource_provider_packet_processing_with_direction": {} if together else rates,
        "resource_provider_packet_processing_inventory_defaults": _shown(
            capacity.packet_rate_options
        ),
    }


def _shown(options: InventoryOptions) -> dict[str, Any]:
    return msgspec.structs.asdict(options)


# -- providers -----------------------------------------------------------------------------------


def _sync(ctx: Context, row: HostCapacity) -> None:
    """Make the providers as reported; ``synced`` tells whether that was possible."""
    root = providers.find_by_name(ctx, row.host)
    row.synced = False
    if root is not None:
        wanted = _providers(row, root.uuid)
        done = [_write(ctx, provider) for provider in wanted]
        row.synced = _remove(ctx, row.host, {provider.uuid for provider in wanted}) and all(done)
    ctx.session.flush()


def _providers(row: HostCapacity, root: str) -> list[_Provider]:
    """The agent's provider first; nothing for a host that promises nothing."""
    capacity = msgspec.convert(row.reported["capacity"], Capacity)
    if not capacity.bandwidths and not capacity.packet_rates:
        return []
    cards = frozenset(demands.vnic_trait(vnic_type) for vnic_type in VNIC_TYPES)
    agent, name = _uuid(row.host), f"{row.host}:{AGENT}"
    rates = _stocks(demands.PACKET_RATES, capacity.packet_rates, capacity.packet_rate_options)
    wanted = [_Provider(agent, name, root, cards, rates)]
    for device, bandwidths in capacity.bandwidths.items():
        places = {demands.physical_trait(p) for p in row.reported["devices"].get(device, ())}
        if device == TUNNELLED:
            places = {demands.TUNNELS}
        stocks = _stocks(demands.BANDWIDTHS, bandwidths, capacity.bandwidth_options)
        own_uuid, own_name = _uuid(f"{row.host}:{device}"), f"{name}:{device}"
        wanted.append(_Provider(own_uuid, own_name, agent, cards | places, stocks))
    return wanted


def _uuid(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def _stocks(
    classes: Mapping[str, str], totals: Mapping[str, int], options: InventoryOptions
) -> dict[str, dict[str, Any]]:
    return {
        classes[direction]: {"total": total, **_shown(options)}
        for direction, total in totals.items()
        if total > options.reserved
    }


def _write(ctx: Context, wanted: _Provider) -> bool:
    try:
        providers.ensure(ctx, wanted.uuid, wanted.name, parent=wanted.parent)
        traits.set_for(ctx, wanted.uuid, wanted.traits)
        inventories.replace(ctx, wanted.uuid, wanted.stocks)
    except (DuplicateName, InventoryInUse) as error:
        LOG.warning("%s is not as the host reports it: %s", wanted.name, error)
        return False
    return True


def _remove(ctx: Context, host: str, keep: Iterable[str]) -> bool:
    """Remove what the host does not promise any more; False if servers use it."""
    agent, kept = _uuid(host), set(keep)
    unused = sorted(providers.children(ctx, agent) - kept)
    if agent not in kept and providers.exists(ctx, agent):
        unused.append(agent)
    for provider in unused:
        try:
            providers.delete(ctx, provider)
        except (ProviderInUse, ProviderHasChildren) as error:
            LOG.warning("a provider of %s stays: %s", host, error)
            return False
    return True
