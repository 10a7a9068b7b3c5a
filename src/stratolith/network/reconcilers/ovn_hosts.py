"""The parts of a host's view that only driver ovn has."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from stratolith.kernel.context import Context
from stratolith.network.drivers import checks
from stratolith.network.drivers.base import ExternalNetworkView, SouthboundView
from stratolith.network.drivers.ovn import central
from stratolith.network.drivers.ovn.trust import Trust
from stratolith.network.managers import host_hints
from stratolith.network.managers.segments import types
from stratolith.network.models import FloatingIp, Network, Port, Subnet
from stratolith.network.reconcilers.view_rows import NetworkRow
from stratolith.network.segment_settings import TUNNELS
from stratolith.network.settings import NetworkSettings


def southbound(ctx: Context, host: str) -> SouthboundView | None:
    """Where the host finds the southbound database, for one on another machine."""
    settings = ctx.env.settings
    if settings.of(NetworkSettings).driver != "ovn" or host == socket.gethostname():
        return None
    port = central.southbound_port(settings)
    if not port:
        return None
    trust = Trust(central.directory_of(settings.state_dir))
    return SouthboundView(port=port, admitted=trust.mark_of(host))


def fitting(settings: NetworkSettings, row: NetworkRow) -> NetworkRow:
    """The network with an MTU that fits into tunnels: it may be from the time of driver linux."""
    if settings.driver != "ovn" or row.network_type not in TUNNELS:
        return row
    largest = types.driver(row.network_type).mtu(settings, "")
    return row if largest is None else msgspec.structs.replace(row, mtu=min(row.mtu, largest))


def _is_on_external_bridge(settings: NetworkSettings) -> ColumnElement[bool]:
    """A condition on Network: every host has its bridge."""
    on_bridge = Network.physical_network == settings.physical_network
    return (Network.network_type == "flat") & on_bridge


def local_ends(ctx: Context, router_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Floating IP that its port's host translates -> (that port, MAC address of the floating IP).

    Those of ports without a host stay on the router's: another guest may have the address.
    """
    settings = ctx.env.settings.of(NetworkSettings)
    if not host_hints.are_floating_ips_distributed(settings):
        return {}
    outer = aliased(Port)
    wanted = (
        select(FloatingIp.id, Port.id, outer.mac_address)
        .join(Port, Port.id == FloatingIp.port_id)
        .join(outer, outer.id == FloatingIp.floating_port_id)
        .join(Network, Network.id == FloatingIp.floating_network_id)
        .where(FloatingIp.router_id.in_(router_ids), Port.binding_host != "")
        .where(_is_on_external_bridge(settings))
    )
    return {floating_id: (port, mac) for floating_id, port, mac in ctx.session.execute(wanted)}


def externals(ctx: Context) -> list[ExternalNetworkView]:
    """The external bridge, on every host: each may get the gateway of a router at any moment."""
    settings = ctx.env.settings.of(NetworkSettings)
    wanted = (
        select(Network.id, Subnet.gateway_ip, Subnet.cidr)
        .join_from(Network, Subnet, Subnet.network_id == Network.id, isouter=True)
        .where(_is_on_external_bridge(settings))
        .order_by(Subnet.created_at, Subnet.id)
    )
    rows = ctx.session.execute(wanted).all()
    if not rows:
        return []
    cidrs = [f"{hop}/{checks.network(cidr).prefixlen}" for _, hop, cidr in rows if hop]
    return [
        ExternalNetworkView(
            physical_network=settings.physical_network,
            bridge=settings.external_bridge,
            gateway_cidrs=cidrs,
            nat=settings.external_nat,
        )
    ]
