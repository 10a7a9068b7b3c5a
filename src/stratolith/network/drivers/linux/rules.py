"""Security group rules: as nft text, and as a judgement about a flow that already runs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

import msgspec

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import RuleView
from stratolith.network.drivers.checks import ICMP, ICMPV6, WITH_PORTS, Network, protocol_number
from stratolith.network.drivers.linux import names


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """The first packet of a connection as conntrack remembers it."""

    source: str
    destination: str
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    icmp_type: int = 0
    icmp_code: int = 0


class RemoteSets:
    """Named nft sets of addresses, one per distinct list, shared by every rule that uses it."""

    def __init__(self) -> None:
        self._text: dict[str, str] = {}

    def name_of(self, cidrs: Sequence[Network]) -> str:
        family = "ipv4_addr" if cidrs[0].version == 4 else "ipv6_addr"
        elements = ", ".join(_element(cidr) for cidr in cidrs)
        name = f"remote_{names.digest(elements)}"
        self._text[name] = (
            f"  set {name} {{\n    type {family}\n    flags interval\n"
            f"    elements = {{ {elements} }}\n  }}\n"
        )
        return name

    def text(self) -> str:
        return "".join(self._text[name] for name in sorted(self._text))


def _element(cidr: Network) -> str:
    return str(cidr.network_address) if cidr.prefixlen == cidr.max_prefixlen else str(cidr)


def remote_networks(rule: RuleView) -> list[Network] | None:
    """Where the peer may be: None for anywhere; collapsed, of the rule's family only."""
    if rule.remote_cidrs is None:
        return None
    version = 6 if rule.ethertype == "IPv6" else 4
    parsed = [checks.network(cidr) for cidr in rule.remote_cidrs]
    if version == 4:
        return list(ipaddress.collapse_addresses(
            net for net in parsed if isinstance(net, ipaddress.IPv4Network)
        ))  # fmt: skip
    return list(ipaddress.collapse_addresses(
        net for net in parsed if isinstance(net, ipaddress.IPv6Network)
    ))  # fmt: skip


def matches(rules: Iterable[RuleView], direction: str, sets: RemoteSets) -> list[str]:
    """The nft match of each rule of one direction, without its verdict."""
    found = []
    for rule in rules:
        if rule.direction != direction:
            continue
        match = _match(rule, "saddr" if direction == "ingress" else "daddr", sets)
        if match is not None:
            found.append(match)
    return found


def _match(rule: RuleView, side: str, sets: RemoteSets) -> str | None:
    family = "ip6" if rule.ethertype == "IPv6" else "ip"
    parts = [f"meta protocol {family}"]
    remote = remote_networks(rule)
    if remote is not None:
        if not remote:
            return None  # nobody: the rule lets nothing through
        if any(net.prefixlen for net in remote):
            parts.append(f"{family} {side} @{sets.name_of(remote)}")
    number = protocol_number(rule)
    if number is not None:
        parts.append(f"meta l4proto {number}")
        parts.extend(_ports(rule, number))
    return " ".join(parts)


def _ports(rule: RuleView, number: int) -> list[str]:
    low, high = rule.port_range_min, rule.port_range_max
    if number in (ICMP, ICMPV6):
        word = "icmp" if number == ICMP else "icmpv6"
        parts = [] if low is None else [f"{word} type {int(low)}"]
        return parts if high is None else [*parts, f"{word} code {int(high)}"]
    if number not in WITH_PORTS or low is None or high is None:
        return []
    return [f"th dport {int(low)}" if low == high else f"th dport {int(low)}-{int(high)}"]


def permits(rules: Iterable[RuleView], direction: str, flow: Flow) -> bool:
    """Whether a port with these rules would let the first packet of ``flow`` through."""
    peer = ipaddress.ip_address(flow.source if direction == "ingress" else flow.destination)
    ethertype = f"IPv{peer.version}"
    return any(
        rule.direction == direction and rule.ethertype == ethertype and _permits(rule, peer, flow)
        for rule in rules
    )


def _permits(
    rule: RuleView, peer: ipaddress.IPv4Address | ipaddress.IPv6Address, flow: Flow
) -> bool:
    remote = remote_networks(rule)
    if remote is not None and not any(peer in net for net in remote):
        return False
    number = protocol_number(rule)
    if number is None:
        return True
    if number != flow.protocol:
        return False
    low, high = rule.port_range_min, rule.port_range_max
    if number in (ICMP, ICMPV6):
        return low in (None, flow.icmp_type) and high in (None, flow.icmp_code)
    if number not in WITH_PORTS or low is None or high is None:
        return True
    return low <= flow.destination_port <= high
