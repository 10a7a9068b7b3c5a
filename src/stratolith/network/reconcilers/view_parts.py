"""Compiles the parts of one host's view that a few keys name, from few rows.

``agent/parts.py`` merges them into the view that the host has; the result must equal the whole
view. For an object of which the host has no part, the answer is an empty part, so that a key
reveals nothing that is not in the host's view. For unreadable rows and unknown keys the answer is
the whole view.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import msgspec
from sqlalchemy import ColumnElement, false, or_, select

from stratolith.kernel.context import Context
from stratolith.network.drivers.base import (
    ExternalNetworkView,
    HostNetworkPart,
    HostNetworkView,
    NetworkView,
    PortPart,
    RuleView,
)
from stratolith.network.drivers.routing import RouterView
from stratolith.network.managers import holders, placement
from stratolith.network.models import FixedIp, Network, Place, Port, SecurityGroupRule
from stratolith.network.reconcilers import filter_rules, log_views, qos_rules, view_rows
from stratolith.network.reconcilers.filter_rules import Members, RuleBook
from stratolith.network.reconcilers.host_view import Compiler, compile_view, server_of
from stratolith.network.reconcilers.view_rows import NetworkRow, PortRow, RouterRow

Rules = dict[str, list[RuleView]]  # of security groups

MOST = 50  # keys; for more, the whole view is less work


class Asked(msgspec.Struct, frozen=True):
    """The requested ids, by kind of key."""

    port: list[str] = []
    network: list[str] = []
    router: list[str] = []
    group: list[str] = []
    members: list[str] = []
    qos: list[str] = []
    address_group: list[str] = []
    address: list[str] = []
    log: list[str] = []


def answer(ctx: Context, host: str, keys: list[str] | None) -> HostNetworkView | HostNetworkPart:
    """The whole view without keys; with keys a part, which may contain the whole view."""
    if keys is None:
        return compile_view(ctx, host)
    asked = asked_by(keys) if len(keys) <= MOST else None
    if asked is not None:
        part = _PartCompiler(ctx, host, asked).part()
        if part is not None:
            return part
    whole = compile_view(ctx, host)
    return HostNetworkPart(generation=whole.generation, whole=whole)


def asked_by(keys: Iterable[str]) -> Asked | None:
    """The ids by kind of key; None when a key has an unknown kind."""
    ids: dict[str, list[str]] = {kind: [] for kind in Asked.__struct_fields__}
    for key in sorted(set(keys)):
        kind, _, object_id = key.partition("/")
        if kind not in ids or not object_id:
            return None
        ids[kind].append(object_id)
    return Asked(**ids)


class _PartCompiler(Compiler):
    def __init__(self, ctx: Context, host: str, asked: Asked) -> None:
        super().__init__(ctx, host)
        self.asked = asked
        # the requested networks that the host has: their answer contains all ports
        self.complete = placement.networks_of(ctx, host, asked.network) if asked.network else []

    @cached_property
    def tunnels(self) -> dict[str, str]:
        """The tunnel addresses of this host and of the ports' hosts."""
        ports = (*self.guests, *self.election_ports.values())
        hosts = {self.host, *(row.binding_host for row in ports), *self.router_hosts.values()}
        hosts = hosts.union(*self.elected.values())
        return placement.tunnel_addresses(self.ctx, hosts - {""})

    def part(self) -> HostNetworkPart | None:
        """The parts of the requested keys; None when the whole view is needed."""
        routers = self._routers_asked()
        if self.asked.port or self._has_externals:
            self._read(routers)
            if self._concerns_elections():
                return None
        rules, other_rules = self._rules_asked()
        ports, networks = self._ports_asked(), self._networks_asked()
        router_parts = self._router_views(routers)
        part = HostNetworkPart(
            generation=self.generation,
            ports=ports,
            networks=networks,
            routers=router_parts,
            externals=self._externals_asked(),
            rules=rules,
            other_rules=other_rules,
            members=self._members_asked(),
            qos=self._qos(ports, networks, router_parts),
            address_groups=self._address_groups_asked(),
            addresses=self._addresses_asked(),
            logs=log_views.asked(self.ctx, self.host, self.asked.log, self.left_out),
        )
        return None if self.left_out.reasons else part

    # -- reading ---------------------------------------------------------------------------------

    def _routers_asked(self) -> list[RouterRow]:
        """The requested routers on the host, and its routers that connect a requested network."""
        among: ColumnElement[bool] = Place.object_id.in_(self.asked.router)
        if self.complete:
            joining = select(Port.holder_id).where(
                Port.network_id.in_(self.complete), Port.holder.in_(holders.ROUTER)
            )
            among = or_(among, Place.object_id.in_(joining))
        elif not self.asked.router:
            return []
        return self._routers(placement.on_host(self.ctx, placement.ROUTER, self.host, among))

    def _read(self, routers: list[RouterRow]) -> None:
        """Requested ports, all ports of requested networks and routers, and their networks."""
        router_ids = [router.id for router in routers]
        of_routers = Port.holder_id.in_(router_ids) & Port.holder.in_(
            (*holders.ROUTER, holders.ELECTION)
        )
        rows = self._port_rows(
            or_(
                Port.id.in_(self.asked.port),
                Port.network_id.in_(self.complete),
                of_routers if router_ids else false(),
            )
        )
        # a requested network may have no port at all: DHCP was placed here before its first one
        self._read_networks({row.network_id for row in rows}.union(self.complete))
        dhcp_ports = (Port.holder == holders.DHCP) & Port.network_id.in_(list(self.networks))
        known_ids = {row.id for row in rows}
        rows += [row for row in self._port_rows(dhcp_ports) if row.id not in known_ids]
        other_ids = [row.id for row in rows if row.network_id not in self.complete]
        addresses = FixedIp.network_id.in_(self.complete) | FixedIp.port_id.in_(other_ids)
        self._take_ports(rows, addresses)
        self._read_subnets()

    def _read_networks(self, ids: Iterable[str]) -> None:
        """Read the networks that the host has; for ``externals`` also its flat networks."""
        own_networks = placement.networks_of(self.ctx, self.host, sorted(ids)) if ids else []
        which: ColumnElement[bool] = Network.id.in_(own_networks)
        if self._has_externals:
            all_networks = placement.networks_on(self.host).subquery()
            flat = Network.id.in_(select(all_networks.c[0])) & (
                (Network.network_type == "flat") | Network.several_segments
            )
            which = or_(which, flat)
        elif not own_networks:
            self.networks, self.segments = {}, {}
            return
        wanted = view_rows.NETWORKS.where(which)
        self._take_networks(self.left_out.rows(self.session, wanted, Network.id, NetworkRow))

    @property
    def _has_externals(self) -> bool:
        return bool(self.asked.network or self.asked.router)

    def _concerns_elections(self) -> bool:
        """Whether a requested port is of a router that several hosts have: one part of it would
        have to name them all.
        """
        of_routers = [self.router_ports[key] for key in self.asked.port if key in self.router_ports]
        return any(key in self.election_ports for key in self.asked.port) or any(
            row.holder_id in self.elected for row in of_routers
        )

    # -- parts -----------------------------------------------------------------------------------

    @cached_property
    def _book(self) -> RuleBook:
        port_ids = [row.id for row in self.guests if self._is_bound(row)]
        return RuleBook(self.ctx, port_ids, self.left_out)

    def _ports_asked(self) -> dict[str, PortPart]:
        if not self.asked.port:
            return {}
        parts = dict.fromkeys(self.asked.port, PortPart())
        bound = []
        for row in (*self.guests, *self.router_ports.values()):
            if row.id not in parts:
                continue
            if row.network_id in self.networks:
                parts[row.id] = self._port_part(row)
            if row.holder not in holders.SERVICES and row.binding_host:
                bound.append(row.id)
        if bound:
            members = filter_rules.members_among(self.ctx, self.host, bound, self.left_out)
            for port_id, groups in members.items():
                parts[port_id] = msgspec.structs.replace(parts[port_id], members=groups)
        return parts

    def _port_part(self, row: PortRow) -> PortPart:
        network = self.networks[row.network_id]
        if row.holder in holders.ROUTER:
            host = self.router_hosts.get(row.holder_id, "")
            peer_address = self._peer_address(network, host)
            return PortPart(
                network_id=network.id,
                peer=peer_address,
                mac=row.mac_address,
                addresses=self._known_addresses(row) if peer_address else [],
            )
        peer_address = self._peer_address(network, row.binding_host)
        served = self._served(row.network_id)
        is_local = self._is_bound(row)
        return PortPart(
            network_id=network.id,
            port=self._port(row, self._book, network) if is_local else None,
            dhcp_hosts=self._dhcp_hosts([row], served, network.project_id) if served else [],
            peer=peer_address,
            mac=row.mac_address,
            addresses=self._known_addresses(row) if peer_address else [],
            server=server_of(row) if peer_address else None,
        )

    def _networks_asked(self) -> dict[str, NetworkView | None]:
        views: dict[str, NetworkView | None] = dict.fromkeys(self.asked.network)
        for network_id in self.complete:
            if network_id in self.networks:
                views[network_id] = self._network(self.networks[network_id], self._book)
        return views

    def _router_views(self, routers: list[RouterRow]) -> dict[str, RouterView | None]:
        views: dict[str, RouterView | None] = dict.fromkeys(self.asked.router)
        views_of_routers = self._router_views_of(routers)
        return views | {view.id: view for view in views_of_routers}

    def _externals_asked(self) -> list[ExternalNetworkView] | None:
        return self._externals() if self._has_externals else None

    def _rules_asked(self) -> tuple[Rules, Rules]:
        """Rules of the requested groups, and of the other groups of their ports."""
        if not self.asked.group:
            return {}, {}
        groups = filter_rules.groups_beside(self.ctx, self.host, self.asked.group)
        rules = filter_rules.rules_of(self.ctx, groups, self.left_out)
        asked = groups.intersection(self.asked.group)
        return (
            {group: rules[group] for group in asked},
            {group: rules[group] for group in groups - asked},
        )

    def _members_asked(self) -> Members:
        if not self.asked.members:
            return {}
        is_requested = SecurityGroupRule.remote_group_id.in_(self.asked.members)
        named = filter_rules.named_on(self.ctx, self.host, is_requested)
        return filter_rules.members(self.ctx, named, self.left_out)

    def _qos(
        self,
        ports: Mapping[str, PortPart],
        networks: Mapping[str, NetworkView | None],
        routers: Mapping[str, RouterView | None],
    ) -> qos_rules.Rules:
        """Rules of the policies that these parts name, as a policy may have changed while nothing
        on the host had it; and of the requested policies that something on the host has.
        """
        named = {part.port.qos_policy for part in ports.values() if part.port is not None}
        named |= qos_rules.named_in(
            [network for network in networks.values() if network is not None],
            [router for router in routers.values() if router is not None],
        )
        named.update(qos_rules.used_on(self.ctx, self.host, self.asked.qos))
        return qos_rules.of_policies(self.ctx, named - {""}, self.left_out)

    def _address_groups_asked(self) -> dict[str, list[str]]:
        named = self._named(self.asked.address_group)
        return filter_rules.address_groups(self.ctx, named, self.left_out)

    def _addresses_asked(self) -> dict[str, dict[str, bool]]:
        """Whether address groups that rules of the host's ports name have the requested addresses;
        nothing about other groups.
        """
        by_group: dict[str, list[str]] = {}
        for key in self.asked.address:
            group, _, address = key.partition("/")
            by_group.setdefault(group, []).append(address)
        answer = {}
        for group in self._named(list(by_group)):
            present = filter_rules.addresses_among(self.ctx, group, by_group[group])
            answer[group] = {address: address in present for address in by_group[group]}
        return answer

    def _named(self, groups: list[str]) -> list[str]:
        """Those of the address groups that rules of the host's ports name."""
        if not groups:
            return []
        column = SecurityGroupRule.remote_address_group_id
        return filter_rules.named_on(self.ctx, self.host, column.in_(groups), column)
