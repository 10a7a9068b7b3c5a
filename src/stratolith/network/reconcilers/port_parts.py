"""What one host has of a few ports: the same as its whole view says of them, by few rows.

``agent/parts.py`` puts it into the view that the host has. What reaches beyond the ports that were
asked for is answered by the whole view: a key that is no guest's port, a row that cannot be read.
"""

from __future__ import annotations

from functools import cached_property

import msgspec
from sqlalchemy import or_, select

from stratolith.kernel.context import Context
from stratolith.network.drivers.base import HostNetworkPart, HostNetworkView, PortPart
from stratolith.network.managers import holders, host_hints, placement
from stratolith.network.models import FixedIp, Network, Port
from stratolith.network.reconcilers import filter_rules, view_rows
from stratolith.network.reconcilers.filter_rules import RuleBook
from stratolith.network.reconcilers.host_view import Compiler, compile_view
from stratolith.network.reconcilers.view_rows import NetworkRow, PortRow

MOST = 50  # ports; of more the whole view is less work


def answer(ctx: Context, host: str, keys: list[str] | None) -> HostNetworkView | HostNetworkPart:
    """The whole view without keys; with keys a part, which may hold the whole view instead."""
    if keys is None:
        return compile_view(ctx, host)
    asked = {host_hints.port_of(key) for key in keys}
    if len(asked) <= MOST and "" not in asked:
        made = _PartCompiler(ctx, host).part(sorted(asked))
        if made is not None:
            return made
    whole = compile_view(ctx, host)
    return HostNetworkPart(generation=whole.generation, whole=whole)


class _PartCompiler(Compiler):
    @cached_property
    def tunnels(self) -> dict[str, str]:
        """Of this host and those of the ports."""
        hosts = {self.host, *(row.binding_host for row in self.guests)} - {""}
        return placement.tunnel_addresses(self.ctx, hosts)

    def part(self, port_ids: list[str]) -> HostNetworkPart | None:
        """None when the whole view is needed."""
        asked = self._asked(port_ids)
        if asked is None:
            return None
        self._read(asked)
        guests = [row for row in self.guests if row.network_id in self.networks]
        book = RuleBook(
            self.ctx, [row.id for row in guests if row.binding_host == self.host], self.left_out
        )
        found = {row.id: self._part_of(row, book) for row in guests}
        there = [port_id for port_id, row in asked.items() if row.binding_host]
        if there:
            among = filter_rules.members_among(self.ctx, self.host, there, self.left_out)
            for port_id, groups in among.items():
                part = found.get(port_id, PortPart())
                found[port_id] = msgspec.structs.replace(part, members=groups)
        if self.left_out.reasons:
            return None
        return HostNetworkPart(
            generation=self.generation,
            ports={port_id: found.get(port_id, PortPart()) for port_id in port_ids},
        )

    def _asked(self, port_ids: list[str]) -> dict[str, PortRow] | None:
        wanted = view_rows.PORTS.where(Port.id.in_(port_ids))
        rows = self.left_out.rows(self.session, wanted, Port.id, PortRow)
        if self.left_out.reasons or any(row.holder in holders.SERVICES for row in rows):
            return None
        return {row.id: row for row in rows}

    def _read(self, asked: dict[str, PortRow]) -> None:
        """The networks of the ports that the host has, and what these have of their own."""
        of_ports = sorted({row.network_id for row in asked.values()})
        here = placement.networks_of(self.ctx, self.host, of_ports) if of_ports else []
        wanted = view_rows.NETWORKS.where(Network.id.in_(here))
        rows = self.left_out.rows(self.session, wanted, Network.id, NetworkRow) if here else []
        self.networks = {network.id: network for network in rows}
        ids, on_these = list(asked), list(self.networks)
        servers = Port.network_id.in_(on_these) & (Port.holder == holders.DHCP)
        their_ids = select(Port.id).where(servers)
        self._take_ports(
            or_(Port.id.in_(ids), servers),
            or_(FixedIp.port_id.in_(ids), FixedIp.port_id.in_(their_ids)),
        )
        self._read_subnets()

    def _part_of(self, row: PortRow, book: RuleBook) -> PortPart:
        network, served = self.networks[row.network_id], self._served(row.network_id)
        here = row.binding_host == self.host
        return PortPart(
            network_id=network.id,
            port=self._port(row, book, network) if here else None,
            dhcp_hosts=self._dhcp_hosts([row], served, network.project_id) if served else [],
            peer=self._way(network, row.binding_host),
            mac=row.mac_address,
        )
