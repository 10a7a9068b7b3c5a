"""The rows that a view of networks needs. What cannot be realised is left out, with the reason."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from stratolith.network.drivers.base import (
    DhcpHostView,
    HostNetworkView,
    NetworkView,
    RuleView,
)
from stratolith.network.drivers.ovn.northbound import guests, matches, names, qos, routers, switches
from stratolith.network.drivers.ovn.northbound.matches import GroupsView
from stratolith.network.drivers.ovn.northbound.rows import Partial, Row


class Placement(msgspec.Struct, frozen=True):
    """Where things may be: hosts of ports ("" or none: any), hosts of gateways, the best first."""

    ports: Mapping[str, str] = {}
    gateways: Mapping[str, Sequence[str]] = {}  # by router
    default: Sequence[str] = ()  # for gateways of routers that are not in ``gateways``


class Plan(msgspec.Struct):
    """Rows, and objects that cannot be realised, with the reason."""

    rows: list[Row] = []
    errors: dict[str, str] = {}

    def add(self, object_id: str, make: Callable[..., list[Row]], *arguments: Any) -> None:
        """Add the rows that ``make(*arguments)`` returns, or its ValueError to the errors."""
        try:
            self.rows += make(*arguments)
        except Partial as error:
            self.rows += error.rows
            self.errors[object_id] = str(error)
        except ValueError as error:
            self.errors[object_id] = str(error)


def whole(view: HostNetworkView, groups: GroupsView, places: Placement) -> Plan:
    """All rows of a database."""
    plan = Plan(rows=matches.base_rows())
    for group, group_rules in groups.rules.items():
        plan.add(group, matches.group_rows, group, group_rules)
    for group, members in groups.members.items():
        plan.add(group, matches.member_rows, group, members)
    rules, unusable = qos.usable(view.qos)
    plan.errors |= unusable
    for network in view.networks:
        add_network(plan, network, places, rules)
    for router in view.routers:
        chassis = places.gateways.get(router.id, places.default)
        plan.add(router.id, routers.router_rows, router, chassis, rules)
    return plan


def add_network(plan: Plan, network: NetworkView, places: Placement, rules: qos.Rules) -> None:
    """The rows of a network and of its ports."""
    try:
        rows = switches.network_rows(network)
    except ValueError as error:
        plan.errors[network.id] = str(error)
        return
    plan.rows += rows
    options = {row.key: row for row in rows if row.table == "DHCP_Options"}
    reservations: dict[str, list[DhcpHostView]] = defaultdict(list)
    for reservation in network.dhcp_hosts:
        reservations[reservation.port_id].append(reservation)
    for port in network.ports:
        host = places.ports.get(port.id, "")
        reserved = reservations[port.id]
        values = (network.id, port, reserved, options, rules, host)
        plan.add(port.id, guests.port_rows, *values)
    for port_id, reserved in reservations.items():
        plan.add(port_id, names.name_rows, network.id, port_id, reserved, network.dns_domain)


def groups_of(view: HostNetworkView) -> tuple[HostNetworkView, GroupsView]:
    """A view whose ports have one made-up group for each list of rules, and these groups.

    For views that do not say which rule is whose group's.
    """
    rules: dict[str, list[RuleView]] = {}

    def named(network: NetworkView) -> NetworkView:
        ports = []
        for port in network.ports:
            name = f"rules{hashlib.sha256(msgspec.json.encode(port.rules)).hexdigest()[:16]}"
            rules[name] = port.rules
            ports.append(msgspec.structs.replace(port, groups=[name]))
        return msgspec.structs.replace(network, ports=ports)

    changed = msgspec.structs.replace(view, networks=[named(n) for n in view.networks])
    return changed, GroupsView(rules, view.groups)
