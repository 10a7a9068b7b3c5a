"""A mark in metadata requests that proves which port sent them; guests cannot set it.

A namespace sees an IP and a MAC address, but a port may send from addresses of other ports if
its allowed address pairs permit it, or if it has no port security. Only the bridge sees the tap.
So the bridge sets a DSCP value in packets to the metadata address that come from the tap of the
port that owns the source address; it clears the value in all other packets. No other field that
nftables can set is kept on the way from the bridge into a namespace.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import PortView
from stratolith.network.drivers.linux import guard, names
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.linux.tables import NamedSet, named

OWNER_DSCP = 0x2D  # from the DSCP range for local use
_SECURED, _OWNERS, _OWNERS6 = "secured", "owners", "owners6"  # sets
_PRIORITY = -310  # before the port's own filters may let the packet through


def chain_lines() -> list[str]:
    """The base chain that sets the mark, for all ports with a tap, even without port security."""
    address, address6 = names.METADATA_ADDRESS, metadata6.ADDRESS
    target = f"{int(ipaddress.IPv6Address(address6)):#034x}"
    return [
        f"type filter hook prerouting priority {_PRIORITY}; policy accept;",
        # an allowed pair must not let a guest act as the metadata service of its neighbours
        f"iifname @{_SECURED} arp saddr ip {address} drop",
        f"iifname @{_SECURED} ip saddr {address} drop",
        f"iifname @{_SECURED} ip6 saddr {address6} drop",
        f"iifname @{_SECURED} icmpv6 type nd-neighbor-advert @th,64,128 {target} drop",
        f"ip6 daddr != {address6} accept",
        f"ip6 daddr {address6} iifname . ip6 saddr @{_OWNERS6} ip6 dscp set {OWNER_DSCP:#x} accept",
        f"ip6 daddr {address6} ip6 dscp {OWNER_DSCP:#x} ip6 dscp set 0",
        f"ip daddr != {address} accept",
        f"ip daddr {address} iifname . ip saddr @{_OWNERS} ip dscp set {OWNER_DSCP:#x} accept",
        # clear the value in all other packets to this address; no other service needs it
        f"ip daddr {address} ip dscp {OWNER_DSCP:#x} ip dscp set 0",
    ]


def sets(ports: Sequence[PortView]) -> dict[str, NamedSet]:
    """The sets that the chain uses."""
    secured = (f'"{port.tap}"' for port in ports if port.port_security)
    return {
        _SECURED: named("type ifname", secured),
        _OWNERS: named("type ifname . ipv4_addr", sorted(_owners(ports))),
        _OWNERS6: named("type ifname . ipv6_addr", sorted(_owners6(ports))),
    }


def _owners(ports: Iterable[PortView]) -> set[str]:
    return {
        f'"{port.tap}" . {checks.address(ip.ip_address, 4)}'
        for port in ports
        for ip in port.fixed_ips
        if ":" not in ip.ip_address
    }


def _owners6(ports: Iterable[PortView]) -> set[str]:
    """Guests ask for metadata from their link-local address, because the service has one."""
    return {
        f'"{port.tap}" . {address}'
        for port in ports
        for address in (
            guard.link_local(checks.mac(port.mac)),
            *(checks.address(ip.ip_address, 6) for ip in port.fixed_ips if ":" in ip.ip_address),
        )
    }
