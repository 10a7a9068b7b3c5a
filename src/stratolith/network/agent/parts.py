"""Putting what the control plane says of a few ports into the view that a host has.

The result is what the whole view would be. Where a part is not enough to say so, ``merged`` gives
None, and the host asks for the whole view: for the first port of a network here and the last, for
a security group that no rule here named before, on a network with guests of several projects,
whose names depend on each other, and while anything is left out of the view.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from stratolith.network.drivers.base import (
    HostNetworkPart,
    HostNetworkView,
    NetworkView,
    PortPart,
    TunnelPeerView,
)

Groups = dict[str, dict[str, list[str]]]


def merged(view: HostNetworkView, part: HostNetworkPart) -> HostNetworkView | None:
    """The view with the part in it; None when only the whole view can tell."""
    if view.left_out:
        return None
    known = {network.id for network in view.networks}
    if any(one.port is not None and one.network_id not in known for one in part.ports.values()):
        return None
    networks = []
    for network in view.networks:
        changed = _network(network, part.ports)
        if changed is None:
            return None
        networks.append(changed)
    groups = _groups(view.groups, part.ports, networks)
    if groups is None:
        return None
    return msgspec.structs.replace(
        view, generation=part.generation, networks=networks, groups=groups
    )


def _network(network: NetworkView, parts: dict[str, PortPart]) -> NetworkView | None:
    """A network with these ports as they are now; None when more than they has changed."""
    there = {port.id for port in network.ports}
    there |= {host.port_id for host in network.dhcp_hosts}
    there |= {port_id for peer in network.peers for port_id in peer.ports}
    mine = {
        port_id: part if part.network_id == network.id else PortPart()
        for port_id, part in parts.items()
        if part.network_id == network.id or port_id in there
    }
    if not mine:
        return network
    ports = [port for port in network.ports if port.id not in mine]
    ports += [part.port for part in mine.values() if part.port is not None]
    hosts = [host for host in network.dhcp_hosts if host.port_id not in mine]
    projects = {host.project_id for host in network.dhcp_hosts}
    hosts += [host for part in mine.values() for host in part.dhcp_hosts]
    projects |= {host.project_id for host in hosts}
    if bool(ports) != bool(network.ports) or len(projects) > 1:
        return None
    ports.sort(key=lambda port: port.id)
    hosts.sort(key=lambda host: host.port_id)  # keeps the order of one port's addresses
    peers = _peers(network.peers, mine)
    return msgspec.structs.replace(network, ports=ports, dhcp_hosts=hosts, peers=peers)


def _peers(peers: Iterable[TunnelPeerView], parts: dict[str, PortPart]) -> list[TunnelPeerView]:
    by_address = {
        peer.address: {key: mac for key, mac in peer.ports.items() if key not in parts}
        for peer in peers
    }
    for port_id, part in parts.items():
        if part.peer:
            by_address.setdefault(part.peer, {})[port_id] = part.mac
    return [
        TunnelPeerView(address=address, ports=ports)
        for address, ports in sorted(by_address.items())
        if ports
    ]


def _groups(
    groups: Groups, parts: dict[str, PortPart], networks: Iterable[NetworkView]
) -> Groups | None:
    """The addresses of the groups that rules name now; None when one of them is not known."""
    named = {
        rule.remote_group
        for network in networks
        for port in network.ports
        for rule in port.rules
        if rule.remote_group
    }
    if not named <= groups.keys():
        return None
    found = {}
    for group in named:
        before = groups[group]
        mine = {key: one.members[group] for key, one in parts.items() if group in one.members}
        if mine or not before.keys().isdisjoint(parts):
            kept = {key: those for key, those in before.items() if key not in parts}
            found[group] = kept | mine
        else:
            found[group] = before
    return found
