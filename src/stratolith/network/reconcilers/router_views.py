"""Routers, their interfaces and floating IPs as a host realises them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.drivers.base import FloatingIpView, RouterPortView, RouterView, RouteView
from stratolith.network.managers.holders import INTERFACE
from stratolith.network.models import FixedIp, FloatingIp, Port, Router, Subnet


def router_views(
    ctx: Context, routers: Sequence[Router], view_of: Callable[[str], RouterPortView | None]
) -> list[RouterView]:
    """``view_of`` gives a router port's view by the port's id."""
    interfaces: dict[str, list[RouterPortView]] = defaultdict(list)
    rows = ctx.session.execute(
        select(Port.id, Port.holder_id).where(Port.holder == INTERFACE).order_by(Port.id)
    )
    for port_id, router_id in rows:
        found = view_of(port_id)
        if found is not None:
            interfaces[router_id].append(found)
    floating = _floating(ctx)
    nexthops = _nexthops(ctx, [r.gateway_port_id for r in routers if r.gateway_port_id])
    return [
        RouterView(
            id=router.id,
            admin_state_up=router.admin_state_up,
            enable_snat=router.enable_snat,
            interfaces=interfaces[router.id],
            gateway=view_of(router.gateway_port_id) if router.gateway_port_id else None,
            gateway_nexthops=nexthops[router.gateway_port_id or ""],
            floating_ips=floating[router.id],
            routes=[RouteView(**route) for route in router.routes],
        )
        for router in routers
    ]


def _floating(ctx: Context) -> dict[str, list[FloatingIpView]]:
    found: dict[str, list[FloatingIpView]] = defaultdict(list)
    rows = ctx.session.execute(
        select(
            FloatingIp.id,
            FloatingIp.router_id,
            FloatingIp.floating_ip_address,
            FloatingIp.fixed_ip_address,
        )
        .where(FloatingIp.router_id.is_not(None))
        .order_by(FloatingIp.id)
    )
    for floating_id, router_id, floating_ip, fixed_ip in rows:
        if router_id is None or fixed_ip is None:
            continue
        view = FloatingIpView(id=floating_id, floating_ip=floating_ip, fixed_ip=fixed_ip)
        found[router_id].append(view)
    return found


def _nexthops(ctx: Context, gateway_ports: Sequence[str]) -> dict[str, list[str]]:
    """Gateway port -> the gateways of the external subnets it has addresses in."""
    found: dict[str, list[str]] = defaultdict(list)
    if not gateway_ports:
        return found
    rows = ctx.session.execute(
        select(FixedIp.port_id, Subnet.gateway_ip)
        .join(Subnet, Subnet.id == FixedIp.subnet_id)
        .where(FixedIp.port_id.in_(gateway_ports), Subnet.gateway_ip.is_not(None))
        .order_by(FixedIp.position)
    )
    for port_id, gateway in rows:
        found[port_id].append(str(gateway))
    return found
