"""A router's interfaces: ports on the subnets that it connects."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.ports import PortInUse
from stratolith.network.exceptions.routers import (
    BadRouterRequest,
    RouterInterfaceInUseByFloatingIP,
    RouterInterfaceInUseByRoute,
    RouterInterfaceNotFound,
    RouterInterfaceNotFoundForSubnet,
    SubnetMismatchForPort,
)
from stratolith.network.managers import holders, host_hints, ports, routers, subnets, visibility
from stratolith.network.managers.addressing import ipam
from stratolith.network.managers.routing import elections, ndp_proxies
from stratolith.network.managers.trunk import sub_ports
from stratolith.network.models import FixedIp, FloatingIp, Port, PortForwarding, Router, Subnet


def add(ctx: Context, router: Router, values: Mapping[str, Any]) -> dict[str, Any]:
    """Add a subnet (``subnet_id``) or a port (``port_id``); returns the body of the answer.

    Raises BadRouterRequest, PortInUse, SubnetNotFound, PortNotFound.
    """
    subnet_id, port_id = _either(values)
    if port_id:
        port = _by_port(ctx, router, port_id)
        joined = [fixed_ip["subnet_id"] for fixed_ip in ports.fixed_ips(ctx, [port.id])[port.id]]
    else:
        subnet = subnets.get(ctx, str(subnet_id))
        port = _by_subnet(ctx, router, subnet)
        joined = [subnet.id]
    router.revision_number += 1
    ctx.session.flush()
    host_hints.router(ctx, router.id)
    return _answer(router, port, joined)


def remove(ctx: Context, router: Router, values: Mapping[str, Any]) -> dict[str, Any]:
    """Remove an interface and its port; raises RouterInterfaceInUseByRoute and similar errors,
    and PortInUseAsSubPort and PortInUseAsTrunkParent for ports of trunks.
    """
    subnet_id, port_id = values.get("subnet_id"), values.get("port_id")
    if not subnet_id and not port_id:
        raise BadRouterRequest(msg="Either subnet_id or port_id must be specified")
    if port_id:
        port, subnet_ids = _interface_of_port(ctx, router, port_id, subnet_id)
    else:
        port, subnet_ids = _interface_on_subnet(ctx, router, str(subnet_id))
    for interface_subnet_id in subnet_ids:
        _check_free(ctx, router, interface_subnet_id)
    host_hints.router(ctx, router.id)
    _remove_addresses(ctx, port, subnet_ids, whole=bool(port_id))
    router.revision_number += 1
    ctx.session.flush()
    host_hints.router(ctx, router.id)
    return _answer(router, port, subnet_ids)


def _either(values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    subnet_id, port_id = values.get("subnet_id"), values.get("port_id")
    if subnet_id and port_id:
        raise BadRouterRequest(msg="Cannot specify both subnet-id and port-id")
    if not subnet_id and not port_id:
        raise BadRouterRequest(msg="Either subnet_id or port_id must be specified")
    return subnet_id, port_id


def _answer(router: Router, port: Port, joined: list[str]) -> dict[str, Any]:
    return {
        "id": router.id,
        "project_id": router.project_id,
        "tenant_id": router.project_id,
        "port_id": port.id,
        "network_id": port.network_id,
        "subnet_id": joined[0] if joined else None,
        "subnet_ids": joined,
    }


def _by_subnet(ctx: Context, router: Router, subnet: Subnet) -> Port:
    if not subnet.gateway_ip:
        raise BadRouterRequest(msg="Subnet for router interface must have a gateway IP")
    if not _may_join(ctx, subnet):
        raise BadRouterRequest(
            msg=f"Cannot add interface to router because subnet {subnet.id} is not owned by the "
            "project making the request"
        )
    routers.check_apart(ctx, router, subnet)
    wanted = [{"subnet_id": subnet.id, "ip_address": subnet.gateway_ip}]
    shared_port = _shared_ipv6_port(ctx, router, subnet)
    if shared_port is not None:
        fixed_ips = ports.fixed_ips(ctx, [shared_port.id]).get(shared_port.id, [])
        ports.update(ctx, shared_port, {"fixed_ips": [*fixed_ips, *wanted]})
        return shared_port
    return ports.create(
        ctx,
        router.project_id,
        {
            "network_id": subnet.network_id,
            "device_id": router.id,
            "device_owner": elections.interface_owner(router),
            "fixed_ips": wanted,
        },
        network=subnet.network,
        holder=(holders.INTERFACE, router.id),
    )


def _may_join(ctx: Context, subnet: Subnet) -> bool:
    """Whether the caller's routers may use the gateway address of a subnet: those of the owner,
    and those of a project that the network is shared with by name. Where a network is shared
    with all projects, no other project may take this address.
    """
    if ctx.is_admin or ctx.owns(subnet.project_id):
        return True
    return visibility.is_shared_by_name(ctx, subnet.network_id)


def _check_pooled(ctx: Context, port: Port, subnet: Subnet, address: str) -> None:
    """On another project's subnet, a router may only have addresses of the allocation pools."""
    if ctx.is_admin or ctx.owns(subnet.project_id):
        return
    wanted = ipaddress.ip_address(address)
    for pool in subnet.allocation_pools:
        low, high = ipaddress.ip_address(pool["start"]), ipaddress.ip_address(pool["end"])
        if int(low) <= int(wanted) <= int(high):
            return
    raise BadRouterRequest(
        msg=f"Cannot add interface to router because port {port.id} has an address outside of the "
        f"allocation pools of subnet {subnet.id}, which is not owned by the project making the "
        "request"
    )


