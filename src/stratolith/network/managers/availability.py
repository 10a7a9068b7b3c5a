"""The numbers of used addresses of networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from stratolith.kernel.context import Context
from stratolith.network.managers import subnets
from stratolith.network.models import FixedIp, Network, Subnet


def of_networks(ctx: Context, networks: Sequence[Network]) -> list[dict[str, Any]]:
    """One entry per network, with the numbers of its subnets; two statements."""
    by_network = subnets.of_networks(ctx, [network.id for network in networks])
    ids = [subnet.id for of_network in by_network.values() for subnet in of_network]
    rows = ctx.session.execute(
        select(FixedIp.subnet_id, func.count())
        .where(FixedIp.subnet_id.in_(ids))
        .group_by(FixedIp.subnet_id)
    )
    used = dict(rows.all())
    entries = []
    for network in networks:
        parts = [_subnet(subnet, used.get(subnet.id, 0)) for subnet in by_network[network.id]]
        entries.append(
            {
                "network_id": network.id,
                "network_name": network.name,
                "project_id": network.project_id,
                "tenant_id": network.project_id,
                "subnet_ip_availability": parts,
                "used_ips": sum(part["used_ips"] for part in parts),
                "total_ips": sum(part["total_ips"] for part in parts),
            }
        )
    return entries


def _subnet(subnet: Subnet, used: int) -> dict[str, Any]:
    total = sum(
        int(ipaddress.ip_address(pool["end"])) - int(ipaddress.ip_address(pool["start"])) + 1
        for pool in subnet.allocation_pools
    )
    return {
        "subnet_id": subnet.id,
        "subnet_name": subnet.name,
        "cidr": subnet.cidr,
        "ip_version": subnet.ip_version,
        "used_ips": used,
        "total_ips": total,
    }
