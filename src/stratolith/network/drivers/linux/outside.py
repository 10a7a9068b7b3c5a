"""Packets that an external bridge hands to the host: translated and forwarded, but no tunnels.

With NAT such a packet leaves with the host's address, from which other hosts accept tunnel packets.
Therefore guests must not send to the ports of tunnels: they could put frames into the networks of
other projects. A guest must not choose the port either from which its packet leaves: packets for a
service of the host, or for its end of the tunnels, would match the answers to the guest.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from stratolith.network.drivers.base import ExternalNetworkView
from stratolith.network.drivers.linux.bridging import tunnels

GENEVE_PORT = 6081
SOURCE_PORTS = "32768-65535"  # of translated packets: no service of the host listens there
_WITH_PORTS = "meta l4proto { tcp, udp, sctp, dccp, udplite }"
_TO_TUNNELS = f"udp dport {{ {tunnels.PORT}, {GENEVE_PORT} }} drop"


def chains(externals: Iterable[ExternalNetworkView]) -> dict[str, list[str]]:
    """Chains of a table of family ``ip``. Raises ``ValueError`` for an invalid address."""
    leaving: list[str] = []
    views = list(externals)
    for external in views:
        way = f'iifname "{external.bridge}"'
        for network in _networks(external, 4) if external.nat else []:
            # what came from the bridge: the host may have another network of this range
            out = f'{way} ip saddr {network} oifname != "{external.bridge}"'
            leaving.append(f"{out} {_WITH_PORTS} masquerade to :{SOURCE_PORTS}")
            leaving.append(f"{out} masquerade")
    made = {"leaving": ["type nat hook postrouting priority 100;", *leaving]} if leaving else {}
    return made | without_tunnels(views, 4)


def without_tunnels(externals: Iterable[ExternalNetworkView], version: int) -> dict[str, list[str]]:
    """Chains that drop tunnel packets: all to the host; of those that it forwards, all that leave
    with its address, and those with a source outside of the external network.
    """
    to_host, through = [], []
    for external in externals:
        way = f'iifname "{external.bridge}"'
        networks = _networks(external, version)
        source = ""
        if networks and not (external.nat and version == 4):
            family = "ip" if version == 4 else "ip6"
            source = f" {family} saddr != {{ {', '.join(networks)} }}"
        to_host.append(f"{way} {_TO_TUNNELS}")
        through.append(f'{way} oifname != "{external.bridge}"{source} {_TO_TUNNELS}')
    if not to_host:
        return {}
    return {
        "to_host": ["type filter hook input priority -10; policy accept;", *to_host],
        "through_host": ["type filter hook forward priority -10; policy accept;", *through],
    }


def _networks(external: ExternalNetworkView, version: int) -> list[str]:
    networks = {ipaddress.ip_interface(cidr).network for cidr in external.gateway_cidrs}
    return sorted(str(network) for network in networks if network.version == version)
