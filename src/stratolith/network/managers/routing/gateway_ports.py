"""The ports by which routers reach external networks: one is a router's gateway, which has its
default route; there may be further ones.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.matching import among
from stratolith.network.exceptions.networks import NetworkNotFound
from stratolith.network.exceptions.routers import (
    BadRouterRequest,
    RouterExternalGatewayInUseByFloatingIp,
)
from stratolith.network.managers import holders, networks, places, ports
from stratolith.network.models import FixedIp, FloatingIp, Network, Port, Router, Subnet

OWNER = "network:router_gateway"


def external_network(
    ctx: Context, network_id: str, fixed_ips: Iterable[Mapping[str, str]] | None = None
) -> Network:
    """Raises NetworkNotFound, BadRouterRequest for a network that is not external, and for the
    address of its own gateway among the addresses of a router's.
    """
    try:
        network = networks.get(ctx, network_id)
    except NetworkNotFound:
        raise NetworkNotFound(net_id=network_id) from None
    if not network.external:
        raise BadRouterRequest(msg=f"Network {network_id} is not an external network")
    wanted = {fixed_ip.get("ip_address") for fixed_ip in fixed_ips or ()}
    for subnet in ports.subnets_of(ctx, network_id) if wanted else ():
        if subnet.gateway_ip in wanted:
            raise BadRouterRequest(
                msg=f"External IP {subnet.gateway_ip} is the same as the gateway IP"
            )
    return network


def of_routers(ctx: Context, router_ids: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Router -> (port, network) of all its gateways, oldest first; one statement."""
    by_router: dict[str, list[tuple[str, str]]] = {}
    rows = ctx.session.execute(
        select(Port.holder_id, Port.id, Port.network_id)
        .where(among(ctx.session, Port.holder_id, router_ids), Port.holder == holders.GATEWAY)
        .order_by(Port.created_at, Port.id)
    )
    for router_id, port_id, network_id in rows:
        by_router.setdefault(router_id, []).append((port_id, network_id))
    return by_router


def of_router(ctx: Context, router: Router) -> list[Port]:
    """The gateway with the default route, then the further ones, oldest first."""
    rows = ctx.session.scalars(
        select(Port)
        .where(holders.held_by(holders.GATEWAY, router.id))
        .order_by(Port.created_at, Port.id)
    )
    return sorted(rows, key=lambda port: port.id != router.gateway_port_id)


def make(
    ctx: Context, router: Router, network: Network, fixed_ips: list[dict[str, str]] | None
) -> Port:
    """Make a gateway port, and have a host that can reach its network realise the router."""
    values = {
        "network_id": network.id,
        "device_owner": OWNER,
        "device_id": router.id,
        "fixed_ips": fixed_ips or None,
    }
    port = ports.create(ctx, "", values, network=network, holder=(holders.GATEWAY, router.id))
    places.follow_gateway(ctx, router, network)
    return port


def give_addresses(ctx: Context, subnet: Subnet) -> None:
    """Give the gateways in a network an address of its new subnet, where they have none of that IP
    version, and no interface of their router overlaps.
    """
    if subnet.segment_id or (subnet.service_types and OWNER not in subnet.service_types):
        return
    gateways = Port.holder == holders.GATEWAY
    in_network = select(Port).where(gateways, Port.network_id == subnet.network_id)
    for port in ctx.session.scalars(in_network.order_by(Port.created_at, Port.id)).all():
        own = ports.fixed_ips(ctx, [port.id]).get(port.id, [])
        versions = {ipaddress.ip_address(entry["ip_address"]).version for entry in own}
        if subnet.ip_version not in versions and not _overlaps(ctx, port.holder_id, subnet):
            ports.update(ctx, port, {"fixed_ips": [*own, {"subnet_id": subnet.id}]})


def _overlaps(ctx: Context, router_id: str, subnet: Subnet) -> bool:
    interfaces = (
        select(Subnet.cidr)
        .join(FixedIp, FixedIp.subnet_id == Subnet.id)
        .join(Port, Port.id == FixedIp.port_id)
        .where(holders.held_by(holders.INTERFACE, router_id))
        .where(Subnet.ip_version == subnet.ip_version)
    )
    own = ipaddress.ip_network(subnet.cidr)
    return any(own.overlaps(ipaddress.ip_network(cidr)) for cidr in ctx.session.scalars(interfaces))


def check_free(ctx: Context, router: Router, network_id: str) -> None:
    """Raise RouterExternalGatewayInUseByFloatingIp when a floating IP needs a gateway of the
    router that is removed: the last one in its network.
    """
    in_network = select(Port.id).where(
        holders.held_by(holders.GATEWAY, router.id), Port.network_id == network_id
    )
    if len(ctx.session.scalars(in_network.limit(2)).all()) > 1:
        return
    user = select(FloatingIp.id).where(
        FloatingIp.router_id == router.id, FloatingIp.floating_network_id == network_id
    )
    if ctx.session.scalar(user.limit(1)) is not None:
        raise RouterExternalGatewayInUseByFloatingIp(router_id=router.id, net_id=network_id)


def promote(ctx: Context, router: Router) -> None:
    """Give the default route to the oldest further gateway of a router that lost its gateway."""
    rest = of_router(ctx, router)
    if router.gateway_port_id is None and rest:
        router.gateway_port_id, router.gateway_network_id = rest[0].id, rest[0].network_id
        ctx.session.flush()


def remove_further(ctx: Context, router: Router, port: Port) -> None:
    """Raises RouterExternalGatewayInUseByFloatingIp."""
    check_free(ctx, router, port.network_id)
    ports.remove(ctx, port)
