"""Security groups as rules of ports; groups that rules name, as addresses of ports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.network.drivers import checks
from stratolith.network.drivers.base import RuleView
from stratolith.network.managers import placement
from stratolith.network.models import (
    FixedIp,
    GroupAddress,
    Port,
    PortSecurityGroup,
    SecurityGroup,
    SecurityGroupRule,
)
from stratolith.network.reconcilers.view_rows import (
    GroupAddressRow,
    MemberRow,
    PairsRow,
    RuleRow,
    columns,
)

Members = dict[str, dict[str, list[str]]]  # group -> port -> addresses, and CIDRs of address pairs


class RuleBook:
    """The rules of these ports; ports with the same groups share one list.

    A rule that cannot be realised allows nothing: it is left out, with the reason under its id.
    ``remote``, ``address_groups``: the groups that the returned rules name.
    """

    def __init__(self, ctx: Context, port_ids: Sequence[str], left_out: LeftOut) -> None:
        self.session = ctx.session
        self.remote: set[str] = set()
        self.address_groups: set[str] = set()
        self._groups = self._memberships(set(port_ids))
        all_groups = {group for groups in self._groups.values() for group in groups}
        self._rules = rules_of(ctx, all_groups, left_out)
        self._stateless = stateless_among(ctx, all_groups)
        self._shared: dict[tuple[str, ...], list[RuleView]] = {}

    def counts(self, port_id: str) -> list[int]:
        """How many rules each of the port's groups has in ``rules``."""
        return [len(self._rules.get(group, ())) for group in self.groups(port_id)]

    def is_stateful(self, port_id: str) -> bool:
        """A port has stateful or stateless groups, never both."""
        return not any(group in self._stateless for group in self.groups(port_id))

    def groups(self, port_id: str) -> list[str]:
        """The groups of a port, in the order of their rules in ``rules``."""
        return self._groups.get(port_id, [])

    def rules(self, port_id: str) -> list[RuleView]:
        groups = tuple(self.groups(port_id))
        rules = self._shared.get(groups)
        if rules is None:
            rules = [rule for group in groups for rule in self._rules.get(group, ())]
            self._shared[groups] = rules
            self.remote |= {rule.remote_group for rule in rules if rule.remote_group}
            self.address_groups |= {rule.address_group for rule in rules if rule.address_group}
        return rules

    def _memberships(self, port_ids: set[str]) -> dict[str, list[str]]:
        by_port: dict[str, list[str]] = defaultdict(list)
        if not port_ids:
            return by_port
        rows = self.session.execute(
            select(PortSecurityGroup.port_id, PortSecurityGroup.security_group_id)
            .where(PortSecurityGroup.port_id.in_(sorted(port_ids)))
            .order_by(PortSecurityGroup.security_group_id)
        )
        for port_id, group_id in rows:
            by_port[port_id].append(group_id)
        return by_port


def stateless_among(ctx: Context, groups: Iterable[str]) -> set[str]:
    """The stateless ones of these groups."""
    wanted = sorted(groups)
    if not wanted:
        return set()
    stateless = select(SecurityGroup.id).where(
        SecurityGroup.id.in_(wanted), SecurityGroup.stateful.is_(False)
    )
    return set(ctx.session.scalars(stateless))


def rules_of(ctx: Context, groups: Iterable[str], left_out: LeftOut) -> dict[str, list[RuleView]]:
    """Group -> its rules, for each of these groups."""
    by_group: dict[str, list[RuleView]] = {group: [] for group in sorted(groups)}
    if not by_group:
        return by_group
    wanted = (
        columns(RuleRow, SecurityGroupRule)
        .where(SecurityGroupRule.security_group_id.in_(list(by_group)))
        .order_by(SecurityGroupRule.id)
    )
    for row in left_out.rows(ctx.session, wanted, SecurityGroupRule.id, RuleRow):
        rule = left_out.attempt(row.id, partial(_rule, row))
        if rule is not None:
            by_group[row.security_group_id].append(rule)
    return by_group


def groups_beside(ctx: Context, host: str, groups: Sequence[str]) -> set[str]:
    """All groups of the host's ports that are in one of these groups."""
    membership = aliased(PortSecurityGroup)
    wanted = (
        select(membership.security_group_id)
        .join(PortSecurityGroup, PortSecurityGroup.port_id == membership.port_id)
        .join(Port, Port.id == membership.port_id)
        .where(
            PortSecurityGroup.security_group_id.in_(groups),
            placement.realises(host),
        )
    )
    return set(ctx.session.scalars(wanted.distinct()))


