"""Questions for known addresses (ARP, neighbour discovery) go to the port that has the address.

Guests and routers send them to everybody on the network, also in each tunnel. Here they get the MAC
address of the port, on networks with a tunnel: other hosts and guests do not see them. The port
answers itself. The bridge's own suppression (``neigh_suppress``) answers for ports, but does not
send announcements into tunnels (gratuitous ARP, probes), which guests need who move an address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import NetworkView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import nft
from stratolith.network.drivers.linux.owners import Address, Owners
from stratolith.network.drivers.linux.tables import NamedSet, Table, body, mapping, named

_QUESTIONS = "@th,64,128"  # of a neighbour solicitation: the address that is asked for
_HOOK = "type filter hook prerouting priority -130; policy accept;"


def table_name(instance: str) -> str:
    return f"bridge {instance}_owners"


def can_lead(instance: str) -> bool:
    """Whether kernel and nft know the statements; changes nothing."""
    owners: Owners = {"br": {ipaddress.ip_address("::1"): "02:00:00:00:00:01"}}
    table = compile_table(f"{instance}_probe", {"lo": "br"}, owners)
    text = f"table {table.name} {{\n{body(table.sets, table.chains)}}}\n"
    return nft.complaint(text) is None


def elsewhere(networks: Iterable[NetworkView]) -> Owners:
    """The owners on other hosts, by the bridge of each network that has some. Raises nothing."""
    owners: Owners = {}
    for network in networks:
        if network.network_type != "vxlan" or not network.peers:
            continue
        known = owners.setdefault(network.bridge, {})
        for peer in network.peers:
            for port_id, addresses in peer.addresses.items():
                _add(known, peer.ports.get(port_id, ""), addresses)
        for mac, addresses in network.moving.items():
            _add(known, mac, addresses)
    return owners


def _add(known: dict[Address, str], mac: str, addresses: Iterable[str]) -> None:
    for text in addresses:
        try:
            known[ipaddress.ip_address(checks.address(text))] = checks.mac(mac)
        except ValueError:
            continue  # it is asked for as an unknown address is


def compile_table(instance: str, ends: Mapping[str, str], owners: Owners) -> Table:
    """The table for all bridges. ``ends``: device of a guest or namespace -> its bridge."""
    sets: dict[str, NamedSet] = {}
    chains: dict[str, list[str]] = {}
    verdicts: dict[str, str] = {}
    for bridge, known in owners.items():
        tail = names.digest(bridge)
        lines = _four(tail, known, sets) + _six(tail, known, sets)
        devices = [device for device, its_bridge in ends.items() if its_bridge == bridge]
        if lines and devices:
            chains[f"ask_{tail}"] = lines
            verdicts |= {f'"{device}"': f"goto ask_{tail}" for device in devices}
    if not verdicts:
        return Table(name=table_name(instance), sets={}, chains={})
    sets["ends"] = mapping("type ifname : verdict", verdicts)
    chains["ask"] = [_HOOK, "iifname vmap @ends"]
    return Table(name=table_name(instance), sets=sets, chains=chains)


def _four(tail: str, known: Mapping[Address, str], sets: dict[str, NamedSet]) -> list[str]:
    macs = {str(address): mac for address, mac in known.items() if address.version == 4}
    if not macs:
        return []
    sets[f"four_{tail}"] = mapping("type ipv4_addr : ether_addr", macs)
    # who asks for its own address announces it
    own = [f"{address} . {address}" for address in macs]
    sets[f"own_{tail}"] = named("type ipv4_addr . ipv4_addr", own)
    return [
        "ether daddr ff:ff:ff:ff:ff:ff arp operation request arp saddr ip != 0.0.0.0 "
        f"arp saddr ip . arp daddr ip != @own_{tail} "
        f"ether daddr set arp daddr ip map @four_{tail}"
    ]


def _six(tail: str, known: Mapping[Address, str], sets: dict[str, NamedSet]) -> list[str]:
    macs = {f"{int(address):#034x}": mac for address, mac in known.items() if address.version == 6}
    if not macs:
        return []
    sets[f"six_{tail}"] = mapping(f"typeof {_QUESTIONS} : ether daddr", macs)
    return [
        "icmpv6 type nd-neighbor-solicit ip6 saddr != :: "
        f"ether daddr set {_QUESTIONS} map @six_{tail}"
    ]
