"""Views with IPv6 for network tests, built the way the control plane builds them."""

from __future__ import annotations

import ipaddress
from typing import Any

import msgspec

from stratolith.network.drivers.base import (
    DhcpHostView,
    FixedIpView,
    NetworkView,
    PortView,
    SubnetView,
)
from stratolith.network.drivers.linux.guard import link_local
from stratolith.network.drivers.routing import AdvertisedView, RouterView
from tests.drivers.network import views


def eui64(prefix: str, mac: str) -> str:
    """The address that a guest with this MAC address makes for itself in "2001:db8:1::"."""
    return str(ipaddress.IPv6Address(prefix + link_local(mac).removeprefix("fe80::")))


def port(name: str, *addresses: tuple[str, str], **fields: Any) -> PortView:
    """``addresses``: subnet and address, or the prefix of an address that the guest makes."""
    found = views.port(name, "0.0.0.0", "none", **fields)
    fixed = [
        FixedIpView(
            subnet_id=views.uid(subnet),
            ip_address=eui64(text, found.mac) if text.endswith("::") else text,
        )
        for subnet, text in addresses
    ]
    return msgspec.structs.replace(found, fixed_ips=fixed)


def subnet(name: str, prefix: str, mode: str | None, **fields: Any) -> SubnetView:
    """A /64; ``prefix``: "2001:db8:1::"."""
    fields = {"ipv6_ra_mode": mode, "ipv6_address_mode": mode, "enable_dhcp": True, **fields}
    return SubnetView(
        id=views.uid(name),
        cidr=f"{prefix}/64",
        ip_version=6,
        gateway_ip=fields.pop("gateway_ip", prefix),
        dhcp_ip=f"{prefix}2" if fields["enable_dhcp"] else None,
        **fields,
    )


def network(
    name: str, subnets: list[SubnetView], ports: list[PortView], dhcp: bool = True, **fields: Any
) -> NetworkView:
    if dhcp:
        fields["dhcp_port_id"] = views.uid(f"{name}-dhcp")
        fields["dhcp_mac"] = views.mac_of(f"{name}-dhcp")
        fields["dhcp_hosts"] = [
            DhcpHostView(
                port_id=one.id,
                mac=one.mac,
                ip_address=ip.ip_address,
                subnet_id=ip.subnet_id,
                hostname=one.hostname,
                server_id=one.server_id,
                project_id=one.project_id,
                extra_dhcp_opts=one.extra_dhcp_opts,
            )
            for one in ports
            for ip in one.fixed_ips
        ]
    return NetworkView(
        id=views.uid(name),
        bridge=f"brq{views.uid(name)[:11]}",
        network_type="local",
        subnets=subnets,
        ports=ports,
        **fields,
    )


def router(name: str, networks: list[NetworkView], **fields: Any) -> RouterView:
    """A router at the gateway address of each IPv6 subnet, which advertises those with a mode."""
    plain = views.router(name, networks, **fields)
    interfaces = []
    for one, interface in zip(networks, plain.interfaces, strict=True):
        six = [subnet for subnet in one.subnets if subnet.ip_version == 6]
        interfaces.append(
            msgspec.structs.replace(
                interface,
                addresses=[f"{subnet.gateway_ip}/{subnet.cidr.split('/')[1]}" for subnet in six],
                advertised=[
                    AdvertisedView(
                        subnet_id=subnet.id,
                        cidr=subnet.cidr,
                        mode=subnet.ipv6_ra_mode,
                        dns_nameservers=subnet.dns_nameservers,
                    )
                    for subnet in six
                    if subnet.ipv6_ra_mode
                ],
            )
        )
    return msgspec.structs.replace(plain, interfaces=interfaces)
