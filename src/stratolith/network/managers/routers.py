"""Routers: gateway, routes, and the conditions for deleting a router."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.routers import (
    BadRouterRequest,
    InvalidRoutes,
    RouterInUse,
    RouterNotFound,
    RoutesExhausted,
)
from stratolith.network.managers import (
    holders,
    host_hints,
    limits,
    placement,
    ports,
    tags,
)
from stratolith.network.managers.flavors import flavors
from stratolith.network.managers.qos import bindings as qos
from stratolith.network.managers.routing import elections, gateway_ports, ndp_proxies, zones
from stratolith.network.models import FixedIp, Port, Router, Subnet

INTERFACE = "network:router_interface"
MAX_ROUTES = 30
PLAIN = ("name", "description", "admin_state_up")


def get(ctx: Context, router_id: str) -> Router:
    """Raises RouterNotFound."""
    router = ctx.session.get(Router, router_id)
    if router is None or not (ctx.is_admin or ctx.owns(router.project_id)):
        raise RouterNotFound(router_id=router_id)
    return router


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> Router:
    """Raises OverQuota, the errors of a flavor and those of setting a gateway."""
    limits.check(ctx, project_id, router=1)
    _check_flags(values)
    is_ha = bool(values.get("ha"))
    if values.get("flavor_id") is not None:
        is_ha = flavors.makes_ha(ctx, values["flavor_id"], values.get("ha"))
    hints = values.get("availability_zone_hints") or []
    zones.check(ctx, hints)
    router = Router(
        project_id=project_id,
        availability_zone_hints=hints,
        revision_number=1,
        flavor_id=values.get("flavor_id"),
        **{name: values[name] for name in PLAIN if values.get(name) is not None},
    )
    ctx.session.add(router)
    ctx.session.flush()
    if is_ha:
        elections.enable(ctx, router)
    if not elections.are_of(router):
        placement.place_new(ctx, placement.ROUTER, router.id, hints)
    if values.get("external_gateway_info"):
        set_gateway(ctx, router, values["external_gateway_info"])
    if values.get("enable_ndp_proxy"):
        ndp_proxies.switch(ctx, router, True, is_new=True)
    host_hints.router(ctx, router.id)
    return router


def update(ctx: Context, router: Router, values: Mapping[str, Any]) -> Router:
    """Raises InvalidRoutes, RoutesExhausted, and the errors of setting a gateway and of ``ha``."""
    _check_flags(values)
    host_hints.router(ctx, router.id)
    if values.get("ha") is not None:
        if router.flavor_id and values["ha"] != router.ha:
            raise InvalidInput(error_message="the flavor of a router decides about 'ha'")
        elections.change(ctx, router, values)
    if "external_gateway_info" in values:
        info = values["external_gateway_info"]
        if info:
            set_gateway(ctx, router, info)
        else:
            clear_gateway(ctx, router)
    if values.get("enable_ndp_proxy") is not None:
        ndp_proxies.switch(ctx, router, values["enable_ndp_proxy"])
    if "routes" in values:
        routes = values["routes"] or []
        _check_routes(ctx, router, routes)
        router.routes = list(routes)
    for name in PLAIN:
        if name in values:
            setattr(router, name, values[name])
    router.revision_number += 1
    ctx.session.flush()
    host_hints.router(ctx, router.id)
    return router


def delete(ctx: Context, router: Router) -> None:
    """Raises RouterInUse while it has interfaces."""
    interface_ids = list(
        ctx.session.scalars(select(Port.id).where(holders.held_by(holders.INTERFACE, router.id)))
    )
    if interface_ids:
        raise RouterInUse(
            router_id=router.id,
            reason=f"has ports still attached: {', '.join(sorted(interface_ids))}",
        )
    host_hints.router(ctx, router.id)
    for port in gateway_ports.of_router(ctx, router)[1:]:
        gateway_ports.remove_further(ctx, router, port)
    clear_gateway(ctx, router)
    elections.disable(ctx, router)
    tags.forget(ctx, router.id)
    placement.forget(ctx, router.id)
    ctx.session.delete(router)
    ctx.session.flush()


def gateways(
    ctx: Context, routers: Sequence[Any]
) -> dict[str, list[tuple[str, list[dict[str, str]]]]]:
    """Router -> (network, external fixed IPs) of its gateways, that with the default route first.

    ``routers``: rows; two statements.
    """
    of_routers = gateway_ports.of_routers(ctx, [r.id for r in routers if r.gateway_port_id])
    fixed_ips = ports.fixed_ips(ctx, [port_id for own in of_routers.values() for port_id, _ in own])
    return {
        router.id: [
            (network_id, fixed_ips.get(port_id, []))
            for port_id, network_id in sorted(
                of_routers.get(router.id, ()), key=lambda pair: pair[0] != router.gateway_port_id
            )
        ]
        for router in routers
    }


def interface_subnets(ctx: Context, router_id: str) -> list[tuple[Port, Subnet, str]]:
    """(port, subnet, address) of every interface and of the gateway."""
    rows = ctx.session.execute(
        select(Port, Subnet, FixedIp.ip_address)
        .join(FixedIp, FixedIp.port_id == Port.id)
        .join(Subnet, Subnet.id == FixedIp.subnet_id)
        .where(Port.holder_id == router_id, Port.holder.in_(holders.ROUTER))
        .order_by(Port.created_at, FixedIp.position)
    )
    return [(port, subnet, address) for port, subnet, address in rows]


def _check_flags(values: Mapping[str, Any]) -> None:
    if values.get("distributed"):
        raise InvalidInput(error_message="distributed routers are not offered by this cloud")


# -- gateway -------------------------------------------------------------------------------------


def set_gateway(ctx: Context, router: Router, info: Mapping[str, Any]) -> None:
    """Set the gateway with the default route; raises the errors of a network and of its
    addresses.
    """
    network_id = info.get("network_id") or router.gateway_network_id
    if not network_id:
        raise InvalidInput(error_message="network_id is required in external_gateway_info")
    network = gateway_ports.external_network(ctx, network_id, info.get("external_fixed_ips"))
    if info.get("enable_snat") is not None:
        router.enable_snat = info["enable_snat"]
    if "qos_policy_id" in info:
        router.qos_policy_id = qos.replaced_of_gateway(
            ctx, router.qos_policy_id, info["qos_policy_id"]
        )
        qos.check_port(ctx, router.gateway_port_id or "", router.qos_policy_id)
    wanted = info.get("external_fixed_ips")
    if router.gateway_port_id and router.gateway_network_id == network_id:
        if wanted:
            port = ctx.session.get(Port, router.gateway_port_id)
            assert port is not None
            ports.update(ctx, port, {"fixed_ips": wanted})
            ndp_proxies.check_gateway_address(ctx, router)
        return
    check_gateway_apart(ctx, router, network_id)
    policy_id = router.qos_policy_id
    _drop_gateway(ctx, router)
    router.qos_policy_id = policy_id
    port = gateway_ports.make(ctx, router, network, wanted)
    router.gateway_network_id, router.gateway_port_id = network_id, port.id
    ctx.session.flush()


def clear_gateway(ctx: Context, router: Router) -> None:
    """Remove the gateway; the oldest further one gets the default route.

    Raises RouterExternalGatewayInUseByFloatingIp, RouterGatewayInUseByNDPProxy.
    """
    if router.gateway_port_id is not None:
        _drop_gateway(ctx, router)
        gateway_ports.promote(ctx, router)


def _drop_gateway(ctx: Context, router: Router) -> None:
    if router.gateway_port_id is None:
        return
    ndp_proxies.check_gateway_free(ctx, router)
    gateway_ports.check_free(ctx, router, str(router.gateway_network_id))
    host_hints.router(ctx, router.id)
    port = ctx.session.get(Port, router.gateway_port_id)
    router.gateway_port_id = router.gateway_network_id = router.qos_policy_id = None
    router.enable_snat, router.enable_ndp_proxy = True, False
    ctx.session.flush()
    if port is not None:
        ports.remove(ctx, port)


def check_gateway_apart(ctx: Context, router: Router, network_id: str) -> None:
    """Raise BadRouterRequest when the external network overlaps a subnet of the router."""
    for _, subnet, _ in interface_subnets(ctx, router.id):
        for external_subnet in ports.subnets_of(ctx, network_id):
            _check_apart(subnet, external_subnet)


def _check_apart(subnet: Subnet, other_subnet: Subnet) -> None:
    """Raise BadRouterRequest when two subnets of a router overlap."""
    cidr, other_cidr = ipaddress.ip_network(subnet.cidr), ipaddress.ip_network(other_subnet.cidr)
    if (
        subnet.id != other_subnet.id
        and cidr.version == other_cidr.version
        and cidr.overlaps(other_cidr)
    ):
        raise BadRouterRequest(
            msg=f"Cidr {other_subnet.cidr} of subnet {other_subnet.id} overlaps with "
            f"cidr {subnet.cidr} of subnet {subnet.id}"
        )


def check_apart(ctx: Context, router: Router, subnet: Subnet) -> None:
    """Raise BadRouterRequest when the subnet overlaps or repeats one of the router's subnets."""
    for _, attached, _ in interface_subnets(ctx, router.id):
        if attached.id == subnet.id:
            raise BadRouterRequest(msg=f"Router already has a port on subnet {subnet.id}")
        _check_apart(attached, subnet)


