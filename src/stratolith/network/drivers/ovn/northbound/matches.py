"""Security groups as access control lists: rules become matches in OVN's language.

Only checked numbers and addresses become part of a match, never a text of a tenant.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import RuleView
from stratolith.network.drivers.checks import ICMP, ICMPV6, WITH_PORTS
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.ovn.northbound.rows import Link, Partial, Row

METADATA_ADDRESS = "169.254.169.254"
DROP_KEY = "drop"
DROP_GROUP = "stratolith_drop"  # all ports with port security
_DROP, _ALLOW, _FORBID = 1001, 1002, 1003
_WORDS = {6: "tcp", 17: "udp", 132: "sctp"}
BASE = "base/"  # the owner of what every cloud has
_MEMBERS = "members"
ADDRESSES = "address_group"  # as in the keys of views


def group_name(group: str) -> str:
    """The name of a group's port group; names of OVN have letters, digits, "_" and "."."""
    return "sg_" + _word(group)


def set_name(group: str, version: int) -> str:
    """The name of a group's address set: not the port group's with "_ip4" or "_ip6", which are
    names of sets that northd makes itself. With two sets of one name it writes nothing any more.
    """
    return f"members_{_word(group)}_v{version}"


def _word(group: str) -> str:
    if not group.replace("-", "").isalnum():
        raise ValueError(f"{group!r} is not a usable id")
    return group.replace("-", "_")


def base_rows() -> list[Row]:
    """The group of all filtered ports: it drops what no security group allows."""
    here, there = f"inport == @{DROP_GROUP}", f"outport == @{DROP_GROUP}"
    lists = [
        ("from-lport", _DROP, f"{here} && ip", "drop"),
        ("to-lport", _DROP, f"{there} && ip", "drop"),
        # a guest may ask a DHCP server, and is none
        ("from-lport", _ALLOW, f"{here} && ip4 && udp.src == 68 && udp.dst == 67", "allow"),
        ("from-lport", _ALLOW, f"{here} && ip6 && udp.src == 546 && udp.dst == 547", "allow"),
        ("from-lport", _FORBID, f"{here} && ip4 && udp.src == 67 && udp.dst == 68", "drop"),
        ("from-lport", _FORBID, f"{here} && ip6 && udp.src == 547 && udp.dst == 546", "drop"),
    ]
    for version, address in ((4, METADATA_ADDRESS), (6, metadata6.ADDRESS)):
        to, source = f"ip{version}.dst == {address}", f"ip{version}.src == {address}"
        lists += [
            ("from-lport", _ALLOW, f"{here} && {to} && tcp.dst == 80", "allow-related"),
            ("from-lport", _FORBID, f"{here} && {source}", "drop"),
            # nobody else has the address; ports of stateless groups know no replies
            ("to-lport", _ALLOW, f"{there} && {source} && tcp.src == 80", "allow-related"),
        ]
    lists.append(("from-lport", _FORBID, f"{here} && icmp6.type == 137", "drop"))  # redirects
    group = Row(table="Port_Group", key=DROP_KEY, owner=BASE, columns={"name": DROP_GROUP})
    rows = [group, *(_list(DROP_KEY, BASE, *each) for each in lists)]
    # without "arp" in the first stage, which has no connections to end
    return [*rows, _late_drop(f"{here} && arp.spa == {METADATA_ADDRESS}")]


def foreign_dhcp(network_id: str, owner: str, way: str) -> Row:
    """What drops answers of other DHCP servers where ours answer; ``way``: port of the wire."""
    answer = "((udp.src == 67 && udp.dst == 68) || (udp.src == 547 && udp.dst == 546))"
    match = f"inport == {json.dumps(way)} && {answer}"
    row = _list(network_id, owner, "from-lport", _FORBID, match, "drop")
    link = Link("Logical_Switch", network_id, "acls")
    return msgspec.structs.replace(row, links=(link,))


def _late_drop(match: str) -> Row:
    """A list of the stage behind load balancing."""
    row = _list(DROP_KEY, BASE, "from-lport", _FORBID, match, "drop")
    columns = {**row.columns, "options": {"apply-after-lb": "true"}}
    return msgspec.structs.replace(row, columns=columns)


