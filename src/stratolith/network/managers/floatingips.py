"""Floating IPs: an external address that is translated to a fixed address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from stratolith.kernel.context import Context
from stratolith.kernel.ids import new_uuid
from stratolith.kernel.matching import among
from stratolith.network.exceptions.port_forwardings import FipInUseByPortForwarding
from stratolith.network.exceptions.routers import (
    BadFloatingipRequest,
    ExternalGatewayForFloatingIPNotFound,
    FloatingIPNotFound,
    FloatingIPPortAlreadyAssociated,
    RouterWithoutGatewayToNetwork,
)
from stratolith.network.managers import (
    holders,
    host_hints,
    limits,
    networks,
    ports,
    routers,
    tags,
)
from stratolith.network.managers.qos import bindings as qos
from stratolith.network.managers.routing import gateway_ports
from stratolith.network.models import (
    FixedIp,
    FloatingIp,
    Network,
    Port,
    PortForwarding,
    Router,
    Subnet,
)

OWNER = "network:floatingip"


def get(ctx: Context, floatingip_id: str) -> FloatingIp:
    """Raises FloatingIPNotFound."""
    floating = ctx.session.get(FloatingIp, floatingip_id)
    if floating is None or not (ctx.is_admin or ctx.owns(floating.project_id)):
        raise FloatingIPNotFound(floatingip_id=floatingip_id)
    return floating


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> FloatingIp:
    """Allocate an address of an external network, and associate it with ``port_id`` if given.

    Raises NetworkNotFound, BadFloatingipRequest, OverQuota, IpAddressGenerationFailure,
    IpAddressAlreadyAllocated and the errors of associating.
    """
    network = networks.get(ctx, values["floating_network_id"])
    if not network.external:
        raise BadFloatingipRequest(msg=f"Network {network.id} is not a valid external network")
    policy_id = qos.usable(ctx, values.get("qos_policy_id"))
    limits.check(ctx, project_id, floatingip=1)
    floating_id = new_uuid()
    port = _take_address(ctx, network, values, floating_id)
    address = next(
        (
            fixed_ip["ip_address"]
            for fixed_ip in ports.fixed_ips(ctx, [port.id]).get(port.id, [])
            if ":" not in fixed_ip["ip_address"]
        ),
        None,
    )
    if address is None:
        raise BadFloatingipRequest(msg=f"Network {network.id} does not contain any IPv4 subnet")
    floating = FloatingIp(
        id=floating_id,
        project_id=project_id,
        description=values.get("description") or "",
        floating_network_id=network.id,
        floating_ip_address=address,
        floating_port_id=port.id,
        qos_policy_id=policy_id,
    )
    ctx.session.add(floating)
    ctx.session.flush()
    qos.check_port(ctx, port.id, policy_id)
    _associate(ctx, floating, values)
    return floating


def update(ctx: Context, floating: FloatingIp, values: Mapping[str, Any]) -> FloatingIp:
    """``port_id`` None, or no values at all, disassociates; ``router_id`` alone changes the router.

    Raises the errors of associating, and FipInUseByPortForwarding.
    """
    if values.get("port_id"):
        _check_not_forwarding(ctx, floating)
    if values.get("description") is not None:
        floating.description = values["description"]
    if "qos_policy_id" in values:
        floating.qos_policy_id = qos.usable(ctx, values["qos_policy_id"])
        qos.check_port(ctx, floating.floating_port_id, floating.qos_policy_id)
        host_hints.router(ctx, floating.router_id)
    if "port_id" in values or "fixed_ip_address" in values or not values:
        _associate(ctx, floating, values)
    elif "router_id" in values and floating.port_id:
        present = {"port_id": floating.port_id, "fixed_ip_address": floating.fixed_ip_address}
        _associate(ctx, floating, {**present, "router_id": values["router_id"]})
    floating.revision_number += 1
    ctx.session.flush()
    return floating


def delete(ctx: Context, floating: FloatingIp) -> None:
    """Raises FipInUseByPortForwarding."""
    _check_not_forwarding(ctx, floating)
    port = ctx.session.get(Port, floating.floating_port_id)
    host_hints.router(ctx, floating.router_id)
    tags.forget(ctx, floating.id)
    ctx.session.delete(floating)
    ctx.session.flush()
    if port is not None:
        ports.remove(ctx, port)


def delete_unused(ctx: Context, network_id: str) -> None:
    """Delete the floating IPs without a port, when their external network is deleted."""
    unused = select(FloatingIp).where(
        FloatingIp.floating_network_id == network_id, FloatingIp.router_id.is_(None)
    )
    for floating in list(ctx.session.scalars(unused)):
        delete(ctx, floating)


def disassociate_port(ctx: Context, port_id: str, fixed_ip: str | None = None) -> None:
    """Disassociate the floating IPs of a port, or of one of its addresses, that is deleted, and
    delete the port forwardings to it and the NDP proxies for it.
    """
    from stratolith.network.managers.routing import ndp_proxies, port_forwardings

    ndp_proxies.delete_of_port(ctx, port_id, fixed_ip)
    port_forwardings.delete_of_port(ctx, port_id, fixed_ip)
    statement = select(FloatingIp).where(FloatingIp.port_id == port_id)
    if fixed_ip is not None:
        statement = statement.where(FloatingIp.fixed_ip_address == fixed_ip)
    for floating in list(ctx.session.scalars(statement)):
        host_hints.router(ctx, floating.router_id)
        _disassociate(floating)
        floating.revision_number += 1
        ctx.session.flush()


def port_details(ctx: Context, port_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Port id -> the port_details of the floating IPs that are associated with it."""
    wanted = list(port_ids)
    if not wanted:
        return {}
    rows = ctx.session.execute(
        select(
            Port.id,
            Port.name,
            Port.network_id,
            Port.mac_address,
            Port.admin_state_up,
            Port.status,
            Port.device_id,
            Port.device_owner,
        ).where(among(ctx.session, Port.id, wanted))
    )
    return {row.id: {k: v for k, v in row._mapping.items() if k != "id"} for row in rows}


