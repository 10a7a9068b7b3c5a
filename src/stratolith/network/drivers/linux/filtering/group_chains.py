"""Chains of security group rules, one for all ports that are treated the same.

A chain is reached with packets of one direction of its ports. It accepts what belongs to a
connection, and what a rule matches; the rest it drops. For stateless groups there are no
connections: each packet needs a rule. For logged ports, packets that rules accept or drop are
logged before (packet_log.py reads that).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from stratolith.network.drivers.base import LogLimits, LogView, RuleView
from stratolith.network.drivers.linux import names, rules
from stratolith.network.drivers.linux.tables import NamedSet

LOG_GROUP = 7414  # of nfnetlink_log: packets for packet_log.py
PREFIX = "stl"  # of logged packets, before direction, action and security group
COPIED_BYTES = 128  # of a logged packet
_STATES = "ct state vmap { established : goto ok, related : goto ok, invalid : drop }"
# Conntrack accepts TCP connections whose start it did not see. Without this line, a flow that was
# ended because its rule was removed would be accepted again with the guest's next packet.
_NEW_TCP = "tcp flags & (fin | syn | rst | ack) != syn ct state new"
_EGRESS_BASE = (
    # a guest requests addresses; it must not act as a DHCP server or router
    "udp sport 67 udp dport 68 drop",
    "udp sport 547 udp dport 546 drop",
    "icmpv6 type nd-router-advert drop",
    "icmpv6 type { 130, 131, 132, 133, 135, 136, 143 } goto ok",
)
_INGRESS_BASE = ("icmpv6 type { 130, 131, 132, 134, 135, 136 } goto ok",)
_EGRESS_DHCP = ("udp sport 68 udp dport 67 goto ok", "udp sport 546 udp dport 547 goto ok")
_INGRESS_DHCP = ("udp sport 67 udp dport 68 goto ok", "udp sport 547 udp dport 546 goto ok")


class Logged(msgspec.Struct, frozen=True):
    """What is logged of a port: packets accepted by the rules of these groups ("" for every
    group), and dropped packets.
    """

    accepted: tuple[str, ...] = ()
    dropped: bool = False

    def covers(self, group: str) -> bool:
        return "" in self.accepted or group in self.accepted


NOTHING = Logged()


def logged(logs: Iterable[LogView]) -> Logged:
    views = list(logs)
    accepted = {view.group for view in views if view.event in ("ACCEPT", "ALL")}
    return Logged(
        accepted=("",) if "" in accepted else tuple(sorted(accepted)),
        dropped=any(view.event in ("DROP", "ALL") for view in views),
    )


class Content(msgspec.Struct, frozen=True):
    """What decides the lines of a chain. ``groups``: the group of each rule, for logged ports."""

    direction: str
    rules: list[RuleView]
    stateful: bool = True
    logged: Logged = NOTHING
    groups: list[str] = []


def names_of(content: Content, groups: Sequence[str]) -> Iterator[str]:
    """Possible names of the chain: one derived from its security groups, which does not change
    with their rules, and one derived from the rules.
    """
    kind = content.direction
    if not content.stateful:
        kind += "_free"
    if content.logged != NOTHING:
        kind += f"_log{names.digest(content.logged)[:6]}"
    if groups:
        yield f"{kind}_{names.digest(groups)}"
    yield f"{kind}_{names.digest(content.rules)}"


class GroupChains:
    """The chains of security group rules, and the sets and chains that they use."""

    def __init__(
        self, native: bool, groups: Mapping[str, rules.Members], limits: LogLimits
    ) -> None:
        self.native, self.limits = native, limits
        self.remotes = rules.RemoteSets(groups)
        self.chains: dict[str, list[str]] = {}
        self.log_chains: dict[str, list[str]] = {}
        self._contents: dict[str, Content] = {}

    def name_of(self, content: Content, groups: Sequence[str]) -> str:
        """The chain for this content, shared by all ports with the same."""
        name = next(
            name
            for name in names_of(content, groups)
            if self._contents.setdefault(name, content) == content
        )
        if name not in self.chains:
            self.chains[name] = self._lines(content)
        return name

    @property
    def sets(self) -> dict[str, NamedSet]:
        sets = {name: self.remotes.sets[name] for name in sorted(self.remotes.sets)}
        if self.log_chains:
            kind = "ifname" if self.native else "mark"
            sets["logged"] = NamedSet(
                kind=f"type {kind}; size 65535; timeout 60s",
                elements={},
                flags="dynamic,timeout",
            )
        return sets

    def _lines(self, content: Content) -> list[str]:
        is_egress = content.direction == "egress"
        drop = "drop"
        if content.logged.dropped:
            drop = f"goto {self._log_chain(content.direction, 'drop')}"
        lines = [*(_EGRESS_BASE if is_egress else _INGRESS_BASE)]
        if content.stateful:
            lines.append(_STATES)
        lines += _EGRESS_DHCP if is_egress else _INGRESS_DHCP
        if content.stateful:
            lines.append(f"{_NEW_TCP} {drop}")
        lines += dict.fromkeys(self._matches(content))
        return [*lines, drop]

    def _matches(self, content: Content) -> Iterator[str]:
        for number, rule in enumerate(content.rules):
            accept = "goto ok"
            if content.logged.accepted and content.logged.covers(content.groups[number]):
                chain = self._log_chain(content.direction, "accept", content.groups[number])
                accept = f"goto {chain}"
            for match in rules.matches([rule], content.direction, self.remotes):
                yield f"{match} {accept}"

    def _log_chain(self, direction: str, action: str, group: str = "") -> str:
        """A chain that logs a packet, if its port did not log too many, and then acts on it."""
        way = "in" if direction == "ingress" else "out"
        name = f"log_{way}_{action}"
        if group:
            name += f"_{names.digest(group)}"
        key = "meta mark"
        if self.native:
            key = "oifname" if direction == "ingress" else "iifname"
        rate = f"limit rate {self.limits.rate}/second burst {self.limits.burst} packets"
        prefix = ":".join((PREFIX, way, action, names.checked_id(group) if group else ""))
        self.log_chains[name] = [
            f'update @logged {{ {key} {rate} }} log prefix "{prefix}" group {LOG_GROUP} '
            f"snaplen {COPIED_BYTES}",
            "accept" if action == "accept" else "drop",
        ]
        return name
