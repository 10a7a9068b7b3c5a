"""The bridge's word for who asks for metadata: a mark in the packet that no guest can make.

A namespace sees an address and a MAC address, and a port may send under those of others when
its allowed address pairs say so, or when its port security is off. Only the bridge sees the tap.
So packets to the metadata address get a DSCP value there that means "out of the tap of the port
that owns this source address"; from all others it is taken. Nothing else that nftables can set
survives the way from the bridge into a namespace.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from stratolith.network.drivers.base import PortView
from stratolith.network.drivers.linux import names

OWNER_DSCP = 0x2D  # of the pool for local use
_PRIORITY = -310  # before the port's own filters may let the packet through


def chain_lines(ports: Sequence[PortView]) -> list[str]:
    """The base chain that marks, for all ports that have a tap, whatever their security."""
    if not ports:
        return []
    address = names.METADATA_ADDRESS
    lines = [f"type filter hook prerouting priority {_PRIORITY}; policy accept;"]
    guarded = ", ".join(sorted(f'"{port.tap}"' for port in ports if port.port_security))
    if guarded:
        # a pair must not make one guest the metadata service of its neighbours
        lines.append(f"iifname {{ {guarded} }} arp saddr ip {address} drop")
        lines.append(f"iifname {{ {guarded} }} ip saddr {address} drop")
    lines.append(f"ip daddr != {address} accept")
    owners = ", ".join(sorted(_owners(ports)))
    if owners:
        is_owner = f"ip daddr {address} iifname . ip saddr {{ {owners} }}"
        lines.append(f"{is_owner} ip dscp set {OWNER_DSCP:#x} accept")
    # whoever else has the value, on bridges of others too, may well do without it
    lines.append(f"ip daddr {address} ip dscp {OWNER_DSCP:#x} ip dscp set 0")
    return lines


def _owners(ports: Iterable[PortView]) -> set[str]:
    return {
        f'"{port.tap}" . {ipaddress.IPv4Address(ip.ip_address)}'
        for port in ports
        for ip in port.fixed_ips
        if ":" not in ip.ip_address
    }
