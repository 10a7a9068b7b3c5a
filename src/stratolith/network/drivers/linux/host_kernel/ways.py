"""Routing tables that the mark of a packet chooses, in the namespace of this thread."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from stratolith.network.drivers.linux.host_kernel import netlink
from stratolith.network.drivers.linux.host_kernel.netlink import Link
from stratolith.network.drivers.linux.objects import WaySpec

_PRIORITY = 100  # of our rules; no other rule of the namespace has it
_GET_RULE = 34
_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_RULE_PRIORITY, _RULE_MARK, _RULE_TABLE, _ROUTE_TABLE = 6, 10, 15, 15


class _Route(NamedTuple):
    table: int
    destination: str
    nexthop: str
    device: int  # its index


def settle_routes(
    ip: Any, ways: Iterable[WaySpec], links: Mapping[str, Link], tables: range
) -> None:
    """Bring the tables to ``ways``; ``tables``: the numbers that are ours. Raises OSError and
    NetlinkError.
    """
    routes = {route for way in ways for route in _routes(way, links)}
    current = _present(tables)
    for route in sorted(current - routes):
        ip.route("del", **_arguments(route))
    for route in sorted(routes - current, key=lambda route: route.nexthop):  # prefixes first
        ip.route("replace", **_arguments(route))


def settle_rules(ip: Any, ways: Iterable[WaySpec], links: Mapping[str, Link]) -> None:
    """Let the marks of ``ways`` choose their tables. Raises OSError and NetlinkError."""
    rules = {(family, way.table) for family in _families(links) for way in ways}
    present = _rules()
    for family, table in sorted(present - rules):
        ip.rule("del", family=family, table=table, fwmark=table, priority=_PRIORITY)
    for family, table in sorted(rules - present):
        with contextlib.suppress(FileExistsError):
            ip.rule("add", family=family, table=table, fwmark=table, priority=_PRIORITY)


def _families(links: Collection[str]) -> Iterable[int]:
    return _FAMILIES if socket.has_ipv6 and links else ()


def _routes(way: WaySpec, links: Mapping[str, Link]) -> Iterable[_Route]:
    index = links[way.device].index
    for prefix in way.prefixes:
        yield _Route(way.table, prefix, "", index)
    for hop in way.nexthops:
        yield _Route(way.table, "::/0" if ":" in hop else "0.0.0.0/0", hop, index)


def _arguments(route: _Route) -> dict[str, Any]:
    gateway = {"gateway": route.nexthop} if route.nexthop else {"scope": "link"}
    if ":" in route.destination:
        gateway.pop("scope", None)
    return {"table": route.table, "dst": route.destination, "oif": route.device, **gateway}


def _rules() -> set[tuple[int, int]]:
    """(family, table) of our rules."""
    rules: set[tuple[int, int]] = set()
    for family in _FAMILIES:
        body = struct.pack("=B11x", family)
        for message in netlink.dump(socket.NETLINK_ROUTE, _GET_RULE, body):
            fields = netlink.attributes(message[12:])
            if message[0] == family and _number(fields.get(_RULE_PRIORITY)) == _PRIORITY:
                rules.add((family, _number(fields.get(_RULE_TABLE))))
    return rules


def _present(tables: range) -> set[_Route]:
    routes = set()
    for message in netlink.dump(socket.NETLINK_ROUTE, netlink.RTM_GETROUTE, bytes(12)):
        family, length = message[0], message[1]
        fields = netlink.attributes(message[12:])
        table = _number(fields.get(_ROUTE_TABLE))
        if table not in tables:
            continue
        anywhere = "0.0.0.0" if family == socket.AF_INET else "::"
        target = socket.inet_ntop(family, fields[1]) if 1 in fields else anywhere
        hop = socket.inet_ntop(family, fields[5]) if 5 in fields else ""
        routes.add(_Route(table, f"{target}/{length}", hop, _number(fields.get(4))))
    return routes


def _number(raw: bytes | None) -> int:
    return int(struct.unpack("=I", raw)[0]) if raw else 0
