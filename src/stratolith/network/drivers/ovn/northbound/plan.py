"""The rows that a view of networks needs. What cannot be realised is left out, with the reason."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from stratolith.network.drivers.base import (
    DhcpHostView,
    HostNetworkView,
    NetworkView,
    PortView,
    RuleView,
)
from stratolith.network.drivers.ovn.northbound import guests, matches, names, qos, routers, switches
from stratolith.network.drivers.ovn.northbound.matches import GroupsView
from stratolith.network.drivers.ovn.northbound.rows import Partial, Row


class Placement(msgspec.Struct, frozen=True):
    """Where things may be: hosts of ports ("" or none: any), hosts of gateways, the best first.

    prepared: port -> further hosts to which it may move soon.
    """

    ports: Mapping[str, str] = {}
    prepared: Mapping[str, Sequence[str]] = {}
    gateways: Mapping[str, Sequence[str]] = {}  # by router
    default: Sequence[str] = ()  # for gateways of routers that are not in ``gateways``

    def hosts_of(self, port_id: str) -> list[str]:
        """The hosts that may have the port, its own first; empty for any."""
        host = self.ports.get(port_id, "")
        return [host, *self.prepared.get(port_id, ())] if host else []


class Plan(msgspec.Struct):
    """Rows, and objects that cannot be realised, with the reason."""

    rows: list[Row] = []
    errors: dict[str, str] = {}
    absent: set[str] = set()  # those of the objects that have no rows

    def add(self, object_id: str, make: Callable[..., list[Row]], *arguments: Any) -> None:
        """Add the rows that ``make(*arguments)`` returns, or its ValueError to the errors."""
        try:
            self.rows += make(*arguments)
        except Partial as error:
            self.rows += error.rows
            self.errors[object_id] = str(error)
        except ValueError as error:
            self.errors[object_id] = str(error)
            self.absent.add(object_id)


def whole(view: HostNetworkView, groups: GroupsView, places: Placement) -> Plan:
    """All rows of a database."""
    plan = Plan(rows=matches.base_rows())
    for group, group_rules in groups.rules.items():
        is_stateful = group not in groups.stateless
        make = partial(matches.group_rows, stateful=is_stateful)
        plan.add(group, make, group, group_rules)
    for group, members in groups.members.items():
        plan.add(group, matches.member_rows, group, members)
    for group, cidrs in view.address_groups.items():
        plan.add(group, matches.address_rows, group, cidrs)
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
        plan.absent |= {network.id, *(port.id for port in network.ports)}
        return
    plan.rows += rows
    options = {row.key: row for row in rows if row.table == "DHCP_Options"}
    reservations: dict[str, list[DhcpHostView]] = defaultdict(list)
    for reservation in network.dhcp_hosts:
        reservations[reservation.port_id].append(reservation)
    for port in network.ports:
        reserved = reservations[port.id]
        values = (network.id, port, reserved, options, rules, places.hosts_of(port.id))
        plan.add(port.id, guests.port_rows, *values)
    for port_id, reserved in reservations.items():
        plan.add(port_id, names.name_rows, network.id, port_id, reserved, network.dns_domain)


def groups_of(view: HostNetworkView) -> tuple[HostNetworkView, GroupsView]:
    """A view whose ports have one made-up group for each list of rules, and these groups.

    For views that do not say which rule is whose group's.
    """
    rules: dict[str, list[RuleView]] = {}
    stateless = set()

    def named(network: NetworkView) -> NetworkView:
        ports = []
        for port in network.ports:
            name = group_of(port)
            rules[name] = port.rules
            if not port.stateful:
                stateless.add(name)
            ports.append(msgspec.structs.replace(port, groups=[name]))
        return msgspec.structs.replace(network, ports=ports)

    changed = msgspec.structs.replace(view, networks=[named(n) for n in view.networks])
    return changed, GroupsView(rules, view.groups, frozenset(stateless))


def group_of(port: PortView) -> str:
    """The made-up group of a port's rules."""
    content = msgspec.json.encode((port.rules, port.stateful))
    return f"rules{hashlib.sha256(content).hexdigest()[:16]}"


def faults(view: HostNetworkView) -> tuple[dict[str, str], set[str]]:
    """Why the database lacks what, by objects of the view, and those that it lacks altogether."""
    named, groups = groups_of(view)
    plan = whole(named, groups, Placement())
    errors = dict(plan.errors)
    for network in view.networks:
        for port in network.ports:
            reason = plan.errors.get(group_of(port)) if port.port_security else None
            if reason is not None:
                errors[port.id] = reason
    return errors, plan.absent