def group_rows(group: str, rules: Iterable[RuleView], *, stateful: bool = True) -> list[Row]:
    """The port group of a security group and its lists; raises ``ValueError``."""
    action = "allow-related" if stateful else "allow-stateless"
    owner = f"group/{group}"
    name = group_name(group)
    rows = {name: Row(table="Port_Group", key=group, owner=owner, columns={"name": name})}
    reasons = []
    for rule in rules:
        try:
            wanted = list(matches(checks.rule(rule), name))
        except ValueError as error:  # it allows nothing
            reasons.append(str(error))
            continue
        for match in wanted:
            row = _list(group, owner, _direction(rule), _ALLOW, match, action)
            rows[row.key] = row
    if reasons:
        raise Partial(list(rows.values()), "; ".join(dict.fromkeys(reasons)))
    return list(rows.values())


def member_rows(group: str, members: Mapping[str, Sequence[str]]) -> list[Row]:
    """The address sets of a group that rules name; ``members``: port -> addresses."""
    networks = {checks.network(text) for addresses in members.values() for text in addresses}
    return [
        Row(
            table="Address_Set",
            key=f"{group}/{version}",
            owner=f"{_MEMBERS}/{group}",
            columns={
                "name": set_name(group, version),
                "addresses": frozenset(str(n) for n in networks if n.version == version),
            },
        )
        for version in (4, 6)
    ]


def address_rows(group: str, cidrs: Iterable[str]) -> list[Row]:
    """The address sets of an address group; raises ``ValueError``."""
    networks = {half for cidr in cidrs for half in _halves(checks.network(cidr))}
    return [
        Row(
            table="Address_Set",
            key=f"{ADDRESSES}/{group}/{version}",
            owner=f"{ADDRESSES}/{group}",
            columns={
                "name": _addresses_name(group, version),
                "addresses": frozenset(str(n) for n in networks if n.version == version),
            },
        )
        for version in (4, 6)
    ]


def _halves(network: checks.Network) -> Iterable[checks.Network]:
    """The network; two of them for all addresses, which are no element of a set."""
    return (network,) if network.prefixlen else network.subnets()


def _addresses_name(group: str, version: int) -> str:
    return f"ag_{_word(group)}_ip{version}"


def _list(group: str, owner: str, direction: str, priority: int, match: str, action: str) -> Row:
    digest = hashlib.sha256(f"{direction} {priority} {match}".encode()).hexdigest()[:16]
    return Row(
        table="ACL",
        key=f"{group}/{digest}",
        owner=owner,
        columns={"direction": direction, "priority": priority, "match": match, "action": action},
        links=(Link("Port_Group", group, "acls"),),
    )


def _direction(rule: RuleView) -> str:
    return "to-lport" if rule.direction == "ingress" else "from-lport"


def matches(rule: RuleView, port_group: str) -> Iterator[str]:
    """The matches of a rule: none when it allows no address."""
    version = 6 if rule.ethertype == "IPv6" else 4
    inward = rule.direction == "ingress"
    parts = [f"{'outport' if inward else 'inport'} == @{port_group}", f"ip{version}"]
    side = f"ip{version}.{'src' if inward else 'dst'}"
    if rule.remote_group:
        parts.append(f"{side} == ${set_name(rule.remote_group, version)}")
    elif rule.address_group:
        parts.append(f"{side} == ${_addresses_name(rule.address_group, version)}")
    elif rule.remote_cidrs is not None:
        networks = [checks.network(cidr) for cidr in rule.remote_cidrs]
        networks = [network for network in networks if network.version == version]
        if not networks:
            return
        if all(network.prefixlen for network in networks):
            listed = ", ".join(sorted(str(network) for network in networks))
            parts.append(f"{side} == {{{listed}}}")
    number = checks.protocol_number(rule)
    if number is not None:
        parts += _protocol(rule, number)
    yield " && ".join(parts)


def _protocol(rule: RuleView, number: int) -> Iterator[str]:
    low, high = rule.port_range_min, rule.port_range_max
    if number in (ICMP, ICMPV6):
        word = "icmp4" if number == ICMP else "icmp6"
        yield word
        if low is not None:
            yield f"{word}.type == {int(low)}"
        if high is not None:
            yield f"{word}.code == {int(high)}"
        return
    word = _WORDS.get(number, "")
    yield word or f"ip.proto == {number}"
    if number in WITH_PORTS and low is not None and high is not None:
        if not word:
            raise ValueError(f"OVN cannot match the ports of IP protocol {number}")
        if low == high:
            yield f"{word}.dst == {int(low)}"
        else:
            yield f"{word}.dst >= {int(low)} && {word}.dst <= {int(high)}"


class GroupsView(msgspec.Struct, frozen=True):
    """Security groups: their rules, the addresses of those that rules name, and stateless ones."""

    rules: dict[str, list[RuleView]] = {}
    members: dict[str, dict[str, list[str]]] = {}
    stateless: frozenset[str] = frozenset()