# -- parts ---------------------------------------------------------------------------------------


def _take_address(
    ctx: Context, network: Network, values: Mapping[str, Any], floating_id: str
) -> Port:
    wanted: dict[str, Any] = {}
    if values.get("subnet_id"):
        wanted["subnet_id"] = values["subnet_id"]
    if values.get("floating_ip_address"):
        wanted["ip_address"] = values["floating_ip_address"]
    if not wanted:
        four = [s for s in ports.subnets_of(ctx, network.id) if s.ip_version == 4]
        if not four:
            raise BadFloatingipRequest(msg=f"Network {network.id} does not contain any IPv4 subnet")
    return ports.create(
        ctx,
        "",
        {
            "network_id": network.id,
            "device_owner": OWNER,
            "device_id": floating_id,
            "fixed_ips": [wanted] if wanted else None,
        },
        network=network,
        holder=(holders.FLOATING_IP, floating_id),
    )


def _disassociate(floating: FloatingIp) -> None:
    floating.port_id = floating.fixed_ip_address = floating.router_id = None
    floating.status = "DOWN"


def _check_not_forwarding(ctx: Context, floating: FloatingIp) -> None:
    used = select(PortForwarding.id).where(PortForwarding.floatingip_id == floating.id).limit(1)
    if ctx.session.scalar(used) is not None:
        raise FipInUseByPortForwarding(id=floating.id)


