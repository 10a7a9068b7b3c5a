"""Compile the views of routers, their interfaces and floating IPs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.network.drivers import checks
from stratolith.network.drivers.routing import (
    ConntrackHelperView,
    ElectionView,
    ExtraGatewayView,
    FloatingIpView,
    NdpProxyView,
    PortForwardingView,
    RouterPortView,
    RouterView,
)
from stratolith.network.managers.holders import INTERFACE
from stratolith.network.managers.routing import gateway_ports
from stratolith.network.models import (
    ConntrackHelper,
    FixedIp,
    FloatingIp,
    NdpProxy,
    Port,
    PortForwarding,
    RouterHost,
    Subnet,
)
from stratolith.network.reconcilers.meter_views import meter_views
from stratolith.network.reconcilers.view_rows import (
    ConntrackHelperRow,
    FloatingIpRow,
    NdpProxyRow,
    PortForwardingRow,
    RouterRow,
    columns,
)

Address = TypeVar("Address", FloatingIpView, PortForwardingView)
_OF_FORWARDINGS = [
    name
    for name in PortForwardingRow.__struct_fields__
    if name not in ("router_id", "floating_ip_address", "floating_network_id", "qos_policy_id")
]


def router_views(
    ctx: Context,
    routers: Sequence[RouterRow],
    view_of: Callable[[str], RouterPortView | None],
    left_out: LeftOut,
    elected: Mapping[str, RouterHost],
    local_ends: Mapping[str, tuple[str, str]],
) -> list[RouterView]:
    """``view_of`` returns a router port's view by the port's id, None for one that is switched off:
    an address of a gateway without a view is nowhere, and further gateways need the first one.
    ``elected``: the routers that other hosts have, too, with this host's row; ``local_ends``: as
    ``ovn_hosts`` gives them.
    """
    if not routers:
        return []
    interfaces: dict[str, list[RouterPortView]] = defaultdict(list)
    rows = ctx.session.execute(
        select(Port.id, Port.holder_id)
        .where(Port.holder == INTERFACE, Port.holder_id.in_([router.id for router in routers]))
        .order_by(Port.id)
    )
    for port_id, router_id in rows:
        interface = view_of(port_id)
        if interface is not None:
            interfaces[router_id].append(interface)
    floating = _floating(ctx, [router.id for router in routers], left_out, local_ends)
    forwardings = _forwardings(ctx, [router.id for router in routers], left_out)
    meters = meter_views(ctx, routers, left_out)
    helpers = _helpers(ctx, [router.id for router in routers], left_out)
    proxies = _proxies(ctx, [router.id for router in routers], left_out)
    outer = gateway_ports.of_routers(ctx, [r.id for r in routers if r.gateway_port_id])
    nexthops = _nexthops(ctx, [port_id for own in outer.values() for port_id, _ in own])
    views = []
    for router in routers:
        gateway = view_of(router.gateway_port_id) if router.gateway_port_id else None
        further = [
            ExtraGatewayView(port=port, nexthops=nexthops[port_id])
            for port_id, _ in (outer.get(router.id, ()) if gateway is not None else ())
            if port_id != router.gateway_port_id and (port := view_of(port_id)) is not None
        ]
        ends = [*([gateway] if gateway is not None else []), *(extra.port for extra in further)]
        policies = {end.network_id: end.qos_policy for end in ends}
        settled = partial(_settled, router, policies)
        view = RouterView(
            id=router.id,
            election=_election(router, elected.get(router.id), view_of),
            project_id=router.project_id,
            meters=meters[router.project_id],
            admin_state_up=router.admin_state_up,
            enable_snat=router.enable_snat,
            interfaces=interfaces[router.id],
            gateway=_with_policy(gateway, router.qos_policy_id),
            gateway_nexthops=nexthops[router.gateway_port_id or ""],
            extra_gateways=further,
            floating_ips=[settled(v) for v in floating[router.id] if v.network_id in policies],
            port_forwardings=[
                settled(v) for v in forwardings[router.id] if v.network_id in policies
            ],
            conntrack_helpers=helpers[router.id],
            enable_ndp_proxy=router.enable_ndp_proxy,
            ndp_proxies=proxies[router.id],
            routes=router.routes,
        )
        views.append(view)
    return views


def _election(
    router: RouterRow, row: RouterHost | None, view_of: Callable[[str], RouterPortView | None]
) -> ElectionView | None:
    port = view_of(row.port_id) if row is not None else None
    if row is None or port is None or router.ha_number is None:
        return None
    return ElectionView(port=port, number=router.ha_number, priority=row.priority)


def _settled(router: RouterRow, policies: Mapping[str, str], view: Address) -> Address:
    """A floating IP, or ports of one, with the policy of its network unless it has its own; in the
    network of the gateway with the default route the network is not named.
    """
    policy = view.qos_policy or policies.get(view.network_id, "")
    is_first = view.network_id == router.gateway_network_id
    network_id = "" if is_first else view.network_id
    return msgspec.structs.replace(view, qos_policy=policy, network_id=network_id)


def _with_policy(gateway: RouterPortView | None, policy: str | None) -> RouterPortView | None:
    """The gateway with the router's own QoS policy, if it has one, in place of its network's."""
    if gateway is None or not policy:
        return gateway
    return msgspec.structs.replace(gateway, qos_policy=policy)


def _floating(
    ctx: Context,
    router_ids: Sequence[str],
    left_out: LeftOut,
    local_ends: Mapping[str, tuple[str, str]],
) -> dict[str, list[FloatingIpView]]:
    by_router: dict[str, list[FloatingIpView]] = defaultdict(list)
    wanted = (
        columns(FloatingIpRow, FloatingIp)
        .where(FloatingIp.router_id.in_(router_ids), FloatingIp.fixed_ip_address.is_not(None))
        .order_by(FloatingIp.id)
    )
    for row in left_out.rows(ctx.session, wanted, FloatingIp.id, FloatingIpRow):
        port_id, mac = local_ends.get(row.id, ("", ""))
        view = FloatingIpView(
            id=row.id,
            floating_ip=row.floating_ip_address,
            fixed_ip=row.fixed_ip_address,
            qos_policy=row.qos_policy_id or "",
            network_id=row.floating_network_id,
            port_id=port_id,
            mac=mac,
        )
        by_router[row.router_id].append(view)
    return by_router


def _forwardings(
    ctx: Context, router_ids: Sequence[str], left_out: LeftOut
) -> dict[str, list[PortForwardingView]]:
    by_router: dict[str, list[PortForwardingView]] = defaultdict(list)
    wanted = (
        select(
            *(getattr(PortForwarding, name) for name in _OF_FORWARDINGS),
            FloatingIp.router_id,
            FloatingIp.floating_ip_address,
            FloatingIp.floating_network_id,
            FloatingIp.qos_policy_id,
        )
        .join(FloatingIp, FloatingIp.id == PortForwarding.floatingip_id)
        .where(FloatingIp.router_id.in_(router_ids))
        .order_by(PortForwarding.id)
    )
    for row in left_out.rows(ctx.session, wanted, PortForwarding.id, PortForwardingRow):
        view = PortForwardingView(
            id=row.id,
            floating_ip_id=row.floatingip_id,
            floating_ip=row.floating_ip_address,
            protocol=row.protocol,
            external_ports=(row.external_first, row.external_last),
            fixed_ip=row.internal_ip_address,
            internal_ports=(row.internal_first, row.internal_last),
            qos_policy=row.qos_policy_id or "",
            network_id=row.floating_network_id,
        )
        by_router[row.router_id].append(view)
    return by_router


def _helpers(
    ctx: Context, router_ids: Sequence[str], left_out: LeftOut
) -> dict[str, list[ConntrackHelperView]]:
    by_router: dict[str, list[ConntrackHelperView]] = defaultdict(list)
    wanted = (
        columns(ConntrackHelperRow, ConntrackHelper)
        .where(ConntrackHelper.router_id.in_(router_ids))
        .order_by(ConntrackHelper.id)
    )
    for row in left_out.rows(ctx.session, wanted, ConntrackHelper.id, ConntrackHelperRow):
        view = ConntrackHelperView(
            id=row.id, protocol=row.protocol, port=row.port, helper=row.helper
        )
        by_router[row.router_id].append(view)
    return by_router


def _proxies(
    ctx: Context, router_ids: Sequence[str], left_out: LeftOut
) -> dict[str, list[NdpProxyView]]:
    by_router: dict[str, list[NdpProxyView]] = defaultdict(list)
    wanted = (
        columns(NdpProxyRow, NdpProxy)
        .where(NdpProxy.router_id.in_(router_ids))
        .order_by(NdpProxy.id)
    )
    for row in left_out.rows(ctx.session, wanted, NdpProxy.id, NdpProxyRow):
        by_router[row.router_id].append(NdpProxyView(id=row.id, ip_address=row.ip_address))
    return by_router


def _nexthops(ctx: Context, gateway_ports: Sequence[str]) -> dict[str, list[str]]:
    """Gateway port -> the gateways of the external subnets in which it has addresses."""
    by_port: dict[str, list[str]] = defaultdict(list)
    if not gateway_ports:
        return by_port
    rows = ctx.session.execute(
        select(FixedIp.port_id, Subnet.gateway_ip)
        .join(Subnet, Subnet.id == FixedIp.subnet_id)
        .where(FixedIp.port_id.in_(gateway_ports), Subnet.gateway_ip.is_not(None))
        .order_by(FixedIp.position)
    )
    for port_id, gateway in rows:
        try:
            by_port[port_id].append(checks.address(str(gateway)))
        except ValueError:
            continue  # its subnet is left out, with the reason
    return by_port