def named_on(ctx: Context, host: str, groups: ColumnElement[bool], column: Any = None) -> list[str]:
    """The groups that rules of the host's ports name. ``groups``: a condition on the rules.

    ``column``: where the rules name them, by default as remote security group.
    """
    of_port_here = exists().where(
        PortSecurityGroup.security_group_id == SecurityGroupRule.security_group_id,
        Port.id == PortSecurityGroup.port_id,
        placement.realises(host),
    )
    named = SecurityGroupRule.remote_group_id if column is None else column
    remote_groups = select(named).where(groups, of_port_here)
    return [str(group) for group in ctx.session.scalars(remote_groups.distinct())]


def members(ctx: Context, groups: Iterable[str], left_out: LeftOut) -> Members:
    """The addresses of the groups' bound ports."""
    wanted = sorted(groups)
    by_group: Members = {group: {} for group in wanted}
    if wanted:
        in_groups = PortSecurityGroup.security_group_id.in_(wanted)
        _add_members(ctx, by_group, in_groups, left_out)
    return by_group


def address_groups(ctx: Context, groups: Iterable[str], left_out: LeftOut) -> dict[str, list[str]]:
    """Address group -> its addresses, sorted."""
    by_group: dict[str, list[str]] = {group: [] for group in sorted(groups)}
    if not by_group:
        return by_group
    addresses = columns(GroupAddressRow, GroupAddress).where(
        GroupAddress.address_group_id.in_(list(by_group))
    )
    key = GroupAddress.address_group_id
    for row in left_out.rows(ctx.session, addresses, key, GroupAddressRow):
        by_group[row.address_group_id].append(row.address)
    return {group: sorted(cidrs) for group, cidrs in by_group.items()}


def addresses_among(ctx: Context, group: str, addresses: Sequence[str]) -> set[str]:
    """Those of the addresses that the address group has."""
    wanted = select(GroupAddress.address).where(
        GroupAddress.address_group_id == group, GroupAddress.address.in_(addresses)
    )
    return set(ctx.session.scalars(wanted))


def members_among(
    ctx: Context, host: str, port_ids: Sequence[str], left_out: LeftOut
) -> dict[str, dict[str, list[str]]]:
    """Port -> group -> its addresses, for groups that rules of the host's ports name."""
    own_groups = select(PortSecurityGroup.security_group_id).where(
        PortSecurityGroup.port_id.in_(port_ids)
    )
    groups = named_on(ctx, host, SecurityGroupRule.remote_group_id.in_(own_groups))
    by_group: Members = {group: {} for group in groups}
    which = PortSecurityGroup.port_id.in_(port_ids) & PortSecurityGroup.security_group_id.in_(
        groups
    )
    if groups:
        _add_members(ctx, by_group, which, left_out)
    by_port: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for group, ports in by_group.items():
        for port_id, addresses in ports.items():
            by_port[port_id][group] = addresses
    return by_port


def _add_members(
    ctx: Context, by_group: Members, which: ColumnElement[bool], left_out: LeftOut
) -> None:
    fixed = (
        select(FixedIp.port_id, PortSecurityGroup.security_group_id, FixedIp.ip_address)
        .join(PortSecurityGroup, FixedIp.port_id == PortSecurityGroup.port_id)
        .join(Port, Port.id == PortSecurityGroup.port_id)
        .where(which, Port.binding_host != "")
        .order_by(FixedIp.port_id, FixedIp.position)
    )
    for member in left_out.rows(ctx.session, fixed, FixedIp.port_id, MemberRow):
        ports = by_group[member.security_group_id]
        ports.setdefault(member.port_id, []).append(member.ip_address)
    paired = (
        select(Port.id, PortSecurityGroup.security_group_id, Port.allowed_address_pairs)
        .join(PortSecurityGroup, Port.id == PortSecurityGroup.port_id)
        .where(which, Port.binding_host != "", Port.allowed_address_pairs != [])
    )
    for row in left_out.rows(ctx.session, paired, Port.id, PairsRow):
        ports = by_group[row.security_group_id]
        ports.setdefault(row.id, []).extend(p.ip_address for p in row.allowed_address_pairs)


def _rule(row: RuleRow) -> RuleView:
    remote: list[str] | None = None
    if row.remote_group_id or row.remote_address_group_id:
        remote = []  # the view has the addresses once, not in each rule
    elif row.remote_ip_prefix:
        remote = [str(checks.network(row.remote_ip_prefix))]
    view = RuleView(
        direction=row.direction,
        ethertype=row.ethertype,
        protocol=_protocol(row.protocol, row.ethertype),
        port_range_min=row.port_range_min,
        port_range_max=row.port_range_max,
        remote_cidrs=remote,
        remote_group=row.remote_group_id or "",
        address_group=row.remote_address_group_id or "",
    )
    return checks.rule(view)


def _protocol(protocol: str | None, ethertype: str) -> str | None:
    """ICMP by the name of its version; other protocols unchanged."""
    if protocol in ("icmp", "1") and ethertype == "IPv4":
        return "icmp"
    if protocol in ("ipv6-icmp", "icmpv6", "icmp", "58") and ethertype == "IPv6":
        return "ipv6-icmp"
    return protocol