# -- routes --------------------------------------------------------------------------------------


def _check_routes(ctx: Context, router: Router, routes: Sequence[Mapping[str, str]]) -> None:
    if len(routes) > MAX_ROUTES:
        raise RoutesExhausted(router_id=router.id, quota=MAX_ROUTES)
    attached = interface_subnets(ctx, router.id)
    own_addresses = {address for _, _, address in attached}
    nets = [ipaddress.ip_network(subnet.cidr) for _, subnet, _ in attached]
    for route in routes:
        nexthop = ipaddress.ip_address(route["nexthop"])
        if not any(nexthop in net for net in nets):
            raise InvalidRoutes(
                routes=list(routes), reason="the nexthop is not connected with router"
            )
        if str(nexthop) in own_addresses:
            raise InvalidRoutes(routes=list(routes), reason="the nexthop is used by router")
        if ipaddress.ip_network(route["destination"], strict=False).version != nexthop.version:
            raise InvalidRoutes(
                routes=list(routes),
                reason="the destination and the nexthop are of different IP versions",
            )


def add_routes(ctx: Context, router: Router, routes: Sequence[Mapping[str, str]]) -> Router:
    """Add the routes that are missing (extraroute-atomic)."""
    new = [route for route in routes if dict(route) not in router.routes]
    return update(ctx, router, {"routes": [*router.routes, *new]})


def remove_routes(ctx: Context, router: Router, routes: Sequence[Mapping[str, str]]) -> Router:
    removed = [dict(route) for route in routes]
    return update(ctx, router, {"routes": [r for r in router.routes if r not in removed]})
