"""NDP proxies: IPv6 addresses of ports for which a router answers on its external network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.ndp_proxies import (
    AddressScopeConflict,
    BadNdpProxyRequest,
    InvalidAddress,
    NDPProxyNotFound,
    PortUnreachableRouter,
    RouterGatewayInUseByNDPProxy,
    RouterGatewayNotValid,
    RouterInterfaceInUseByNDPProxy,
    RouterIPv6GatewayInUse,
    RouterNDPProxyNotEnable,
)
from stratolith.network.managers import address_scopes, holders, host_hints, ports
from stratolith.network.models import FixedIp, NdpProxy, Port, Router


def get(ctx: Context, proxy_id: str) -> NdpProxy:
    """Raises NDPProxyNotFound."""
    proxy = ctx.session.get(NdpProxy, proxy_id)
    if proxy is None or not (ctx.is_admin or ctx.owns(proxy.project_id)):
        raise NDPProxyNotFound(id=proxy_id)
    return proxy


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> NdpProxy:
    """Raises PortNotFound, RouterNotFound, PortUnreachableRouter, RouterNDPProxyNotEnable,
    AddressScopeConflict, InvalidAddress, BadNdpProxyRequest.
    """
    from stratolith.network.managers import routers

    port = ports.get(ctx, values["port_id"])
    router_id = values["router_id"]
    interfaces = _interface_subnets(ctx, router_id, port.network_id)
    if interfaces is None:
        raise PortUnreachableRouter(router_id=router_id, port_id=port.id)
    router = routers.get(ctx, router_id)
    if port.project_id != project_id and not ctx.is_admin:
        raise BadNdpProxyRequest(msg=f"Port {port.id} belongs to another project")
    if not is_enabled(router):
        raise RouterNDPProxyNotEnable(router_id=router.id)
    address = _address(ctx, port, router, values.get("ip_address"), interfaces)
    networks = [str(router.gateway_network_id), port.network_id]
    scopes = address_scopes.of_networks(ctx, networks)
    outer, inner = (scopes.get(network_id, {}).get(6) for network_id in networks)
    if outer != inner:
        raise AddressScopeConflict(ext_address_scope=outer, internal_address_scope=inner)
    proxy = NdpProxy(
        project_id=project_id,
        name=values.get("name") or "",
        description=values.get("description") or "",
        router_id=router.id,
        port_id=port.id,
        ip_address=address,
    )
    ctx.session.add(proxy)
    _changed(ctx, proxy)
    return proxy


def update(ctx: Context, proxy: NdpProxy, values: Mapping[str, Any]) -> None:
    for name in ("name", "description"):
        if name in values:
            setattr(proxy, name, values[name])
    proxy.revision_number += 1
    ctx.session.flush()


def delete(ctx: Context, proxy: NdpProxy) -> None:
    ctx.session.delete(proxy)
    _changed(ctx, proxy)


def delete_of_port(ctx: Context, port_id: str, address: str | None = None) -> None:
    """Delete those for a port, or for one of its addresses, that is deleted."""
    wanted = select(NdpProxy).where(NdpProxy.port_id == port_id)
    if address is not None:
        wanted = wanted.where(NdpProxy.ip_address == address)
    for proxy in list(ctx.session.scalars(wanted)):
        delete(ctx, proxy)


# -- routers -------------------------------------------------------------------------------------


def is_enabled(router: Router) -> bool:
    """What routers show: false without a gateway."""
    return bool(router.enable_ndp_proxy and router.gateway_port_id)


def switch(ctx: Context, router: Router, wanted: bool, *, is_new: bool = False) -> None:
    """Set ``enable_ndp_proxy``; raises RouterGatewayNotValid."""
    if wanted and is_new and not router.gateway_port_id:
        raise RouterGatewayNotValid(
            router_id=router.id, reason="The request body not contain external gateway information"
        )
    if wanted and is_new and not _is_scoped(ctx, router):
        raise RouterGatewayNotValid(
            router_id=router.id,
            reason=f"The external network {router.gateway_network_id} don't support IPv6 ndp "
            "proxy, the network has no IPv6 subnets or has no IPv6 address scope",
        )
    if wanted and not (router.gateway_port_id and _is_scoped(ctx, router) and _has_v6(ctx, router)):
        raise RouterGatewayNotValid(
            router_id=router.id,
            reason="The router has no external gateway or the external gateway port has no IPv6 "
            "address or IPv6 address scope",
        )
    router.enable_ndp_proxy = wanted


def check_gateway_free(ctx: Context, router: Router) -> None:
    """Raise RouterGatewayInUseByNDPProxy when an NDP proxy needs the router's gateway."""
    used = select(NdpProxy.id).where(NdpProxy.router_id == router.id).limit(1)
    if ctx.session.scalar(used) is not None:
        raise RouterGatewayInUseByNDPProxy(router_id=router.id)