def _associate(ctx: Context, floating: FloatingIp, values: Mapping[str, Any]) -> None:
    port_id = values.get("port_id")
    if not port_id:
        if values.get("fixed_ip_address"):
            raise BadFloatingipRequest(msg="fixed_ip_address cannot be specified without a port_id")
        if floating.port_id is not None:
            host_hints.router(ctx, floating.router_id)
            _disassociate(floating)
        return
    port = ports.get(ctx, port_id)
    if port.project_id != floating.project_id and not ctx.is_admin:
        raise BadFloatingipRequest(msg=f"Port {port.id} belongs to another project")
    subnet_id, address = _internal(ctx, port, values.get("fixed_ip_address"))
    if values.get("router_id"):
        router_id = _chosen_router(ctx, floating, values["router_id"])
    else:
        router_id = router_for(ctx, floating, port, subnet_id)
    taken = ctx.session.scalar(
        select(FloatingIp).where(
            FloatingIp.port_id == port.id,
            FloatingIp.fixed_ip_address == address,
            FloatingIp.floating_network_id == floating.floating_network_id,
            FloatingIp.id != floating.id,
        )
    )
    if taken is not None:
        raise FloatingIPPortAlreadyAssociated(
            floating_ip_address=floating.floating_ip_address,
            fip_id=floating.id,
            port_id=port.id,
            fixed_ip=address,
            net_id=floating.floating_network_id,
        )
    host_hints.router(ctx, floating.router_id)
    former = (floating.port_id, floating.fixed_ip_address, floating.router_id)
    floating.port_id, floating.fixed_ip_address, floating.router_id = port.id, address, router_id
    if former != (port.id, address, router_id):
        floating.status = "DOWN"
    ctx.session.flush()
    host_hints.router(ctx, floating.router_id)


def _chosen_router(ctx: Context, floating: FloatingIp, router_id: str) -> str:
    """A router that a user chose: the port may be behind further routers, so it need not have an
    interface to the port's subnet. Raises RouterNotFound, RouterWithoutGatewayToNetwork.
    """
    router = routers.get(ctx, router_id)
    gateways = gateway_ports.of_routers(ctx, [router_id]).get(router_id, ())
    if floating.floating_network_id not in {network_id for _, network_id in gateways}:
        raise RouterWithoutGatewayToNetwork(
            router_id=router_id, network_id=floating.floating_network_id
        )
    return router.id


def _internal(ctx: Context, port: Port, wanted: str | None) -> tuple[str, str]:
    """(subnet id, address): the fixed IP of the port to which the floating IP is translated."""
    fixed_ipv4 = [
        (fixed_ip["subnet_id"], fixed_ip["ip_address"])
        for fixed_ip in ports.fixed_ips(ctx, [port.id]).get(port.id, [])
        if ":" not in fixed_ip["ip_address"]
    ]
    if wanted:
        if ":" in wanted:
            raise BadFloatingipRequest(
                msg=f"Cannot process floating IP association with {wanted}, since that is not an "
                "IPv4 address"
            )
        for pair in fixed_ipv4:
            if pair[1] == wanted:
                return pair
        raise BadFloatingipRequest(msg=f"Port {port.id} does not have fixed ip {wanted}")
    if not fixed_ipv4:
        raise BadFloatingipRequest(
            msg=f"Cannot add floating IP to port {port.id} that has no fixed IPv4 addresses"
        )
    if len(fixed_ipv4) > 1:
        raise BadFloatingipRequest(
            msg=f"Port {port.id} has multiple fixed IPv4 addresses.  Must provide a specific "
            "IPv4 address when assigning a floating IP"
        )
    return fixed_ipv4[0]


def router_for(ctx: Context, floating: FloatingIp, port: Port, subnet_id: str) -> str:
    """The router that connects the port's subnet and the external network.

    Raises ExternalGatewayForFloatingIPNotFound.
    """
    inner, outer = aliased(Port), aliased(Port)
    rows = ctx.session.execute(
        select(Router.id, FixedIp.ip_address, Subnet.gateway_ip)
        .join(inner, inner.holder_id == Router.id)
        .join(outer, outer.holder_id == Router.id)
        .join(FixedIp, FixedIp.port_id == inner.id)
        .join(Subnet, Subnet.id == FixedIp.subnet_id)
        .where(
            inner.holder == holders.INTERFACE,
            FixedIp.subnet_id == subnet_id,
            outer.holder == holders.GATEWAY,
            outer.network_id == floating.floating_network_id,
        )
        .order_by(Router.created_at, Router.id)
    ).all()
    if not rows:
        raise ExternalGatewayForFloatingIPNotFound(
            external_network_id=floating.floating_network_id, subnet_id=subnet_id, port_id=port.id
        )
    for router_id, address, gateway in rows:
        if address == gateway:
            return str(router_id)
    return str(rows[0][0])
