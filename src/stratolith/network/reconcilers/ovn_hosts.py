"""The parts of a host's view that only driver ovn has."""

from __future__ import annotations

import socket

import msgspec
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.drivers import checks
from stratolith.network.drivers.base import ExternalNetworkView, SouthboundView
from stratolith.network.drivers.ovn import central
from stratolith.network.drivers.ovn.trust import Trust
from stratolith.network.managers.segments import types
from stratolith.network.models import Network, Subnet
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


def externals(ctx: Context) -> list[ExternalNetworkView]:
    """The external bridge, on every host: each may get the gateway of a router at any moment."""
    settings = ctx.env.settings.of(NetworkSettings)
    is_flat = (Network.network_type == "flat") & (
        Network.physical_network == settings.physical_network
    )
    wanted = (
        select(Network.id, Subnet.gateway_ip, Subnet.cidr)
        .join_from(Network, Subnet, Subnet.network_id == Network.id, isouter=True)
        .where(is_flat)
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
