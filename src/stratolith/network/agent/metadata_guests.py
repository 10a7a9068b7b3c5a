"""Identifies the guest that requests metadata, by facts that guests cannot choose.

Three facts must fit together: the incoming device in the namespace gives the network; a port must
own the client's address in that network; and the bridge of the port's host must have seen the
packet come from that port's own tap with that address (``drivers/linux/metadata_mark.py``).
Headers, routes, allowed address pairs, MAC addresses and equal addresses in other networks are not
used.
"""

from __future__ import annotations

import msgspec

from stratolith.network.drivers.base import HostNetworkView, NetworkView
from stratolith.network.drivers.linux.guard import link_local
from stratolith.network.drivers.linux.metadata import Arrival, ListeningPoint


class Guest(msgspec.Struct, frozen=True):
    port_id: str
    server_id: str
    project_id: str


class Directory:
    """The guests of a view, by network and address."""

    def __init__(self, view: HostNetworkView | None = None) -> None:
        networks = view.networks if view is not None else []
        self._guests = {network.id: guests_by_address(network) for network in networks}

    def find(self, point: ListeningPoint, arrival: Arrival) -> Guest | None:
        """The guest that connected; None for an unknown client."""
        network_id = dict(point.networks).get(arrival.device)
        if network_id is None or not arrival.is_from_owner:
            return None
        return self._guests.get(network_id, {}).get(arrival.address)


def guests_by_address(network: NetworkView) -> dict[str, Guest]:
    """The guest with each address on a network; an address of two ports has none."""
    by_address: dict[str, Guest] = {}
    disputed: set[str] = set()

    def claim(address: str, guest: Guest) -> None:
        if by_address.setdefault(address, guest).port_id != guest.port_id:
            disputed.add(address)

    has_ipv6 = any(subnet.ip_version == 6 for subnet in network.subnets)
    for host in network.dhcp_hosts:
        guest = Guest(host.port_id, host.server_id, host.project_id)
        claim(host.ip_address, guest)
        if has_ipv6:
            claim(link_local(host.mac.lower()), guest)
    for port in network.ports:
        guest = Guest(port.id, port.server_id, port.project_id)
        for ip in port.fixed_ips:
            claim(ip.ip_address, guest)
        if has_ipv6:
            claim(link_local(port.mac.lower()), guest)
    for peer in network.peers:
        for port_id, (server_id, project_id) in peer.servers.items():
            guest = Guest(port_id, server_id, project_id)
            for address in peer.addresses.get(port_id, []):
                claim(address, guest)
            if has_ipv6 and (mac := peer.ports.get(port_id)):
                claim(link_local(mac.lower()), guest)
    return {
        address: guest
        for address, guest in by_address.items()
        if address not in disputed and guest.server_id
    }
