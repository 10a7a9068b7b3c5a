"""Who asks for metadata: decided by what the asker cannot choose.

Three facts make an identity, and all three must fit: the device of the namespace on which the
connection came in gives the network; the address must be one that a port owns in that network;
and the host's bridge must have seen the packet come out of that port's own tap under that address
(``drivers/linux/metadata_mark.py``). Headers, routes, allowed address pairs, MAC addresses
and equal addresses of other networks count for nothing.
"""

from __future__ import annotations

import msgspec

from stratolith.network.drivers.base import HostNetworkView, NetworkView
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
        """Who connected; None for a stranger."""
        network_id = dict(point.networks).get(arrival.device)
        if network_id is None or not arrival.is_from_owner:
            return None
        return self._guests.get(network_id, {}).get(arrival.address)


def guests_by_address(network: NetworkView) -> dict[str, Guest]:
    """Who owns which address on a network; what two ports claim belongs to nobody."""
    found: dict[str, Guest] = {}
    disputed: set[str] = set()

    def claim(address: str, guest: Guest) -> None:
        if found.setdefault(address, guest).port_id != guest.port_id:
            disputed.add(address)

    for host in network.dhcp_hosts:
        claim(host.ip_address, Guest(host.port_id, host.server_id, host.project_id))
    for port in network.ports:
        for ip in port.fixed_ips:
            claim(ip.ip_address, Guest(port.id, port.server_id, port.project_id))
    return {
        address: guest
        for address, guest in found.items()
        if address not in disputed and guest.server_id
    }