def check_gateway_address(ctx: Context, router: Router) -> None:
    """Raise RouterIPv6GatewayInUse when the gateway lost its IPv6 address, which proxies need."""
    if is_enabled(router) and not _has_v6(ctx, router):
        raise RouterIPv6GatewayInUse(router_id=router.id)


def check_interface_free(ctx: Context, router: Router, subnet_id: str) -> None:
    """Raise RouterInterfaceInUseByNDPProxy when an NDP proxy is for an address of the subnet."""
    used = (
        select(NdpProxy.id)
        .join(FixedIp, FixedIp.port_id == NdpProxy.port_id)
        .where(
            NdpProxy.router_id == router.id,
            FixedIp.ip_address == NdpProxy.ip_address,
            FixedIp.subnet_id == subnet_id,
        )
    )
    if ctx.session.scalar(used.limit(1)) is not None:
        raise RouterInterfaceInUseByNDPProxy(router_id=router.id, subnet_id=subnet_id)


# -- parts ---------------------------------------------------------------------------------------


def _changed(ctx: Context, proxy: NdpProxy) -> None:
    ctx.session.flush()
    host_hints.router(ctx, proxy.router_id)


def _is_scoped(ctx: Context, router: Router) -> bool:
    network_id = str(router.gateway_network_id)
    return 6 in address_scopes.of_networks(ctx, [network_id]).get(network_id, {})


def _has_v6(ctx: Context, router: Router) -> bool:
    port_id = str(router.gateway_port_id)
    own = ports.fixed_ips(ctx, [port_id]).get(port_id, [])
    return any(":" in fixed_ip["ip_address"] for fixed_ip in own)


def _interface_subnets(ctx: Context, router_id: str, network_id: str) -> set[str] | None:
    """The subnets of the router's IPv6 addresses on a network; None: it has no port there."""
    held = (holders.INTERFACE, holders.GATEWAY)
    own = select(Port.id).where(
        Port.holder_id == router_id, Port.holder.in_(held), Port.network_id == network_id
    )
    port_ids = list(ctx.session.scalars(own))
    if not port_ids:
        return None
    return {
        fixed_ip["subnet_id"]
        for fixed_ips in ports.fixed_ips(ctx, port_ids).values()
        for fixed_ip in fixed_ips
        if ":" in fixed_ip["ip_address"]
    }


def _address(
    ctx: Context, port: Port, router: Router, wanted: str | None, reachable: set[str]
) -> str:
    own = {
        fixed_ip["ip_address"]: fixed_ip["subnet_id"]
        for fixed_ip in ports.fixed_ips(ctx, [port.id]).get(port.id, [])
        if ":" in fixed_ip["ip_address"]
    }
    if not own:
        raise BadNdpProxyRequest(
            msg=f"Requested port {port.id} must allocate one IPv6 address at least"
        )
    if wanted is None:
        for address, subnet_id in own.items():
            if subnet_id in reachable:
                return address
        raise PortUnreachableRouter(port_id=port.id, router_id=router.id)
    if wanted not in own:
        raise InvalidAddress(
            address=wanted, reason=f"This address not belong to the port {port.id}"
        )
    if own[wanted] not in reachable:
        raise InvalidAddress(
            address=wanted, reason=f"This address cannot reach the router {router.id}"
        )
    return wanted
