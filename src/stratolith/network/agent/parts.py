"""Merges the requested parts of a view into the view that a host has.

The result equals the whole view. Where the parts are not enough for that, ``merged`` returns the
keys that must be requested as well: of a network that is new on the host or may have left it, of
a network with guests of several projects, whose names depend on each other, of a group that no
rule on the host named before. While objects are left out of the view, the whole view is needed.

A host gets no hints about networks and groups that it has no part of. Between two passes it may
lose its part of one and get another: then it has missed changes, and what it has is too old. So a
network or group is only kept when something that did not change needed it all the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from stratolith.network.drivers.base import (
    HostNetworkPart,
    HostNetworkView,
    NetworkView,
    PortPart,
    PortView,
    QosRuleView,
    RuleView,
    TunnelPeerView,
)
from stratolith.network.drivers.routing import RouterView, outside

Groups = dict[str, dict[str, list[str]]]
V = TypeVar("V")


class Lacking(msgspec.Struct, frozen=True):
    """Keys to request together with the former ones; without keys the whole view is needed."""

    keys: frozenset[str] = frozenset()


def merged(view: HostNetworkView, part: HostNetworkPart) -> HostNetworkView | Lacking:
    """The view with the parts merged in, or the keys that must be requested as well."""
    return Lacking() if view.left_out else _Merge(view, part).result()


class _Merge:
    def __init__(self, view: HostNetworkView, part: HostNetworkPart) -> None:
        self.view, self.part = view, part
        self.lacking: set[str] = set()
        self.known_rules = {**part.other_rules, **part.rules}
        self.shared_rules: dict[tuple[str, ...], list[RuleView]] = {}

    def result(self) -> HostNetworkView | Lacking:
        before = {router.id: router for router in self.view.routers}
        routers = _replaced(before, self.part.routers)
        joined = set(_interfaces_of(routers.values()).values())
        networks = _replaced({n.id: n for n in self.view.networks}, self.part.networks)
        self._missing(networks, joined)
        networks = {key: self._network(network) for key, network in networks.items()}
        self._lapsed(before, routers)
        self.kept = self._kept_groups(networks)
        groups = self._groups(networks.values())
        qos = self._qos(networks.values(), routers.values())
        address_groups = self._address_groups(networks.values())
        if self.lacking:
            return Lacking(frozenset(self.lacking))
        externals = self.part.externals
        return msgspec.structs.replace(
            self.view,
            generation=self.part.generation,
            networks=[networks[key] for key in sorted(networks)],
            routers=[routers[key] for key in sorted(routers)],
            externals=self.view.externals if externals is None else externals,
            groups=groups,
            qos=qos,
            address_groups=address_groups,
        )

    def _lack(self, kind: str, object_id: str) -> None:
        self.lacking.add(f"{kind}/{object_id}")

    def _missing(self, networks: Mapping[str, NetworkView], joined: set[str]) -> None:
        """Request the networks of ports and routers that the host did not have."""
        of_ports = {part.network_id for part in self.part.ports.values()} - {""}
        for key in (of_ports | joined) - networks.keys():
            self._lack("network", key)

    def _lapsed(self, before: Mapping[str, RouterView], after: Mapping[str, RouterView]) -> None:
        """Request the networks of which the host may have had no part for a while.

        An interface that is gone never returns with the same id; of a router that moves, the host
        is told the networks.
        """
        interfaces = _interfaces_of(before.values())
        kept = {interfaces[key] for key in interfaces.keys() & _interfaces_of(after.values())}
        joined = set(interfaces.values())
        for network in self.view.networks:
            if network.id in self.part.networks or network.id in kept:
                continue
            # with neither, the host only answers DHCP, until a hint about the network
            had_part = bool(network.ports) or network.id in joined
            if had_part and all(port.id in self.part.ports for port in network.ports):
                self._lack("network", network.id)

    def _kept_groups(self, networks: Mapping[str, NetworkView]) -> set[str]:
        """The groups that a rule of a port names which has not changed, nor the rule."""
        kept: set[str] = set()
        for network in self.view.networks:
            current = networks.get(network.id)
            ports = {port.id: port for port in current.ports} if current is not None else {}
            for port in network.ports:
                if port.id not in ports or port.id in self.part.ports:
                    continue
                rules = ports[port.id].rules
                named = [rule for rule in port.rules if rule.peers and rule.peers not in kept]
                kept |= {rule.peers for rule in named if rules is port.rules or rule in rules}
        return kept

    def _network(self, network: NetworkView) -> NetworkView:
        """A network with its current ports and their current rules."""
        if network.id not in self.part.networks:
            network = self._with_ports(network)
        if not self.part.rules and not self.part.logs:
            return network
        ports = [self._with_logs(self._with_rules(port)) for port in network.ports]
        if all(new is old for new, old in zip(ports, network.ports, strict=True)):
            return network
        return msgspec.structs.replace(network, ports=ports)

    def _with_ports(self, network: NetworkView) -> NetworkView:
        parts = _parts_of(network, self.part.ports)
        if not parts:
            return network
        ports = [port for port in network.ports if port.id not in parts]
        ports += [part.port for part in parts.values() if part.port is not None]
        hosts = [host for host in network.dhcp_hosts if host.port_id not in parts]
        projects = {host.project_id for host in network.dhcp_hosts}
        hosts += [host for part in parts.values() for host in part.dhcp_hosts]
        projects |= {host.project_id for host in hosts}
        if len(projects) > 1:
            self._lack("network", network.id)
        ports.sort(key=lambda port: port.id)
        hosts.sort(key=lambda host: host.port_id)  # keeps the order of one port's addresses
        peers = _peers(network.peers, parts)
        return msgspec.structs.replace(network, ports=ports, dhcp_hosts=hosts, peers=peers)

    def _with_rules(self, port: PortView) -> PortView:
        if not self.part.rules or self.part.rules.keys().isdisjoint(port.groups):
            return port
        groups = tuple(port.groups)
        if groups not in self.shared_rules:
            if not self.known_rules.keys() >= set(groups):
                self._lack("port", port.id)  # its groups have changed as well
                return port
            rules = [rule for group in groups for rule in self.known_rules[group]]
            self.shared_rules[groups] = rules
        counts = [len(self.known_rules[group]) for group in groups]
        return msgspec.structs.replace(port, rules=self.shared_rules[groups], rule_counts=counts)

    def _with_logs(self, port: PortView) -> PortView:
        """The port with the changed logs about it."""
        if not self.part.logs or not port.port_security:
            return port
        logs = [log for log in port.logs if log.id not in self.part.logs]
        logs += [log for log in self.part.logs.values() if log is not None and log.is_about(port)]
        logs.sort(key=lambda log: log.id)
        return port if logs == port.logs else msgspec.structs.replace(port, logs=logs)

    def _groups(self, networks: Iterable[NetworkView]) -> Groups:
        """The addresses of the groups that rules name now."""
        named = {
            rule.remote_group
            for network in networks
            for port in network.ports
            for rule in port.rules
            if rule.remote_group
        }
        groups = {}
        for group in named:
            if group in self.part.members:
                groups[group] = self.part.members[group]
            elif group in self.view.groups and group in self.kept:
                groups[group] = _members(group, self.view.groups[group], self.part.ports)
            else:
                self._lack("members", group)
        return groups

    def _qos(
        self, networks: Iterable[NetworkView], routers: Iterable[RouterView]
    ) -> dict[str, list[QosRuleView]]:
        """The rules of the policies that something on the host has now."""
        named = {port.qos_policy for network in networks for port in network.ports}
        named |= {policy for router in routers for policy in _policies_of(router)}
        policies = {}
        for policy in sorted(named - {""}):
            rules = self.part.qos.get(policy, self.view.qos.get(policy))
            if rules is None:
                self._lack("qos", policy)
            else:
                policies[policy] = rules
        return policies

    def _address_groups(self, networks: Iterable[NetworkView]) -> dict[str, list[str]]:
        """The address groups that rules name now."""
        named = {
            rule.address_group
            for network in networks
            for port in network.ports
            for rule in port.rules
            if rule.address_group
        }
        groups = {}
        for group in named:
            if group in self.part.address_groups:
                groups[group] = self.part.address_groups[group]
            elif group in self.view.address_groups and group in self.kept:
                asked = self.part.addresses.get(group, {})
                groups[group] = _addresses(self.view.address_groups[group], asked)
            else:
                self._lack("address_group", group)
        return groups


def _policies_of(router: RouterView) -> set[str]:
    gateway = {port.qos_policy for port in outside(router)}
    floating = {address.qos_policy for address in router.floating_ips}
    return gateway | floating | {port.qos_policy for port in router.port_forwardings}


def _addresses(before: list[str], asked: Mapping[str, bool]) -> list[str]:
    """The addresses of a group, with those added that it has now and without those it lost."""
    if not asked:
        return before
    added = {address for address, is_present in asked.items() if is_present}
    return sorted((set(before) - asked.keys()) | added)


def _replaced(before: Mapping[str, V], after: Mapping[str, V | None]) -> dict[str, V]:
    """The items of both; None removes an item."""
    return {key: value for key, value in {**before, **after}.items() if value is not None}


def _interfaces_of(routers: Iterable[RouterView]) -> dict[str, str]:
    """Port -> its network, of the interfaces, gateways and ports for elections."""
    interfaces = {}
    for router in routers:
        ends = [*router.interfaces, *outside(router)]
        ends += [router.election.port] if router.election is not None else []
        interfaces.update({port.port_id: port.network_id for port in ends})
    return interfaces


def _parts_of(network: NetworkView, parts: Mapping[str, PortPart]) -> dict[str, PortPart]:
    """The parts of ports that are or were on the network."""
    known_ids = {port.id for port in network.ports}
    known_ids |= {host.port_id for host in network.dhcp_hosts}
    known_ids |= {port_id for peer in network.peers for port_id in peer.ports}
    return {
        port_id: part if part.network_id == network.id else PortPart()
        for port_id, part in parts.items()
        if part.network_id == network.id or port_id in known_ids
    }


def _peers(peers: Sequence[TunnelPeerView], parts: Mapping[str, PortPart]) -> list[TunnelPeerView]:
    by_address = {
        peer.address: {key: mac for key, mac in peer.ports.items() if key not in parts}
        for peer in peers
    }
    addresses = {
        key: known for peer in peers for key, known in peer.addresses.items() if key not in parts
    }
    servers = {key: of for peer in peers for key, of in peer.servers.items() if key not in parts}
    for port_id, part in parts.items():
        if part.peer:
            by_address.setdefault(part.peer, {})[port_id] = part.mac
            if part.addresses:
                addresses[port_id] = part.addresses
            if part.server is not None:
                servers[port_id] = part.server
    return [
        TunnelPeerView(
            address=address,
            ports=ports,
            addresses={key: addresses[key] for key in ports if key in addresses},
            servers={key: servers[key] for key in ports if key in servers},
        )
        for address, ports in sorted(by_address.items())
        if ports
    ]


def _members(
    group: str, before: dict[str, list[str]], parts: Mapping[str, PortPart]
) -> dict[str, list[str]]:
    """The addresses of a group's ports, updated for the ports of these parts."""
    updated = {key: part.members[group] for key, part in parts.items() if group in part.members}
    if not updated and before.keys().isdisjoint(parts):
        return before
    return {key: addresses for key, addresses in before.items() if key not in parts} | updated
