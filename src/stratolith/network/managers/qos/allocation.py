"""The parts of servers' allocations that their ports have, after the servers were placed.

``allocation`` in a port's ``binding:profile`` names the provider of each demand (demands.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.qos import (
    PlacementAllocationRemoved,
    PlacementAllocationRpNotExists,
    QosPlacementAllocationUpdateConflict,
    TrackedInPlacement,
)
from stratolith.network.managers import holders
from stratolith.network.managers.qos import demands, rules
from stratolith.network.managers.qos.demands import Demand
from stratolith.network.models import Network, Port
from stratolith.placement.exceptions import CapacityExceeded, NoAllocations, UnknownProvider
from stratolith.placement.managers import allocations

KEY = "allocation"
_ANY = demands.PACKET_RATES["any"]
Changes = dict[str, dict[str, int]]  # provider -> resource class -> amount


def note(port: Port, of_port: Iterable[Demand], providers: Mapping[str, str]) -> None:
    """Write the providers into the port. ``providers``: kind of demand -> provider."""
    granted = {demand.group_id(port.id): providers[demand.kind] for demand in of_port}
    if granted:
        port.binding_profile = {**port.binding_profile, KEY: granted}


def forget(port: Port) -> None:
    """The port has no server any more."""
    if KEY in port.binding_profile:
        kept = {name: value for name, value in port.binding_profile.items() if name != KEY}
        port.binding_profile = kept


def give_back(ctx: Context, port: Port) -> None:
    """Take the port's part out of its server's allocation; the server goes on without it."""
    granted = _granted(port)
    if not granted:
        return
    changes: Changes = {}
    for demand in demands.of_ports(ctx, [port]).get(port.id, ()):
        provider = granted.get(demand.group_id(port.id))
        if provider is not None:
            _add(changes, provider, demand.resources, -1)
    # an administrator may have removed it by the placement API
    with suppress(NoAllocations, UnknownProvider):
        allocations.adjust(ctx, port.holder_id, changes)
    forget(port)


def follow(ctx: Context, port: Port, former: str | None, wanted: str | None) -> None:
    """The policy in force of a port changes: change its server's allocation, on the same providers.

    As upstream, types of rules that the former policy did not have are not allocated. Raises
    QosPlacementAllocationUpdateConflict, PlacementAllocationRemoved,
    PlacementAllocationRpNotExists, TrackedInPlacement.
    """
    granted = _granted(port)
    if former == wanted or not granted:
        return
    known = rules.of(ctx, {policy for policy in (former, wanted) if policy})
    before, after = (
        {d.kind: d for d in demands.of(known.get(policy or "", ()), port.network, port.vnic_type)}
        for policy in (former, wanted)
    )
    changes: Changes = {}
    kept: dict[str, str] = {}
    for kind, demand in before.items():
        provider = granted.get(demand.group_id(port.id))
        if provider is None:
            continue
        _add(changes, provider, demand.resources, -1)
        if kind in after:
            _check_directions(demand, after[kind])
            _add(changes, provider, after[kind].resources, 1)
            kept[after[kind].group_id(port.id)] = provider
    _change(ctx, port.holder_id, changes)
    port.binding_profile = {**port.binding_profile, KEY: kept}


def follow_network(ctx: Context, network: Network, former: str | None) -> None:
    """The same for the ports of a network that had the policy ``former``."""
    if former == network.qos_policy_id:
        return
    ports = select(Port).where(
        Port.network_id == network.id,
        Port.qos_policy_id.is_(None),
        Port.holder == holders.SERVER,
    )
    for port in list(ctx.session.scalars(ports)):
        follow(ctx, port, former, network.qos_policy_id)


def _granted(port: Port) -> dict[str, Any]:
    granted = port.binding_profile.get(KEY) if port.holder == holders.SERVER else None
    return granted if isinstance(granted, dict) else {}


def _add(changes: Changes, provider: str, resources: Mapping[str, int], sign: int) -> None:
    amounts = changes.setdefault(provider, {})
    for name, amount in resources.items():
        amounts[name] = amounts.get(name, 0) + sign * amount


def _check_directions(before: Demand, after: Demand) -> None:
    if before.kind == rules.MINIMUM_RATE and (_ANY in before.resources) != (
        _ANY in after.resources
    ):
        raise TrackedInPlacement(
            "Changing from direction-less QoS minimum packet rate rule to a direction-oriented "
            "minimum packet rate rule, or vice versa, is not supported."
        )


def _change(ctx: Context, server_id: str, changes: Changes) -> None:
    needed = {
        provider: {name: amount for name, amount in amounts.items() if amount}
        for provider, amounts in changes.items()
    }
    needed = {provider: amounts for provider, amounts in needed.items() if amounts}
    try:
        allocations.adjust(ctx, server_id, needed)
    except CapacityExceeded:
        raise QosPlacementAllocationUpdateConflict(alloc_diff=needed, consumer=server_id) from None
    except NoAllocations:
        raise PlacementAllocationRemoved(consumer=server_id) from None
    except UnknownProvider:
        missing = next(iter(needed))
        raise PlacementAllocationRpNotExists(
            resource_provider=missing, consumer=server_id
        ) from None
