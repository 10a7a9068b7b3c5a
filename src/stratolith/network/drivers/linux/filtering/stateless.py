"""Ports with stateless security groups: their packets are not tracked.

A packet has one state for both of its ports. So a packet between a stateless port and a stateful
one on the same bridge is tracked, for the stateful one; the chains of the stateless one do not
look at the state. The bridge's own address counts as stateful: the host translates addresses. So
do ports with local IPs, whose answers are translated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.facts import FilteredPort
from stratolith.network.drivers.linux.filtering.local_ips import LocalIps
from stratolith.network.drivers.linux.tables import NamedSet, named


class Untracked:
    """Rules and sets for the hook before conntrack. ``up``: the ports that are not down."""

    def __init__(
        self, up: Sequence[FilteredPort], marks: Mapping[str, int], native: bool, local: LocalIps
    ) -> None:
        self.native, self.marks, self.local_macs = native, marks, local.tracked_macs
        guarded = [p for p in up if p.view.port_security and p.view.tap not in local.tracked_taps]
        self.free = [port for port in guarded if not port.view.stateful]
        bridges = {port.bridge for port in self.free}
        self.tracked = [p for p in guarded if p.view.stateful and p.bridge in bridges]
        self.tracked += [p for p in up if p.view.tap in local.tracked_taps]
        self.routed = {port.bridge for port in self.free if port.bridge_is_routed}

    @property
    def lines(self) -> list[str]:
        """Not ``notrack`` alone: the zone that is set next would replace that state."""
        if not self.free:
            return []
        sender = "iifname" if self.native else "meta mark"
        receiver = f"meta {'ibrname' if self.native else 'iifname'} . ether daddr"
        return [
            f"{sender} @free_ports {receiver} != @tracked_macs notrack accept",
            f"{receiver} @free_macs {sender} != @tracked_ports notrack accept",
        ]

    @property
    def sets(self) -> dict[str, NamedSet]:
        if not self.free:
            return {}
        tracked = self._macs(self.tracked) | self.local_macs
        tracked |= {f'"{bridge}" . {names.bridge_mac(bridge)}' for bridge in self.routed}
        kind, macs = f"type {'ifname' if self.native else 'mark'}", "type ifname . ether_addr"
        return {
            "free_ports": named(kind, self._senders(self.free)),
            "tracked_ports": named(kind, self._senders(self.tracked)),
            "free_macs": named(macs, self._macs(self.free)),
            "tracked_macs": named(macs, tracked),
        }

    def _senders(self, ports: Iterable[FilteredPort]) -> list[str]:
        if self.native:
            return [f'"{port.view.tap}"' for port in ports]
        return [f"{self.marks[port.view.id]:#x}" for port in ports]

    @staticmethod
    def _macs(ports: Iterable[FilteredPort]) -> set[str]:
        """Bridge and address of the ports and of their allowed pairs."""
        return {
            f'"{port.bridge}" . {mac}'
            for port in ports
            for mac in port.facts.addresses.sources.macs
        }
