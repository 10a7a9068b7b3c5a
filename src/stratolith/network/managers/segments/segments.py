"""Segments of networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, RowReader
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.networks import NetworkNotFound
from stratolith.network.exceptions.segments import SegmentInUse, SegmentNotFound
from stratolith.network.managers import holders, host_hints, visibility
from stratolith.network.managers.segments import allocation, hosts, types
from stratolith.network.models import Network, Port, Segment, Subnet
from stratolith.network.settings import NetworkSettings

_SHOWN = KeyedReader(
    RowReader(
        tuple[str, str, str, int | None],
        (
            Segment.network_id,
            Segment.network_type,
            Segment.physical_network,
            Segment.segmentation_id,
        ),
    ),
    Segment.network_id,
    select(Segment).order_by(Segment.network_id, Segment.position),
)


def get(ctx: Context, segment_id: str) -> Segment:
    """Raises SegmentNotFound."""
    segment = ctx.session.get(Segment, segment_id)
    if segment is None:
        raise SegmentNotFound(segment_id=segment_id)
    return segment


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> Segment:
    """Add a segment to a network; raises NetworkNotFound and the errors of taking a segment."""
    network = ctx.session.get(Network, values["network_id"])
    if network is None or not visibility.may_see(ctx, network):
        raise NetworkNotFound(net_id=values["network_id"])
    wanted = types.Wanted(
        values["network_type"],
        values.get("physical_network") or "",
        values.get("segmentation_id"),
    )
    segment = allocation.take_one(ctx, "", wanted)
    existing = of_network(ctx, network)
    _check_mtu(ctx, network, [*existing, segment])
    segment.network_id = network.id
    segment.name = values.get("name")
    segment.description = values.get("description")
    segment.position = existing[-1].position + 1 if existing else 0
    ctx.session.add(segment)
    ctx.session.flush()
    _changed(ctx, network)
    return segment


def update(ctx: Context, segment: Segment, values: Mapping[str, Any]) -> Segment:
    """Change name and description."""
    for name in ("name", "description"):
        if name in values:
            setattr(segment, name, values[name])
    segment.revision_number += 1
    ctx.session.flush()
    return segment


def delete(ctx: Context, segment: Segment) -> None:
    """Raises SegmentInUse for a segment with subnets or ports."""
    subnet_ids = ctx.session.scalars(
        select(Subnet.id).where(Subnet.segment_id == segment.id).order_by(Subnet.id)
    ).all()
    if subnet_ids:
        reason = f"The segment is still associated with subnet(s) {', '.join(subnet_ids)}"
        raise SegmentInUse(segment_id=segment.id, reason=reason)
    network = ctx.session.get_one(Network, segment.network_id)
    port_ids = _ports_on(ctx, network, segment)
    if port_ids:
        reason = f"The segment is still bound with {len(port_ids)} port(s)"
        raise SegmentInUse(segment_id=segment.id, reason=reason)
    ctx.session.delete(segment)
    ctx.session.flush()
    _changed(ctx, network)


def of_network(ctx: Context, network: Network) -> list[Segment]:
    """The segments of a network, in their order."""
    wanted = select(Segment).where(Segment.network_id == network.id)
    return list(ctx.session.scalars(wanted.order_by(Segment.position, Segment.id)))


def shown(ctx: Context, network_ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Network -> its segments as networks show them; one statement."""
    by_network: dict[str, list[dict[str, Any]]] = {}
    for network_id, kind, physical, number in _SHOWN(ctx.session, network_ids):
        by_network.setdefault(network_id, []).append(
            {
                "provider:network_type": kind,
                "provider:physical_network": physical or None,
                "provider:segmentation_id": number,
            }
        )
    return by_network


def note(network: Network, of_it: Sequence[Segment]) -> None:
    """Write into the network what it repeats of its segments."""
    first = of_it[0] if of_it else None
    network.network_type = first.network_type if first else ""
    network.physical_network = first.physical_network if first else ""
    network.segmentation_id = first.segmentation_id if first else None
    network.several_segments = len(of_it) > 1


def change_provider(ctx: Context, network: Network, values: Mapping[str, Any]) -> None:
    """Change the number of a VLAN network; all other changes raise InvalidInput."""
    for name, value in (
        ("provider:physical_network", network.physical_network or None),
        ("provider:network_type", network.network_type or None),
    ):
        if values.get(name) is not None and values[name] != value:
            raise InvalidInput(
                error_message="Plugin does not support updating the following provider network "
                "attributes: provider:physical_network, provider:network_type"
            )
    number = values.get("provider:segmentation_id")
    if not number or (number == network.segmentation_id and not network.several_segments):
        return
    if network.several_segments or not network.network_type:
        raise InvalidInput(
            error_message="Provider network attributes can be updated only in provider networks "
            "with a single segment."
        )
    if network.network_type != "vlan":
        raise InvalidInput(error_message="Only VLAN type networks can be updated.")
    (segment,) = of_network(ctx, network)
    allocation.renumber(ctx, segment, number)
    note(network, [segment])
    ctx.session.flush()


def forget(ctx: Context, network_id: str) -> None:
    """Delete the segments of a deleted network."""
    ctx.session.execute(delete_rows(Segment).where(Segment.network_id == network_id))


def _ports_on(ctx: Context, network: Network, segment: Segment) -> list[str]:
    """The bound ports that use the segment: those on hosts that are connected to no earlier one."""
    rows = ctx.session.execute(
        select(Port.id, Port.binding_host)
        .where(
            Port.network_id == network.id,
            Port.binding_host != "",
            Port.holder.not_in(holders.SERVICES),
        )
        .order_by(Port.id)
    ).all()
    candidates = of_network(ctx, network)
    used: dict[str, str | None] = {}
    for host in {row.binding_host for row in rows}:
        reachable = hosts.reachable(ctx, host, candidates)
        used[host] = reachable[0].id if reachable else None
    return [row.id for row in rows if used[row.binding_host] == segment.id]


def _check_mtu(ctx: Context, network: Network, of_it: Sequence[Segment]) -> None:
    wanted = [types.Wanted(s.network_type, s.physical_network) for s in of_it]
    widest = types.largest_mtu(ctx.env.settings.of(NetworkSettings), wanted)
    if network.mtu > widest:
        raise InvalidInput(error_message=f"Requested MTU is too big, maximum is {widest}")


def _changed(ctx: Context, network: Network) -> None:
    note(network, of_network(ctx, network))
    ctx.session.flush()
    host_hints.network(ctx, network.id)
