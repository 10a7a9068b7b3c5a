"""The bridge's word for who asks for metadata: a mark in the packet that no guest can make.

A namespace sees an address and a MAC address, and a port may send under those of others when
its allowed address pairs say so, or when its port security is off. Only the bridge sees the tap.
So packets to the metadata address get a DSCP value there that means "out of the tap of the port
that owns this source address"; from all others it is taken. Nothing else that nftables can set
survives the way from the bridge into a namespace.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import PortView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.tables import NamedSet, named

OWNER_DSCP = 0x2D  # of the pool for local use
_SECURED, _OWNERS = "secured", "owners"  # sets
_PRIORITY = -310  # before the port's own filters may let the packet through


def chain_lines() -> list[str]:
    """The base chain that marks, for all ports that have a tap, whatever their security."""
    address = names.METADATA_ADDRESS
    return [
        f"type filter hook prerouting priority {_PRIORITY}; policy accept;",
        # a pair must not make one guest the metadata service of its neighbours
        f"iifname @{_SECURED} arp saddr ip {address} drop",
        f"iifname @{_SECURED} ip saddr {address} drop",
        f"ip daddr != {address} accept",
        f"ip daddr {address} iifname . ip saddr @{_OWNERS} ip dscp set {OWNER_DSCP:#x} accept",
        # whoever else has the value, on bridges of others too, may well do without it
        f"ip daddr {address} ip dscp {OWNER_DSCP:#x} ip dscp set 0",
    ]


def sets(ports: Sequence[PortView]) -> dict[str, NamedSet]:
    """The sets that the chain looks into."""
    secured = (f'"{port.tap}"' for port in ports if port.port_security)
    return {
        _SECURED: named("type ifname", secured),
        _OWNERS: named("type ifname . ipv4_addr", sorted(_owners(ports))),
    }


def _owners(ports: Iterable[PortView]) -> set[str]:
    return {
        f'"{port.tap}" . {checks.address(ip.ip_address, 4)}'
        for port in ports
        for ip in port.fixed_ips
        if ":" not in ip.ip_address
    }