def _shared_ipv6_port(ctx: Context, router: Router, subnet: Subnet) -> Port | None:
    """The router's port on this network that IPv6 subnets share."""
    if subnet.ip_version != 6:
        return None
    for port, other_subnet, _ in routers.interface_subnets(ctx, router.id):
        is_on_network = (
            port.holder == holders.INTERFACE and other_subnet.network_id == subnet.network_id
        )
        if is_on_network and other_subnet.ip_version == 6:
            return port
    return None


def _by_port(ctx: Context, router: Router, port_id: str) -> Port:
    port = ports.get(ctx, port_id)
    if port.device_id or port.holder:
        raise PortInUse(port_id=port.id, net_id=port.network_id, device_id=port.device_id)
    fixed_ips = ports.fixed_ips(ctx, [port.id]).get(port.id, [])
    if not fixed_ips:
        raise BadRouterRequest(msg="Router port must have at least one fixed IP")
    joined = [ctx.session.get_one(Subnet, fixed_ip["subnet_id"]) for fixed_ip in fixed_ips]
    if sum(1 for subnet in joined if subnet.ip_version == 4) > 1:
        raise BadRouterRequest(msg="Cannot have multiple IPv4 subnets on router port")
    for fixed_ip, subnet in zip(fixed_ips, joined, strict=True):
        routers.check_apart(ctx, router, subnet)
        _check_pooled(ctx, port, subnet, fixed_ip["ip_address"])
    host_hints.touched(ctx, port)  # it may be bound to a host, which loses it
    holders.hold(port, holders.INTERFACE, router.id)
    return ports.update(
        ctx,
        port,
        {
            "device_id": router.id,
            "device_owner": elections.interface_owner(router),
            "security_groups": [],
            "allowed_address_pairs": [],
            "port_security_enabled": False,
        },
    )


def _interface_of_port(
    ctx: Context, router: Router, port_id: str, subnet_id: str | None
) -> tuple[Port, list[str]]:
    port = ctx.session.get(Port, port_id)
    if port is None or not _is_interface_of(router, port):
        raise RouterInterfaceNotFound(router_id=router.id, port_id=port_id)
    subnet_ids = [
        fixed_ip["subnet_id"] for fixed_ip in ports.fixed_ips(ctx, [port.id]).get(port.id, [])
    ]
    if subnet_id and subnet_id not in subnet_ids:
        raise SubnetMismatchForPort(port_id=port_id, subnet_id=subnet_id)
    return port, subnet_ids


def _is_interface_of(router: Router, port: Port) -> bool:
    return port.holder == holders.INTERFACE and port.holder_id == router.id


def _interface_on_subnet(ctx: Context, router: Router, subnet_id: str) -> tuple[Port, list[str]]:
    subnet = subnets.get(ctx, subnet_id)
    for port, interface_subnet, _ in routers.interface_subnets(ctx, router.id):
        if interface_subnet.id == subnet.id and port.holder == holders.INTERFACE:
            return port, [subnet.id]
    raise RouterInterfaceNotFoundForSubnet(router_id=router.id, subnet_id=subnet_id)


def _check_free(ctx: Context, router: Router, subnet_id: str) -> None:
    """Raise when a route's next hop, a floating IP or an NDP proxy needs this subnet."""
    ndp_proxies.check_interface_free(ctx, router, subnet_id)
    subnet = ctx.session.get_one(Subnet, subnet_id)
    net = ipaddress.ip_network(subnet.cidr)
    for route in router.routes:
        if ipaddress.ip_address(route["nexthop"]) in net:
            raise RouterInterfaceInUseByRoute(subnet_id=subnet_id, router_id=router.id)
    user = ctx.session.scalar(
        select(FloatingIp.id)
        .join(FixedIp, FixedIp.port_id == FloatingIp.port_id)
        .where(
            FloatingIp.router_id == router.id,
            FixedIp.subnet_id == subnet_id,
            FixedIp.ip_address == FloatingIp.fixed_ip_address,
        )
        .limit(1)
    )
    if user is None:
        user = ctx.session.scalar(
            select(PortForwarding.id)
            .join(FloatingIp, FloatingIp.id == PortForwarding.floatingip_id)
            .join(FixedIp, FixedIp.port_id == PortForwarding.internal_port_id)
            .where(
                FloatingIp.router_id == router.id,
                FixedIp.subnet_id == subnet_id,
                FixedIp.ip_address == PortForwarding.internal_ip_address,
            )
            .limit(1)
        )
    if user is not None:
        raise RouterInterfaceInUseByFloatingIP(subnet_id=subnet_id, router_id=router.id)


def _remove_addresses(ctx: Context, port: Port, subnet_ids: list[str], *, whole: bool) -> None:
    fixed_ips = ports.fixed_ips(ctx, [port.id]).get(port.id, [])
    if whole or len(fixed_ips) <= len(subnet_ids):
        sub_ports.check_deletable(ctx, port.id)  # a trunk's port may become an interface
        ports.remove(ctx, port)
        return
    ctx.session.execute(
        delete_rows(FixedIp).where(FixedIp.port_id == port.id, FixedIp.subnet_id.in_(subnet_ids))
    )
    port.revision_number += 1


def gateway_address(subnet: Subnet, address: str) -> str:
    """ "10.0.0.1/24": an interface's address with the prefix length of its subnet."""
    return f"{address}/{ipam.network_of(subnet.cidr).prefixlen}"
