"""The DHCP port of a network: it exists while a subnet has DHCP, with an address in each."""

from __future__ import annotations

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.ports import (
    IpAddressAlreadyAllocated,
    IpAddressGenerationFailure,
)
from stratolith.network.managers import holders, ports
from stratolith.network.managers.addressing import ipam
from stratolith.network.models import FixedIp, Network, Port, Subnet

OWNER = "network:dhcp"
DEVICE = "reserved_dhcp_port"


def sync(ctx: Context, network: Network) -> None:
    """Make, change or remove the network's DHCP port to fit its subnets."""
    subnets = [s for s in ports.subnets_of(ctx, network.id) if s.enable_dhcp]
    port = ctx.session.scalar(select(Port).where(holders.held_by(holders.DHCP, network.id)))
    if not subnets:
        if port is not None:
            ports.remove(ctx, port)
        return
    if port is None:
        port = _make(ctx, network)
    _give_addresses(ctx, port, subnets)


def _make(ctx: Context, network: Network) -> Port:
    return ports.create(
        ctx,
        network.project_id,
        {
            "network_id": network.id,
            "device_owner": OWNER,
            "device_id": DEVICE,
            "fixed_ips": [],
        },
        network=network,
        holder=(holders.DHCP, network.id),
    )


def _give_addresses(ctx: Context, port: Port, subnets: list[Subnet]) -> None:
    """One address in each subnet; a subnet without a free address has no DHCP."""
    rows = ctx.session.scalars(select(FixedIp).where(FixedIp.port_id == port.id)).all()
    wanted = {subnet.id for subnet in subnets}
    for row in rows:
        if row.subnet_id not in wanted:
            ctx.session.delete(row)
    ctx.session.flush()
    subnet_ids = {row.subnet_id for row in rows}
    for subnet in subnets:
        if subnet.id in subnet_ids:
            continue
        try:
            chosen = ipam.choose(
                ctx, port.network_id, [subnet], port.mac_address, OWNER, [{"subnet_id": subnet.id}]
            )
        except (IpAddressGenerationFailure, IpAddressAlreadyAllocated):
            continue
        ipam.store(ctx, port.id, port.network_id, chosen)
        ctx.session.flush()
