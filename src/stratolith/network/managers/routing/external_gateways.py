"""Several external gateways of a router. The first one is its gateway as other requests know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.drivers import choice
from stratolith.network.exceptions.routers import (
    UnableToAddExtraGateways,
    UnableToMatchGateways,
    UnableToRemoveGateways,
)
from stratolith.network.managers import abilities, host_hints, ports, routers
from stratolith.network.managers.qos import bindings as qos
from stratolith.network.managers.routing import gateway_ports, ndp_proxies
from stratolith.network.models import FloatingIp, Port, PortForwarding, Router

Info = Mapping[str, Any]
DRIVERS = ("fake", "linux", "ovn")  # those that realise several gateways
MOST = 8  # gateways of a router; each takes addresses of an external network


def add(ctx: Context, router: Router, wanted: Sequence[Info]) -> Router:
    """Raises UnableToAddExtraGateways, and the errors of setting a gateway."""
    host_hints.router(ctx, router.id)
    for info in wanted:
        if router.gateway_port_id is None:
            routers.set_gateway(ctx, router, info)
        else:
            _make(ctx, router, info)
    return _changed(ctx, router)


def update(ctx: Context, router: Router, wanted: Sequence[Info]) -> Router:
    """Let the router have these gateways; those that match one keep it.

    Raises UnableToMatchGateways, and the errors of adding and removing.
    """
    host_hints.router(ctx, router.id)
    pairs = _matched(ctx, router, wanted)
    kept = {port.id for _, port in pairs if port is not None}
    former = [port for port in gateway_ports.of_router(ctx, router) if port.id not in kept]
    for position, (info, port) in enumerate(pairs):
        if port is None and router.gateway_port_id is None:
            routers.set_gateway(ctx, router, info)
            continue
        settled = _with_addresses(ctx, port, info) if port else _make(ctx, router, info, position)
        if position == 0:
            _make_first(ctx, router, settled, info)
    _remove(ctx, router, former)
    return _changed(ctx, router)


def remove(ctx: Context, router: Router, wanted: Sequence[Info]) -> Router:
    """Raises UnableToRemoveGateways, UnableToMatchGateways, and
    RouterExternalGatewayInUseByFloatingIp.
    """
    if wanted and router.gateway_port_id is None:
        reason = "the router does not have any external gateways"
        raise UnableToRemoveGateways(router_id=router.id, reason=reason)
    host_hints.router(ctx, router.id)
    former = []
    for info, port in _matched(ctx, router, wanted):
        if port is None:
            reason = f"it has no such gateway in network {info['network_id']}"
            raise UnableToMatchGateways(router_id=router.id, reason=reason)
        former.append(port)
    _remove(ctx, router, former)
    return _changed(ctx, router)


def _changed(ctx: Context, router: Router) -> Router:
    router.revision_number += 1
    ctx.session.flush()
    host_hints.router(ctx, router.id)
    return router


def _make(ctx: Context, router: Router, info: Info, position: int = 1) -> Port:
    """A new gateway besides those that the router has."""
    driver = choice.name_of(ctx.env.settings)
    reason = ""
    snat = info.get("enable_snat")
    if driver not in DRIVERS:
        reason = f"the driver {driver} of this cloud's hosts realises one gateway"
    elif len(gateway_ports.of_router(ctx, router)) >= MOST:
        reason = f"it may have {MOST}"
    elif _forwards_ports(ctx, router) and not abilities.has_forwardings_with_several_gateways(ctx):
        reason = f"the driver {driver} forwards no ports on a router with several gateways"
    elif position and snat not in (None, router.enable_snat):
        reason = "all gateways of a router have the same enable_snat"
    elif position and info.get("qos_policy_id"):
        reason = "further gateways have the QoS policies of their networks"
    if reason:
        raise UnableToAddExtraGateways(router_id=router.id, reason=reason)
    wanted = info.get("external_fixed_ips")
    network = gateway_ports.external_network(ctx, info["network_id"], wanted)
    routers.check_gateway_apart(ctx, router, network.id)
    return gateway_ports.make(ctx, router, network, wanted)


def _forwards_ports(ctx: Context, router: Router) -> bool:
    of_router = select(PortForwarding.id).join(
        FloatingIp, FloatingIp.id == PortForwarding.floatingip_id
    )
    wanted = of_router.where(FloatingIp.router_id == router.id)
    return ctx.session.scalar(wanted.limit(1)) is not None


def _make_first(ctx: Context, router: Router, port: Port, info: Info) -> None:
    """Give the default route to this gateway; raises RouterGatewayInUseByNDPProxy."""
    if router.gateway_port_id != port.id:
        if router.gateway_port_id is not None:
            ndp_proxies.check_gateway_free(ctx, router)
        router.gateway_port_id, router.gateway_network_id = port.id, port.network_id
        router.qos_policy_id, router.enable_ndp_proxy = None, False  # of the former one
    if info.get("enable_snat") is not None:
        router.enable_snat = info["enable_snat"]
    if "qos_policy_id" in info:
        wanted = info["qos_policy_id"]
        router.qos_policy_id = qos.replaced_of_gateway(ctx, router.qos_policy_id, wanted)
        qos.check_port(ctx, port.id, router.qos_policy_id)
    ctx.session.flush()


def _with_addresses(ctx: Context, port: Port, info: Info) -> Port:
    if info.get("external_fixed_ips"):
        ports.update(ctx, port, {"fixed_ips": info["external_fixed_ips"]})
    return port


def _remove(ctx: Context, router: Router, former: Sequence[Port]) -> None:
    for port in former:
        if port.id != router.gateway_port_id:
            gateway_ports.remove_further(ctx, router, port)
    if router.gateway_port_id in {port.id for port in former}:
        routers.clear_gateway(ctx, router)


def _matched(
    ctx: Context, router: Router, wanted: Sequence[Info]
) -> list[tuple[Info, Port | None]]:
    """Each wanted gateway with the existing one that it means: by an address, or the only one in
    its network. Raises UnableToMatchGateways when it may mean several.
    """
    free = gateway_ports.of_router(ctx, router)
    addresses = ports.fixed_ips(ctx, [port.id for port in free])
    pairs: list[tuple[Info, Port | None]] = []
    for info in wanted:
        named = {entry.get("ip_address") for entry in info.get("external_fixed_ips") or ()} - {None}
        in_network = [port for port in free if port.network_id == info["network_id"]]
        if named:
            in_network = [
                port
                for port in in_network
                if named & {fixed_ip["ip_address"] for fixed_ip in addresses.get(port.id, ())}
            ]
        elif len(in_network) > 1:
            raise UnableToMatchGateways(
                router_id=router.id,
                reason=f"it has several in network {info['network_id']}: name their fixed IPs",
            )
        port = in_network[0] if in_network else None
        if port is not None:
            free.remove(port)
        pairs.append((info, port))
    return pairs
