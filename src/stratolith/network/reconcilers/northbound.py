"""Writes OVN's northbound database from the rows of ours: for the keys of hints at once, and
everything in the periodic pass, which repairs what others changed or a lost hint left.

It contains what all hosts together realise: the union of their views. So the views' compilers are
used as they are, for ``placement.EVERY`` instead of a host.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, select, true

from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.kernel.reconcile import Reconciler, Result
from stratolith.network.drivers.base import HostNetworkPart, HostNetworkView, NetworkDriverError
from stratolith.network.drivers.ovn import central
from stratolith.network.drivers.ovn.northbound import guests, matches, names, plan, qos, routers
from stratolith.network.drivers.ovn.northbound.matches import GroupsView
from stratolith.network.drivers.ovn.northbound.plan import Placement, Plan
from stratolith.network.drivers.ovn.northbound.writer import Northbound
from stratolith.network.drivers.routing import outside
from stratolith.network.managers import host_hints, placement
from stratolith.network.managers.routing import gateway_hosts
from stratolith.network.models import Port, PortBinding
from stratolith.network.reconcilers import filter_rules, view_parts
from stratolith.network.settings import NetworkSettings

LOG = logging.getLogger(__name__)
WHOLE = "whole"
ROUNDS = 3  # of keys that a part turns out to need


class NorthboundWriter(Reconciler):
    """Keys are those of views ("port/ID"), and WHOLE."""

    name = "network.northbound"
    hints = (host_hints.NORTHBOUND,)
    interval = 20.0

    def __init__(self, socket: Path | None = None) -> None:
        """``socket``: of the database; None: that of the cloud."""
        self.database: Northbound | None = None
        self._socket = socket
        self.last_way = ""  # "whole" or "part"
        self._members: dict[str, dict[str, list[str]]] | None = None  # group -> port -> addresses
        self._groups: dict[str, set[str]] = defaultdict(set)  # port -> groups that have it
        self._logged: dict[str, str] = {}

    def keys(self, ctx: Context) -> Iterable[str]:
        is_used = ctx.env.settings.of(NetworkSettings).driver == "ovn"
        return [WHOLE] if is_used and not ctx.env.settings.fake else []

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        try:
            self._reconcile(ctx, key)
        except NetworkDriverError as error:
            self._tell(ctx, {"northbound": str(error)})
            raise
        return None

    def _reconcile(self, ctx: Context, key: str) -> None:
        database = self._northbound(ctx)
        with _reading(ctx) as reader:
            part = None if key == WHOLE else self._part(reader, database, key)
            wanted, owners = part or (self._whole(reader), None)
        self.last_way = "whole" if owners is None else "part"
        database.write(wanted.rows, owners)
        refused = {
            owner.partition("/")[2] or owner: reason for owner, reason in database.refused.items()
        }
        self._log({**wanted.errors, **refused}, is_whole=owners is None)
        if key == WHOLE:
            self._tell(ctx, refused)

    def _tell(self, ctx: Context, faults: dict[str, str]) -> None:
        """Let `doctor` know of the faults that no host can report."""
        state_dir = ctx.env.settings.state_dir
        directory = self._socket.parent if self._socket else central.directory_of(state_dir)
        with suppress(OSError):  # as of a full disk, which has a line of its own there
            central.write_faults(directory, faults)

    def _northbound(self, ctx: Context) -> Northbound:
        if self.database is None:
            directory = central.directory_of(ctx.env.settings.state_dir)
            self.database = Northbound(self._socket or central.northbound_socket(directory))
        self.database.connect()
        return self.database

    def _log(self, errors: dict[str, str], *, is_whole: bool) -> None:
        for object_id, reason in errors.items():
            if self._logged.get(object_id) != reason:
                LOG.warning("%s is not in OVN: %s", object_id, reason)
        self._logged = dict(errors) if is_whole else {**self._logged, **errors}

    # -- everything ------------------------------------------------------------------------------

    def _whole(self, ctx: Context) -> Plan:
        view = view_parts.answer(ctx, placement.EVERY, None)
        assert isinstance(view, HostNetworkView)
        groups = {g for net in view.networks for port in net.ports for g in port.groups}
        left_out = LeftOut()
        rules = filter_rules.rules_of(ctx, groups, left_out)
        self._members, self._groups = {}, defaultdict(set)
        for group, ports in view.groups.items():
            self._set_members(group, ports)
        gateways = gateway_hosts.of_routers(ctx, [router.id for router in view.routers])
        places = msgspec.structs.replace(_places_of_ports(ctx, true()), gateways=gateways)
        stateless = frozenset(filter_rules.stateless_among(ctx, groups))
        wanted = plan.whole(view, GroupsView(rules, view.groups, stateless), places)
        wanted.errors |= {**view.left_out, **left_out.reasons}
        return wanted

    # -- a part ----------------------------------------------------------------------------------

    def _part(self, ctx: Context, database: Northbound, key: str) -> tuple[Plan, set[str]] | None:
        """The rows of the key's object and their owners; None when everything is needed."""
        if key.startswith(f"{host_hints.QOS}/"):
            return None  # the rows of a policy's rules belong to the ports that have it
        if key.startswith(f"{host_hints.ADDRESS}/"):
            # a set is one row, of which the difference is written
            key = f"{matches.ADDRESSES}/{key.split('/')[1]}"
        keys = {key}
        for _ in range(ROUNDS):
            part = view_parts.answer(ctx, placement.EVERY, sorted(keys))
            if not isinstance(part, HostNetworkPart) or part.whole or self._members is None:
                return None
            lacking = self._lacking(database, part) - keys
            if not lacking:
                wanted, owners = self._planned(ctx, database, part)
                return wanted, keys | owners
            keys |= lacking
        return None

    def _lacking(self, database: Northbound, part: HostNetworkPart) -> set[str]:
        """Keys of objects that the rows of this part refer to and the database has not."""
        keys = set()
        for port in part.ports.values():
            # also for the port of a router that is switched off, by which the network came here
            if port.network_id and database.is_idle(port.network_id):
                keys.add(f"network/{port.network_id}")
            if port.port is None:
                continue
            keys |= {f"group/{g}" for g in port.port.groups if not database.is_used(g)}
        for router in part.routers.values():
            for end in (*router.interfaces, *outside(router)) if router is not None else ():
                if database.is_idle(end.network_id):
                    keys.add(f"network/{end.network_id}")
        # a group that no rule named before has members that we did not follow
        remote = {rule.remote_group for rules in part.rules.values() for rule in rules} - {""}
        listed = {rule.address_group for rules in part.rules.values() for rule in rules} - {""}
        keys |= {f"{matches.ADDRESSES}/{group}" for group in listed}
        return keys | {f"members/{group}" for group in remote}

    def _planned(
        self, ctx: Context, database: Northbound, part: HostNetworkPart
    ) -> tuple[Plan, set[str]]:
        """The rows of the part, and their owners."""
        rules, unusable = qos.usable(part.qos)
        wanted = Plan(errors=unusable)
        for group, ports in part.members.items():
            self._set_members(group, ports)
        changed = set(part.members)
        for port_id, port in part.ports.items():
            changed |= self._move_member(port_id, port.members)
        for group in sorted(changed & (self._members or {}).keys()):
            members = (self._members or {})[group]
            wanted.add(group, matches.member_rows, group, members)
        stateless = filter_rules.stateless_among(ctx, part.rules)
        for group, group_rules in part.rules.items():
            make = partial(matches.group_rows, stateful=group not in stateless)
            wanted.add(group, make, group, group_rules)
        for group, cidrs in part.address_groups.items():
            wanted.add(group, matches.address_rows, group, cidrs)
        for network in part.networks.values():
            if network is not None:
                places = _places_of_ports(ctx, Port.network_id == network.id)
                plan.add_network(wanted, network, places, rules)
        planned = {row.key for row in wanted.rows if row.table == "Logical_Switch_Port"}
        named = {row.key for row in wanted.rows if row.table == "DNS"}
        domain = ctx.env.settings.of(NetworkSettings).dhcp_domain
        places = _places_of_ports(ctx, Port.id.in_(list(part.ports)))
        for port_id, port in part.ports.items():
            if port_id not in named and database.has("Logical_Switch", port.network_id):
                values = (port.network_id, port_id, port.dhcp_hosts, domain)
                wanted.add(port_id, names.name_rows, *values)
            if port.port is None or port_id in planned:
                continue
            options = database.subnet_options(ip.subnet_id for ip in port.port.fixed_ips)
            given = (port.network_id, port.port, port.dhcp_hosts, options, rules)
            wanted.add(port_id, guests.port_rows, *given, places.hosts_of(port_id))
        present = [router for router in part.routers.values() if router is not None]
        gateways = gateway_hosts.of_routers(ctx, [router.id for router in present])
        for router in present:
            chassis = gateways.get(router.id, [])
            wanted.add(router.id, routers.router_rows, router, chassis, rules)
        owners = _further_owners(part) | {f"members/{group}" for group in changed}
        return wanted, owners

    def _set_members(self, group: str, ports: dict[str, list[str]]) -> None:
        assert self._members is not None
        for port_id in self._members.get(group, {}):
            self._groups[port_id].discard(group)
        self._members[group] = dict(ports)
        for port_id in ports:
            self._groups[port_id].add(group)

    def _move_member(self, port_id: str, addresses: dict[str, list[str]]) -> set[str]:
        """Note the port's addresses by group; returns the groups that changed."""
        assert self._members is not None
        changed = set()
        for group in self._groups.pop(port_id, set()) | addresses.keys():
            ports = self._members.setdefault(group, {})
            before = ports.pop(port_id, None)
            if group in addresses:
                ports[port_id] = addresses[group]
                self._groups[port_id].add(group)
            if before != addresses.get(group):
                changed.add(group)
        return changed


