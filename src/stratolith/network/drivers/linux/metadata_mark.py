"""A mark in metadata requests that proves which port sent them; guests cannot set it.

A namespace sees an IP and a MAC address, but a port may send from addresses of other ports if
its allowed address pairs permit it, or if it has no port security. Only the bridge sees the tap.
So the bridge sets a DSCP value in packets to the metadata address that come from the tap of the
port that owns the source address; it clears the value in all other packets. No other field that
nftables can set is kept on the way from the bridge into a namespace.

A router may be on another host than the guest. The bridge of the guest's host has set or cleared
the value of each packet that a tunnel brings, as no frame of a guest reaches a tunnel otherwise.
So a bridge keeps the value of a packet from a tunnel if a server's port behind this tunnel owns
the source address. It never keeps it in packets from taps, routers or physical networks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import NetworkView, PortView
from stratolith.network.drivers.linux import guard, names
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.linux.objects import TunnelSpec
from stratolith.network.drivers.linux.tables import NamedSet, named

OWNER_DSCP = 0x2D  # from the DSCP range for local use
_SECURED, _OWNERS, _OWNERS6 = "secured", "owners", "owners6"  # sets
_FAR, _FAR6 = "far_owners", "far_owners6"  # sets: a tunnel and an address behind it
_PRIORITY = -310  # before the port's own filters may let the packet through


def chain_lines() -> list[str]:
    """The base chain that sets the mark, for all ports with a tap, even without port security.

    Hosts without ports need it as well: their routers send packets into tunnels.
    """
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
        f"ip6 daddr {address6} iifname . ip6 saddr @{_FAR6} accept",
        f"ip6 daddr {address6} ip6 dscp {OWNER_DSCP:#x} ip6 dscp set 0",
        f"ip daddr != {address} accept",
        f"ip daddr {address} iifname . ip saddr @{_OWNERS} ip dscp set {OWNER_DSCP:#x} accept",
        f"ip daddr {address} iifname . ip saddr @{_FAR} accept",
        # clear the value in all other packets to this address; no other service needs it
        f"ip daddr {address} ip dscp {OWNER_DSCP:#x} ip dscp set 0",
    ]


def sets(ports: Sequence[PortView], far: Mapping[str, Iterable[str]]) -> dict[str, NamedSet]:
    """The sets that the chain uses. ``far``: tunnel -> ``far_addresses``."""
    behind = [(f'"{tunnel}" . {text}', ":" in text) for tunnel in far for text in far[tunnel]]
    secured = (f'"{port.tap}"' for port in ports if port.port_security)
    return {
        _SECURED: named("type ifname", secured),
        _OWNERS: named("type ifname . ipv4_addr", sorted(_owners(ports))),
        _OWNERS6: named("type ifname . ipv6_addr", sorted(_owners6(ports))),
        _FAR: named("type ifname . ipv4_addr", sorted(key for key, is_v6 in behind if not is_v6)),
        _FAR6: named("type ifname . ipv6_addr", sorted(key for key, is_v6 in behind if is_v6)),
    }


def far_addresses(
    networks: Iterable[NetworkView], tunnels: Iterable[TunnelSpec]
) -> dict[str, set[str]]:
    """The addresses of servers' ports behind each tunnel. Raises nothing."""
    by_id = {network.id: network for network in networks}
    return {tunnel.name: _behind(by_id[tunnel.network_id]) for tunnel in tunnels}


def _behind(network: NetworkView) -> set[str]:
    addresses: set[str] = set()
    for peer in network.peers:
        for port_id in peer.servers:
            try:
                mac = checks.mac(peer.ports[port_id])
                known = {checks.address(text) for text in peer.addresses.get(port_id, [])}
            except (KeyError, ValueError):
                continue  # without metadata through this host
            addresses |= known | {guard.link_local(mac)}
    return addresses


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
