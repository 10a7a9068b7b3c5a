"""Routed provider networks: each subnet belongs to a segment, and the host of a port decides from
which subnets its addresses are.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.segments import (
    FixedIpsSubnetsNotOnSameSegment,
    HostNotCompatibleWithFixedIps,
    HostNotConnectedToAnySegment,
    NetworkIdsDontMatch,
    NoUpdateSubnetWhenMultipleSegmentsOnNetwork,
    SegmentNotFound,
    SubnetsNotAllAssociatedWithSegments,
)
from stratolith.network.managers.segments import hosts
from stratolith.network.models import FixedIp, Segment, Subnet

DEFERRED, IMMEDIATE, NONE = "deferred", "immediate", "none"
Routes = list[dict[str, str]]


# -- subnets -------------------------------------------------------------------------------------


def check_new(ctx: Context, network_id: str, segment_id: str | None) -> None:
    """Raise for a new subnet that cannot belong to the segment (None: to the whole network):
    SegmentNotFound, NetworkIdsDontMatch, SubnetsNotAllAssociatedWithSegments.
    """
    if segment_id is not None:
        _check_segment(ctx, network_id, segment_id)
    existing = _segments_of(ctx, network_id)
    if {*existing, segment_id} >= {None} and len({*existing, segment_id}) > 1:
        raise SubnetsNotAllAssociatedWithSegments(network_id=network_id)


def check_change(ctx: Context, subnet: Subnet, segment_id: str | None) -> None:
    """The same for a subnet that gets its first segment; no other change is allowed."""
    if segment_id == subnet.segment_id:
        return
    if segment_id is not None:
        _check_segment(ctx, subnet.network_id, segment_id)
    if len(_segments_of(ctx, subnet.network_id)) > 1 or segment_id is None:
        raise SubnetsNotAllAssociatedWithSegments(network_id=subnet.network_id)
    number = ctx.session.scalar(
        select(func.count()).select_from(Segment).where(Segment.network_id == subnet.network_id)
    )
    if (number or 0) > 1:
        raise NoUpdateSubnetWhenMultipleSegmentsOnNetwork(network_id=subnet.network_id)


def _check_segment(ctx: Context, network_id: str, segment_id: str) -> None:
    segment = ctx.session.get(Segment, segment_id)
    if segment is None:
        raise SegmentNotFound(segment_id=segment_id)
    if segment.network_id != network_id:
        raise NetworkIdsDontMatch(subnet_network=network_id, segment_id=segment_id)


def _segments_of(ctx: Context, network_id: str) -> list[str | None]:
    return list(
        ctx.session.scalars(select(Subnet.segment_id).where(Subnet.network_id == network_id))
    )


def connect_subnets(ctx: Context, network_id: str, deleted: Subnet | None = None) -> None:
    """Give the subnets of each segment routes to those of the others, by their gateways."""
    subnets = list(ctx.session.scalars(select(Subnet).where(Subnet.network_id == network_id)))
    for subnet in subnets:
        if subnet.segment_id is None or not subnet.gateway_ip:
            continue
        routes = list(subnet.host_routes)
        if deleted is not None:
            to_deleted = {"destination": deleted.cidr, "nexthop": subnet.gateway_ip}
            routes = [route for route in routes if route != to_deleted]
        routes += _routes_to_others(subnet, subnets, routes)
        if routes != subnet.host_routes:
            subnet.host_routes = routes


def _routes_to_others(subnet: Subnet, subnets: Iterable[Subnet], routes: Routes) -> Routes:
    known: list[Any] = [ipaddress.ip_network(route["destination"]) for route in routes]
    added = []
    for other in subnets:
        if other.segment_id in (None, subnet.segment_id) or other.ip_version != subnet.ip_version:
            continue
        net = ipaddress.ip_network(other.cidr)
        if not any(net.version == k.version and net.subnet_of(k) for k in known):
            added.append({"destination": other.cidr, "nexthop": str(subnet.gateway_ip)})
    return added


def without_old_gateway(subnet: Subnet, old_gateway: str | None) -> Routes:
    """The subnet's routes without those by a gateway that it had before."""
    if old_gateway in (None, subnet.gateway_ip) or subnet.segment_id is None:
        return list(subnet.host_routes)
    return [route for route in subnet.host_routes if route["nexthop"] != old_gateway]


# -- ports ---------------------------------------------------------------------------------------


def is_routed(subnets: Sequence[Subnet]) -> bool:
    return any(subnet.segment_id is not None for subnet in subnets)


def usable(ctx: Context, network_id: str, subnets: Sequence[Subnet], host: str) -> list[Subnet]:
    """The subnets for a port on the host, "" for no host yet; raises HostNotConnectedToAnySegment.

    All of them unless the network is routed.
    """
    if not host or not is_routed(subnets):
        return list(subnets)
    segments = ctx.session.scalars(select(Segment).where(Segment.network_id == network_id))
    reachable = {segment.id for segment in hosts.reachable(ctx, host, segments)}
    if not reachable:
        raise HostNotConnectedToAnySegment(host=host, network_id=network_id)
    return [subnet for subnet in subnets if subnet.segment_id in reachable]


def allocation_of(subnets: Sequence[Subnet], host: str, values: Mapping[str, Any]) -> str:
    """When the addresses of a new port are chosen: immediate, deferred or none."""
    requested = values.get("fixed_ips")
    if requested == []:
        return NONE
    return DEFERRED if requested is None and not host and is_routed(subnets) else IMMEDIATE


def check_one_segment(chosen: Iterable[Subnet]) -> None:
    """Raise FixedIpsSubnetsNotOnSameSegment for addresses of several segments."""
    if len({subnet.segment_id for subnet in chosen}) > 1:
        raise FixedIpsSubnetsNotOnSameSegment


def check_host(
    ctx: Context, network_id: str, port_id: str, subnets: Sequence[Subnet], host: str
) -> None:
    """Raise HostNotConnectedToAnySegment, HostNotCompatibleWithFixedIps for a port that has
    addresses which are of no use on its new host.
    """
    usable_ids = {subnet.id for subnet in usable(ctx, network_id, subnets, host)}
    used = ctx.session.scalars(select(FixedIp.subnet_id).where(FixedIp.port_id == port_id))
    if not usable_ids.issuperset(used):
        raise HostNotCompatibleWithFixedIps(host=host, port_id=port_id)
