"""Subnets: ranges, gateways, allocation pools, IPv6 modes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.networks import GatewayIpInUse, SubnetInUse, SubnetNotFound
from stratolith.network.managers import (
    holders,
    host_hints,
    limits,
    networks,
    subnetpools,
    tags,
    visibility,
)
from stratolith.network.managers.addressing import ipam, subnet_ranges
from stratolith.network.managers.dhcp import dhcp_ports
from stratolith.network.managers.routing import gateway_ports
from stratolith.network.managers.segments import routed
from stratolith.network.models import FixedIp, Network, Port, Subnet
from stratolith.network.settings import NetworkSettings

PLAIN = (
    "name",
    "description",
    "dns_nameservers",
    "host_routes",
    "service_types",
    "enable_dhcp",
    "dns_publish_fixed_ip",
)


def get(ctx: Context, subnet_id: str) -> Subnet:
    """A subnet of a network that the caller may see; raises SubnetNotFound."""
    subnet = ctx.session.get(Subnet, subnet_id)
    if subnet is None or not (
        visibility.may_see(ctx, subnet.network) or ctx.owns(subnet.project_id)
    ):
        raise SubnetNotFound(subnet_id=subnet_id)
    return subnet


def create(ctx: Context, project_id: str, network: Network, values: Mapping[str, Any]) -> Subnet:
    """Create a subnet from complete values (names of the API; cidr and ip_version are set)."""
    limits.check(ctx, project_id, subnet=1)
    settings = ctx.env.settings.of(NetworkSettings)
    plan = subnet_ranges.plan(values)
    subnet_ranges.check_lists(settings, values, "new subnet", plan.ip_version)
    networks.check_mtu_for(ctx, network, network.mtu, [plan.ip_version])
    subnet_ranges.check_overlap(ctx, network.id, plan.cidr)
    if values.get("subnetpool_id") is not None:
        subnetpools.check_alone(ctx, network.id, values["subnetpool_id"])
    routed.check_new(ctx, network.id, values.get("segment_id"))
    subnet = Subnet(
        project_id=project_id,
        network_id=network.id,
        ip_version=plan.ip_version,
        cidr=plan.cidr,
        gateway_ip=plan.gateway_ip,
        allocation_pools=plan.pools,
        ipv6_ra_mode=values.get("ipv6_ra_mode"),
        ipv6_address_mode=values.get("ipv6_address_mode"),
        subnetpool_id=values.get("subnetpool_id"),
        segment_id=values.get("segment_id"),
        **{name: values[name] for name in PLAIN if values.get(name) is not None},
    )
    ctx.session.add(subnet)
    network.revision_number += 1
    ctx.session.flush()
    if subnet.segment_id is not None:
        routed.connect_subnets(ctx, network.id)
    if ipam.is_automatic(subnet):
        _give_automatic_addresses(ctx, subnet)
        host_hints.addresses(ctx, network.id)
    dhcp_ports.sync(ctx, network)
    if network.external:
        gateway_ports.give_addresses(ctx, subnet)
    host_hints.network(ctx, network.id)
    return subnet


def update(ctx: Context, subnet: Subnet, values: Mapping[str, Any]) -> Subnet:
    """Change gateway, pools, DHCP and lists; raises the errors of ``plan``, and GatewayIpInUse."""
    settings = ctx.env.settings.of(NetworkSettings)
    subnet_ranges.check_lists(settings, values, subnet.id, subnet.ip_version)
    merged = {
        "cidr": subnet.cidr,
        "ip_version": subnet.ip_version,
        "gateway_ip": subnet.gateway_ip,
        "allocation_pools": subnet.allocation_pools,
        "enable_dhcp": subnet.enable_dhcp,
        "ipv6_ra_mode": subnet.ipv6_ra_mode,
        "ipv6_address_mode": subnet.ipv6_address_mode,
        **values,
    }
    if values.get("allocation_pools", ()) is None:
        merged["allocation_pools"] = subnet.allocation_pools
    if "gateway_ip" in values and values["gateway_ip"] != subnet.gateway_ip:
        _check_gateway_free(ctx, subnet)
    if "segment_id" in values:
        routed.check_change(ctx, subnet, values["segment_id"])
        subnet.segment_id = values["segment_id"]
    plan = subnet_ranges.plan(merged, is_update=True)
    old_gateway, subnet.gateway_ip = subnet.gateway_ip, plan.gateway_ip
    subnet.allocation_pools = plan.pools
    for name in PLAIN:
        if name in values:
            setattr(subnet, name, values[name] if values[name] is not None else [])
    if subnet.segment_id is not None:
        subnet.host_routes = routed.without_old_gateway(subnet, old_gateway)
        routed.connect_subnets(ctx, subnet.network_id)
    if ctx.session.is_modified(subnet):
        subnet.network.revision_number += 1
    subnet.revision_number += 1
    ctx.session.flush()
    dhcp_ports.sync(ctx, subnet.network)
    host_hints.network(ctx, subnet.network_id)
    return subnet


def delete(ctx: Context, subnet: Subnet) -> None:
    """Raises SubnetInUse while a port other than the DHCP port has an address of it."""
    users = select(FixedIp.port_id).join(Port, Port.id == FixedIp.port_id)
    users = users.where(FixedIp.subnet_id == subnet.id, Port.holder != holders.DHCP)
    if ipam.is_automatic(subnet):
        users = users.where(Port.holder.in_(holders.ROUTER))
    if ctx.session.scalar(users.limit(1)) is not None:
        raise SubnetInUse(
            subnet_id=subnet.id,
            reason="One or more ports have an IP allocation from this subnet.",
        )
    network = subnet.network
    if ipam.is_automatic(subnet):
        host_hints.addresses(ctx, network.id)
    ctx.session.execute(delete_rows(FixedIp).where(FixedIp.subnet_id == subnet.id))
    tags.forget(ctx, subnet.id)
    ctx.session.delete(subnet)
    network.revision_number += 1
    ctx.session.flush()
    if subnet.segment_id is not None:
        routed.connect_subnets(ctx, network.id, subnet)
    dhcp_ports.sync(ctx, network)
    host_hints.network(ctx, network.id)


def of_networks(ctx: Context, network_ids: Iterable[str]) -> dict[str, list[Subnet]]:
    """Network id -> its subnets, oldest first; one statement."""
    by_network: dict[str, list[Subnet]] = {network_id: [] for network_id in network_ids}
    rows = ctx.session.scalars(
        select(Subnet)
        .where(Subnet.network_id.in_(list(by_network)))
        .order_by(Subnet.created_at, Subnet.id)
    )
    for subnet in rows:
        by_network[subnet.network_id].append(subnet)
    return by_network


def _check_gateway_free(ctx: Context, subnet: Subnet) -> None:
    """Raise GatewayIpInUse while a router interface has the gateway's address."""
    if not subnet.gateway_ip:
        return
    user = ctx.session.scalar(
        select(Port.id)
        .join(FixedIp, FixedIp.port_id == Port.id)
        .where(
            FixedIp.subnet_id == subnet.id,
            FixedIp.ip_address == subnet.gateway_ip,
            Port.holder == holders.INTERFACE,
        )
    )
    if user is not None:
        raise GatewayIpInUse(ip_address=subnet.gateway_ip, port_id=user)


def _give_automatic_addresses(ctx: Context, subnet: Subnet) -> None:
    """Give existing ports their address in a new SLAAC subnet."""
    ports = ctx.session.scalars(
        select(Port).where(
            Port.network_id == subnet.network_id,
            Port.holder.not_in(holders.SERVICES),
        )
    )
    for port in list(ports):
        address = ipam.eui64(subnet.cidr, port.mac_address)
        offset = ipam.offset_of(subnet, ipaddress.ip_address(address))
        port.revision_number += 1
        ctx.session.add(
            FixedIp(
                subnet_id=subnet.id,
                ip_address=address,
                port_id=port.id,
                network_id=port.network_id,
                offset=offset,
                position=9,
            )
        )
    ctx.session.flush()
