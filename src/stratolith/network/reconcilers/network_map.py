"""What connects to what: of each host its physical networks, bridges, networks and devices.

It is what the hosts are asked to realise, with the names of the database. For `stratolith network
map`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records as host_records
from stratolith.network.drivers.base import HostNetworkView, NetworkView
from stratolith.network.drivers.routing import outside
from stratolith.network.managers.events import VIEW
from stratolith.network.models import Network, Router
from stratolith.network.reconcilers.host_view import compile_view

Document = dict[str, Any]


def of_all_hosts(ctx: Context) -> list[Document]:
    """[{"host", "alive", "driver", "bridges": [...]}], the hosts by name.

    A bridge is {"bridge", "physical_network", "addresses", "nat", "networks": [...]}; a network
    {"id", "name", "type", "segmentation_id", "mtu", "subnets", "tunnels", "devices": [...]}; a
    device {"device", "kind", "name", "port_id", "addresses"} of kind guest, router, gateway or
    dhcp. Names are texts that users chose.
    """
    names: dict[str, str] = dict(ctx.session.execute(select(Network.id, Network.name)).all())
    names |= dict(ctx.session.execute(select(Router.id, Router.name)).all())
    now = ctx.env.clock.now()
    maps = []
    for record in sorted(host_records.records(ctx.session), key=lambda record: record.name):
        if VIEW not in record.views:
            continue
        alive = host_records.is_alive(record, now)
        driver = record.drivers.get(VIEW, "")
        bridges = _bridges(compile_view(ctx, record.name), names)
        maps.append({"host": record.name, "alive": alive, "driver": driver, "bridges": bridges})
    return maps


def _bridges(view: HostNetworkView, names: dict[str, str]) -> list[Document]:
    bridges: dict[str, Document] = {}
    for external in view.externals:
        bridges[external.bridge] = {
            "bridge": external.bridge,
            "physical_network": external.physical_network,
            "addresses": list(external.gateway_cidrs),
            "nat": external.nat,
            "networks": [],
        }
    for network in view.networks:
        bridge = bridges.setdefault(
            network.bridge,
            {
                "bridge": network.bridge,
                "physical_network": network.physical_network,
                "addresses": [],
                "nat": False,
                "networks": [],
            },
        )
        bridge["networks"].append(_network(view, network, names))
    return sorted(bridges.values(), key=lambda b: (not b["physical_network"], b["bridge"]))


def _network(view: HostNetworkView, network: NetworkView, names: dict[str, str]) -> Document:
    return {
        "id": network.id,
        "name": names.get(network.id, ""),
        "type": network.network_type,
        "segmentation_id": network.segmentation_id,
        "mtu": network.mtu,
        "subnets": [subnet.cidr for subnet in network.subnets],
        "tunnels": [peer.address for peer in network.peers],
        "devices": [*_router_devices(view, network, names), *_other_devices(network)],
    }


def _router_devices(
    view: HostNetworkView, network: NetworkView, names: dict[str, str]
) -> list[Document]:
    devices = []
    for router in view.routers:
        ports = [("router", port) for port in router.interfaces]
        ports += [("gateway", port) for port in outside(router)]
        for kind, port in ports:
            if port.network_id != network.id:
                continue
            addresses = list(port.addresses)
            if kind == "gateway":
                addresses += [
                    f"{fip.floating_ip}/32"
                    for fip in router.floating_ips
                    if fip.network_id == ("" if port is router.gateway else port.network_id)
                ]
            prefix = "qg-" if kind == "gateway" else "qr-"
            devices.append(
                {
                    "device": f"{prefix}{port.port_id[:11]}",
                    "kind": kind,
                    "name": names.get(router.id, "") or router.id,
                    "port_id": port.port_id,
                    "addresses": addresses,
                }
            )
    return devices


def _other_devices(network: NetworkView) -> list[Document]:
    served = [subnet.dhcp_ip for subnet in network.subnets if subnet.dhcp_ip]
    devices = [
        {
            "device": port.tap,
            "kind": "guest",
            "name": port.hostname or port.server_id,
            "port_id": port.id,
            "addresses": [ip.ip_address for ip in port.fixed_ips],
        }
        for port in network.ports
    ]
    if network.dhcp_port_id and served:
        dhcp = {
            "device": f"tap{network.dhcp_port_id[:11]}",
            "kind": "dhcp",
            "name": "",
            "port_id": network.dhcp_port_id,
            "addresses": served,
        }
        return [dhcp, *devices]
    return devices
