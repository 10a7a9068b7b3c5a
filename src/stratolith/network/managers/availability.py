"""The numbers of used addresses of networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.managers import subnets
from stratolith.network.managers.addressing import ipam
from stratolith.network.models import FixedIp, Network, Subnet

DETAILS = "ip_availability_details"
_DETAILS = (
    "total_ips_in_subnet",
    "total_ips_in_allocation_pool",
    "used_ips_in_subnet",
    "used_ips_in_allocation_pool",
)


def of_networks(ctx: Context, networks: Sequence[Network]) -> list[dict[str, Any]]:
    """One entry per network, with the numbers of its subnets; two statements."""
    by_network = subnets.of_networks(ctx, [network.id for network in networks])
    ids = [subnet.id for of_network in by_network.values() for subnet in of_network]
    used = _offsets(ctx, ids)
    entries = []
    for network in networks:
        parts = [_subnet(subnet, used.get(subnet.id, [])) for subnet in by_network[network.id]]
        entries.append(
            {
                "network_id": network.id,
                "network_name": network.name,
                "project_id": network.project_id,
                "tenant_id": network.project_id,
                "subnet_ip_availability": parts,
                "used_ips": sum(part["used_ips"] for part in parts),
                "total_ips": sum(part["total_ips"] for part in parts),
                DETAILS: {name: sum(part[DETAILS][name] for part in parts) for name in _DETAILS},
            }
        )
    return entries


def _offsets(ctx: Context, subnet_ids: Sequence[str]) -> dict[str, list[int | None]]:
    """Subnet -> the offsets of its used addresses."""
    by_subnet: dict[str, list[int | None]] = {}
    rows = ctx.session.execute(
        select(FixedIp.subnet_id, FixedIp.offset).where(FixedIp.subnet_id.in_(subnet_ids))
    )
    for subnet_id, offset in rows.all():
        by_subnet.setdefault(subnet_id, []).append(offset)
    return by_subnet


def _subnet(subnet: Subnet, used: Sequence[int | None]) -> dict[str, Any]:
    """``used``: offsets from the subnet's first address; None: beyond 63 bits."""
    net = ipam.network_of(subnet.cidr)
    first = int(net.network_address)
    pools = [
        (
            int(ipaddress.ip_address(pool["start"])) - first,
            int(ipaddress.ip_address(pool["end"])) - first,
        )
        for pool in subnet.allocation_pools
    ]
    total = sum(end - start + 1 for start, end in pools)
    in_pools = sum(
        any(start <= offset <= end for start, end in pools) for offset in used if offset is not None
    )
    edges = 2 if net.version == 4 else 0  # the network's and the broadcast address
    return {
        "subnet_id": subnet.id,
        "subnet_name": subnet.name,
        "cidr": subnet.cidr,
        "ip_version": subnet.ip_version,
        "used_ips": len(used),
        "total_ips": total,
        DETAILS: {
            "total_ips_in_subnet": max(net.num_addresses - edges, 0),
            "total_ips_in_allocation_pool": total,
            "used_ips_in_subnet": len(used),
            "used_ips_in_allocation_pool": in_pools,
        },
    }