def _further_owners(part: HostNetworkPart) -> set[str]:
    """The owners of rows that a part has beside those of its keys."""
    owners = {f"router/{router_id}" for router_id in part.routers}
    for network in part.networks.values():
        owners |= {f"port/{port.id}" for port in network.ports} if network is not None else set()
    return owners


def _places_of_ports(ctx: Context, which: ColumnElement[bool]) -> Placement:
    """The hosts of the bound ones of these ports, and those that prepare them."""
    wanted = select(Port.id, Port.binding_host).where(which, Port.binding_host != "")
    further = (
        select(PortBinding.port_id, PortBinding.host)
        .join(Port, Port.id == PortBinding.port_id)
        .where(which, Port.binding_host != "")
        .order_by(PortBinding.host)
    )
    prepared: dict[str, list[str]] = defaultdict(list)
    for port_id, host in ctx.session.execute(further):
        prepared[port_id].append(host)
    return Placement(ports=dict(ctx.session.execute(wanted).all()), prepared=prepared)


@contextmanager
def _reading(ctx: Context) -> Iterator[Context]:
    """A context that only reads: a slow database of OVN must not hold our own for writing."""
    reader = Context.of_the_cloud(ctx.env, ctx.service, write=False)
    try:
        yield reader
    finally:
        reader.close()
