"""Networks that the host reaches without us: no address of ours may lead their traffic away."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux.host_kernel import netlink


def check_free(text: str, ours: Collection[int]) -> None:
    """Raise ``NetworkDriverError`` when the network of an address (with prefix length) overlaps
    one that the host has a route to, by a device that is not ours. Default routes are no such.

    ``ours``: indexes of our devices.
    """
    wanted = ipaddress.ip_interface(text).network
    for route in netlink.routes(with_connected=True):
        network = ipaddress.ip_network(route.destination)
        if route.index in ours or network.prefixlen == 0 or network.is_link_local:
            continue
        if wanted.network_address in network or network.network_address in wanted:
            device = netlink.name_of(route.index) or route.nexthop
            raise NetworkDriverError(
                f"the external network {wanted} overlaps with {network}, which this host reaches "
                f"by {device}; the address {text} is left out"
            )
