"""Where metadata is answered on a network by IPv6: at one end only, because it is one address.

``fe80::a9fe:a9fe`` belongs to the network's DHCP namespace of the same host, else to a router.
"""

from __future__ import annotations

from stratolith.network.drivers.base import HostNetworkView, NetworkView
from stratolith.network.drivers.routing import RouterPortView

ADDRESS = "fe80::a9fe:a9fe"
INTERFACE = f"{ADDRESS}/64"
PORT = 80


def has_dhcp_end(network: NetworkView) -> bool:
    """Whether the DHCP namespace of a network answers: if the network has IPv6 at all."""
    return (
        network.dhcp_port_id is not None
        and any(subnet.enable_dhcp and subnet.dhcp_ip for subnet in network.subnets)
        and any(subnet.ip_version == 6 for subnet in network.subnets)
    )


def router_ends(view: HostNetworkView) -> frozenset[str]:
    """The ids of the router interfaces that answer: one for each network without a DHCP end."""
    taken = {network.id for network in view.networks if has_dhcp_end(network)}
    ends = set()
    for router in view.routers:
        if not router.admin_state_up or not router.metadata:
            continue
        for port in router.interfaces:
            if port.network_id not in taken and _has_ipv6(port):
                taken.add(port.network_id)
                ends.add(port.port_id)
    return frozenset(ends)


def _has_ipv6(port: RouterPortView) -> bool:
    return any(":" in address for address in port.addresses)
