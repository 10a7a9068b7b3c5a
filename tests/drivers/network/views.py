"""Views for network tests, built the way the control plane builds them."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4, uuid5

from stratolith.network.drivers.base import (
    DhcpHostView,
    ExternalNetworkView,
    FixedIpView,
    HostNetworkView,
    NetworkView,
    PortView,
    RuleView,
    SubnetView,
)
from stratolith.network.drivers.routing import FloatingIpView, RouterPortView, RouterView

_SPACE = uuid4()  # namespaces have one directory for the whole machine: runs must not meet

EGRESS_ALL = [RuleView(direction="egress", ethertype=kind) for kind in ("IPv4", "IPv6")]
EXTERNAL_BRIDGE = "st-ext"
EXTERNAL_ID = str(uuid5(_SPACE, "external"))
EXTERNAL = ExternalNetworkView(
    physical_network="public", bridge=EXTERNAL_BRIDGE, gateway_cidrs=["172.31.249.1/24"]
)


def uid(name: str) -> str:
    return str(uuid5(_SPACE, name))


def mac_of(name: str) -> str:
    raw = hashlib.sha256(name.encode()).digest()
    return "fa:16:3e:" + ":".join(f"{byte:02x}" for byte in raw[:3])


def tcp_in(port: int, cidrs: list[str] | None = None) -> RuleView:
    return RuleView(
        direction="ingress",
        ethertype="IPv4",
        protocol="tcp",
        port_range_min=port,
        port_range_max=port,
        remote_cidrs=cidrs,
    )


def port(name: str, address: str, subnet: str, **fields: Any) -> PortView:
    fields.setdefault("rules", EGRESS_ALL)
    return PortView(
        id=uid(name),
        mac=mac_of(name),
        tap=f"tap{uid(name)[:11]}",
        hostname=name,
        fixed_ips=[FixedIpView(subnet_id=uid(subnet), ip_address=address)],
        server_id=uid(f"server {name}"),
        project_id=uid("project"),
        **fields,
    )


def network(
    name: str,
    cidr: str = "10.55.0.0/24",
    ports: list[PortView] | None = None,
    dhcp: bool = False,
    gateway: bool = True,
    **fields: Any,
) -> NetworkView:
    base = cidr.rsplit(".", 1)[0]
    subnet_fields = fields.pop("subnet", {})
    subnet = SubnetView(
        id=uid(f"{name}-subnet"),
        cidr=cidr,
        ip_version=4,
        gateway_ip=f"{base}.1" if gateway else None,
        enable_dhcp=dhcp,
        dhcp_ip=f"{base}.2" if dhcp else None,
        **subnet_fields,
    )
    found = ports or []
    if dhcp:
        fields["dhcp_port_id"] = uid(f"{name}-dhcp")
        fields["dhcp_mac"] = mac_of(f"{name}-dhcp")
        fields["dhcp_hosts"] = [
            DhcpHostView(
                port_id=one.id,
                mac=one.mac,
                ip_address=ip.ip_address,
                subnet_id=subnet.id,
                hostname=one.hostname,
                server_id=one.server_id,
                project_id=one.project_id,
                extra_dhcp_opts=one.extra_dhcp_opts,
            )
            for one in found
            for ip in one.fixed_ips
        ]
    return NetworkView(
        id=uid(name),
        bridge=f"brq{uid(name)[:11]}",
        network_type="local",
        subnets=[subnet],
        ports=found,
        **fields,
    )


def external_network() -> NetworkView:
    return NetworkView(
        id=EXTERNAL_ID,
        bridge=EXTERNAL_BRIDGE,
        network_type="flat",
        physical_network="public",
        uplink=EXTERNAL_BRIDGE,
        mtu=1500,
        external=True,
    )


def router(
    name: str,
    networks: list[NetworkView],
    gateway_ip: str | None = None,
    floating: dict[str, str] | None = None,
    **fields: Any,
) -> RouterView:
    """A router at the gateway address of each network; ``floating``: outside -> inside."""
    interfaces = []
    for one in networks:
        subnet = one.subnets[0]
        interfaces.append(
            RouterPortView(
                port_id=uid(f"{name}-{one.id}"),
                network_id=one.id,
                bridge=one.bridge,
                mac=mac_of(f"{name}-{one.id}"),
                mtu=one.mtu,
                addresses=[f"{subnet.gateway_ip}/{subnet.cidr.split('/')[1]}"],
            )
        )
    if gateway_ip:
        fields["gateway"] = RouterPortView(
            port_id=uid(f"{name}-gw"),
            network_id=EXTERNAL_ID,
            bridge=EXTERNAL_BRIDGE,
            mac=mac_of(f"{name}-gw"),
            addresses=[f"{gateway_ip}/24"],
            mtu=1500,
        )
        fields["gateway_nexthops"] = ["172.31.249.1"]
    fips = [
        FloatingIpView(id=uid(f"fip {outside}"), floating_ip=outside, fixed_ip=inside)
        for outside, inside in (floating or {}).items()
    ]
    return RouterView(id=uid(name), interfaces=interfaces, floating_ips=fips, **fields)


def host(
    networks: list[NetworkView] | None = None,
    routers: list[RouterView] | None = None,
    generation: int = 1,
    external: bool = False,
) -> HostNetworkView:
    return HostNetworkView(
        host="h1",
        generation=generation,
        routers=routers or [],
        externals=[EXTERNAL] if external else [],
        networks=[*(networks or []), *([external_network()] if external else [])],
    )
