"""Security group rules: as nft text, and as a check of an existing flow."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import RuleView
from stratolith.network.drivers.checks import ICMP, ICMPV6, WITH_PORTS, Network, protocol_number
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.tables import NamedSet, named


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """The first packet of a connection as conntrack records it."""

    source: str
    destination: str
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    icmp_type: int = 0
    icmp_code: int = 0


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of a security group's ports or of an address group, of both IP versions."""

    single: frozenset[str] = frozenset()  # in the kernel's notation
    blocks: tuple[Network, ...] = ()  # of address pairs, collapsed

    def has(self, peer: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return str(peer) in self.single or any(peer in block for block in self.blocks)


NO_MEMBERS = Members()


def members(addresses: Iterable[str]) -> Members:
    """The addresses, without invalid texts."""
    single, blocks = set(), []
    for text in addresses:
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            net = checks.network(text)
            if net.prefixlen == net.max_prefixlen:
                single.add(str(net.network_address))
            else:
                blocks.append(net)
    return Members(single=frozenset(single), blocks=tuple(_collapsed(blocks)))


def _collapsed(nets: Sequence[Network]) -> list[Network]:
    of_ipv4 = [net for net in nets if isinstance(net, ipaddress.IPv4Network)]
    of_ipv6 = [net for net in nets if isinstance(net, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(of_ipv4), *ipaddress.collapse_addresses(of_ipv6)]


class RemoteSets:
    """Named nft sets of addresses, shared by every rule that uses them.

    Sets of a list of ranges have a name derived from their content. A security group or address
    group has one set of addresses for each IP version and, if it has any, one of blocks; both
    change when its members change.
    """

    def __init__(self, groups: Mapping[str, Members] | None = None) -> None:
        self._groups = groups or {}
        self.sets: dict[str, NamedSet] = {}

    def name_of(self, cidrs: Sequence[Network]) -> str:
        family = "ipv4_addr" if cidrs[0].version == 4 else "ipv6_addr"
        elements = dict.fromkeys((_element(cidr) for cidr in cidrs), "")
        name = f"remote_{names.digest(sorted(elements))}"
        self.sets[name] = NamedSet(kind=f"type {family}", elements=elements, flags="interval")
        return name

    def names_of_group(self, group: str, version: int) -> list[str]:
        """The sets of a group's addresses of this IP version: single ones, and blocks if any.

        Empty when its members may have any address.
        """
        name = f"group{version}_{names.digest(group)}"
        known = self._groups.get(group, NO_MEMBERS)
        if name not in self.sets:
            addresses = (address for address in known.single if (":" in address) == (version == 6))
            self.sets[name] = named(f"type ipv{version}_addr", addresses)
        blocks = [block for block in known.blocks if block.version == version]
        if any(block.prefixlen == 0 for block in blocks):
            return []  # anywhere
        if not blocks:
            return [name]
        of_blocks = f"blocks{version}_{names.digest(group)}"
        if of_blocks not in self.sets:
            elements = dict.fromkeys((str(block) for block in blocks), "")
            kind = f"type ipv{version}_addr"
            self.sets[of_blocks] = NamedSet(kind=kind, elements=elements, flags="interval")
        return [name, of_blocks]


def _element(cidr: Network) -> str:
    return str(cidr.network_address) if cidr.prefixlen == cidr.max_prefixlen else str(cidr)


def remote_networks(rule: RuleView) -> list[Network] | None:
    """The networks the peer may be in: None for any; collapsed, of the rule's family only."""
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
    """The nft matches of the rules of one direction, without their verdict."""
    lines = []
    for rule in rules:
        if rule.direction != direction:
            continue
        lines += _matches(rule, "saddr" if direction == "ingress" else "daddr", sets)
    return lines


def _matches(rule: RuleView, side: str, sets: RemoteSets) -> list[str]:
    family, version = ("ip6", 6) if rule.ethertype == "IPv6" else ("ip", 4)
    sources = [""]
    if rule.peers:
        set_names = sets.names_of_group(rule.peers, version)
        sources = [f" {family} {side} @{name}" for name in set_names] or sources
    else:
        remote = remote_networks(rule)
        if remote is not None and not remote:
            return []  # no address: the rule accepts nothing
        if remote is not None and all(net.prefixlen for net in remote):
            sources = [f" {family} {side} @{sets.name_of(remote)}"]
    tail = ""
    number = protocol_number(rule)
    if number is not None:
        tail = " ".join([f" meta l4proto {number}", *_ports(rule, number)])
    return [f"meta protocol {family}{source}{tail}" for source in sources]


def _ports(rule: RuleView, number: int) -> list[str]:
    low, high = rule.port_range_min, rule.port_range_max
    if number in (ICMP, ICMPV6):
        word = "icmp" if number == ICMP else "icmpv6"
        parts = [] if low is None else [f"{word} type {int(low)}"]
        return parts if high is None else [*parts, f"{word} code {int(high)}"]
    if number not in WITH_PORTS or low is None or high is None:
        return []
    return [f"th dport {int(low)}" if low == high else f"th dport {int(low)}-{int(high)}"]


def permits(
    rules: Iterable[RuleView], direction: str, flow: Flow, groups: Mapping[str, Members]
) -> bool:
    """Whether a port with these rules would accept the first packet of ``flow``."""
    peer = ipaddress.ip_address(flow.source if direction == "ingress" else flow.destination)
    ethertype = f"IPv{peer.version}"
    return any(
        rule.direction == direction
        and rule.ethertype == ethertype
        and _permits(rule, peer, flow, groups)
        for rule in rules
    )


def _permits(
    rule: RuleView,
    peer: ipaddress.IPv4Address | ipaddress.IPv6Address,
    flow: Flow,
    groups: Mapping[str, Members],
) -> bool:
    if rule.peers:
        if not groups.get(rule.peers, NO_MEMBERS).has(peer):
            return False
    else:
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
