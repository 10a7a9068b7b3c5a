"""The networks of a new cloud: public, private and the router between them."""

from __future__ import annotations

import ipaddress
from typing import Any

from sqlalchemy import select

from stratolith.identity.managers import projects
from stratolith.kernel.bootstrap import Seed, SeedExternal
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import NotFound
from stratolith.network.managers import (
    networks,
    placement,
    places,
    router_interfaces,
    routers,
    security_group_rules,
    security_groups,
    subnets,
)
from stratolith.network.managers.segments import ranges
from stratolith.network.models import Network, SecurityGroup
from stratolith.network.settings import NetworkSettings


def bootstrap(ctx: Context, seed: Seed) -> None:
    """Make the missing ones, but only in a cloud that has no network at all yet.

    Networks of a release without stored places are placed here, before any host requests a view.
    """
    places.settle(ctx, placement.waiting(ctx))
    ranges.store_defaults(ctx)
    if seed.is_left_to_kolla or ctx.session.scalar(select(Network.id).limit(1)) is not None:
        return
    admin = _project(ctx, "admin")
    demo = _project(ctx, "demo")
    if admin is None:
        return
    public = _public(ctx, admin, seed.external)
    _allow_ping_and_ssh(ctx, admin)
    if demo is None:
        return
    _allow_ping_and_ssh(ctx, demo)
    subnet_ids = _private(ctx, demo)
    router = routers.create(
        ctx, demo, {"name": "router1", "external_gateway_info": {"network_id": public.id}}
    )
    for subnet_id in subnet_ids:
        router_interfaces.add(ctx, router, {"subnet_id": subnet_id})


def _project(ctx: Context, name: str) -> str | None:
    try:
        return projects.by_name(ctx, name).id
    except NotFound:
        return None


def _public(ctx: Context, project_id: str, external: SeedExternal) -> Network:
    settings = ctx.env.settings.of(NetworkSettings)
    network = networks.create(
        ctx,
        project_id,
        {
            "name": "public",
            "router:external": True,
            "is_default": True,
            "provider:network_type": "flat",
            "provider:physical_network": settings.physical_network,
        },
    )
    subnets.create(ctx, project_id, network, external_subnet(external))
    return network


def external_subnet(external: SeedExternal) -> dict[str, Any]:
    """The public subnet: the whole range without its gateway, or the configured range."""
    net = ipaddress.ip_network(external.cidr, strict=False)
    gateway = external.gateway or str(net.network_address + 1)
    subnet_values: dict[str, Any] = {
        "name": "public-subnet",
        "cidr": str(net),
        "ip_version": net.version,
        "gateway_ip": gateway,
        "enable_dhcp": False,
    }
    if external.range_start or external.range_end:
        start = external.range_start or str(net.network_address + 2)
        end = external.range_end or str(net.broadcast_address - 1)
        subnet_values["allocation_pools"] = [{"start": start, "end": end}]
    return subnet_values


def _private(ctx: Context, project_id: str) -> list[str]:
    """Make the private network of the demo project; returns the ids of its subnets."""
    settings = ctx.env.settings.of(NetworkSettings)
    network = networks.create(ctx, project_id, {"name": "private"})
    wanted: list[dict[str, Any]] = [
        {"name": "private-subnet", "cidr": settings.private_cidr, "ip_version": 4}
    ]
    if settings.private_ipv6_cidr:
        net = ipaddress.IPv6Network(settings.private_ipv6_cidr)
        values = {"name": "ipv6-private-subnet", "cidr": str(net), "ip_version": 6}
        modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
        wanted.append({**values, **modes, "gateway_ip": str(net.network_address + 1)})
    return [subnets.create(ctx, project_id, network, values).id for values in wanted]


def _allow_ping_and_ssh(ctx: Context, project_id: str) -> None:
    """Allow ping and SSH to servers in the project's default security group."""
    group = ctx.session.get_one(SecurityGroup, security_groups.default_of(ctx, project_id))
    for protocol, port in (("icmp", None), ("tcp", 22)):
        security_group_rules.create(
            ctx,
            project_id,
            {
                "security_group_id": group.id,
                "direction": "ingress",
                "ethertype": "IPv4",
                "protocol": protocol,
                "port_range_min": port,
                "port_range_max": port,
            },
        )
