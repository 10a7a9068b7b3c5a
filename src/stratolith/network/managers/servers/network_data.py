"""network_data.json of a server: links, networks and services, as on its config drive."""

from __future__ import annotations

import ipaddress
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.managers.servers.server_ports import ServerPort, of_servers
from stratolith.network.models import Subnet


def network_metadata(ctx: Context, server_id: str) -> dict[str, Any]:
    """{"links": [...], "networks": [...], "services": [...]} (metadata API, network data)."""
    ports = of_servers(ctx, [server_id]).get(server_id, [])
    ids = [fixed_ip["subnet_id"] for port in ports for fixed_ip in port.fixed_ips]
    rows = ctx.session.scalars(select(Subnet).where(Subnet.id.in_(ids))) if ids else ()
    subnets = {subnet.id: subnet for subnet in rows}
    links: list[dict[str, Any]] = []
    networks: list[dict[str, Any]] = []
    services: dict[str, dict[str, str]] = {}
    for port in ports:
        links.append(_link(port))
        for fixed_ip in port.fixed_ips:
            subnet = subnets[fixed_ip["subnet_id"]]
            networks.append(_network(len(networks), port, fixed_ip["ip_address"], subnet))
            for server in subnet.dns_nameservers:
                services[server] = {"type": "dns", "address": server}
    return {"links": links, "networks": networks, "services": list(services.values())}


def _link(port: ServerPort) -> dict[str, Any]:
    return {
        "id": port.tap,
        "vif_id": port.port_id,
        "type": "bridge",
        "mtu": port.mtu,
        "ethernet_mac_address": port.mac,
    }


def _network(number: int, port: ServerPort, address: str, subnet: Subnet) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": f"network{number}",
        "type": f"ipv{subnet.ip_version}",
        "link": port.tap,
        "network_id": port.network_id,
    }
    if subnet.ipv6_address_mode:
        entry["type"] = f"ipv6_{subnet.ipv6_address_mode}"
    elif subnet.enable_dhcp:
        entry["type"] = f"ipv{subnet.ip_version}_dhcp"
        return entry
    net = ipaddress.ip_network(subnet.cidr)
    entry["ip_address"] = address
    entry["netmask"] = str(net.netmask)
    entry["routes"] = _routes(subnet)
    entry["services"] = [{"type": "dns", "address": server} for server in subnet.dns_nameservers]
    return entry


def _routes(subnet: Subnet) -> list[dict[str, str]]:
    routes = []
    if subnet.gateway_ip:
        anywhere = "0.0.0.0" if subnet.ip_version == 4 else "::"
        routes.append({"network": anywhere, "netmask": anywhere, "gateway": subnet.gateway_ip})
    for route in subnet.host_routes:
        net = ipaddress.ip_network(route["destination"], strict=False)
        routes.append(
            {
                "network": str(net.network_address),
                "netmask": str(net.netmask),
                "gateway": route["nexthop"],
            }
        )
    return routes
