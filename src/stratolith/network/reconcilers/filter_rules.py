"""Security groups as the rules of ports, with remote groups resolved to address ranges."""

from __future__ import annotations

import contextlib
import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.network.drivers import checks
from stratolith.network.drivers.base import RuleView
from stratolith.network.models import FixedIp, Port, PortSecurityGroup, SecurityGroupRule
from stratolith.network.reconcilers.view_rows import MemberRow, PairsRow, RuleRow, columns


class RuleBook:
    """The rules of these ports; ports with the same groups share one list.

    A rule that cannot be realised allows nothing: it is left out, with its reason under its id.
    """

    def __init__(self, ctx: Context, port_ids: Sequence[str], left_out: LeftOut) -> None:
        self.session, self.left_out = ctx.session, left_out
        self._groups = self._memberships(set(port_ids))
        self._rules = self._read_rules({g for groups in self._groups.values() for g in groups})
        remote = {
            rule.remote_group_id
            for rules in self._rules.values()
            for rule in rules
            if rule.remote_group_id
        }
        self._members = self._read_members(remote)
        self._ranges: dict[tuple[str, int], list[str]] = {}
        self._shared: dict[tuple[str, ...], list[RuleView]] = {}

    def rules(self, port_id: str) -> list[RuleView]:
        groups = tuple(self._groups.get(port_id, ()))
        found = self._shared.get(groups)
        if found is None:
            rows = [row for group in groups for row in self._rules.get(group, ())]
            made = (self.left_out.attempt(row.id, partial(self._rule, row)) for row in rows)
            found = [rule for rule in made if rule is not None]
            self._shared[groups] = found
        return found

    def _memberships(self, port_ids: set[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        if not port_ids:
            return found
        rows = self.session.execute(
            select(PortSecurityGroup.port_id, PortSecurityGroup.security_group_id)
            .where(PortSecurityGroup.port_id.in_(sorted(port_ids)))
            .order_by(PortSecurityGroup.security_group_id)
        )
        for port_id, group_id in rows:
            found[port_id].append(group_id)
        return found

    def _read_rules(self, groups: set[str]) -> dict[str, list[RuleRow]]:
        found: dict[str, list[RuleRow]] = defaultdict(list)
        if not groups:
            return found
        wanted = (
            columns(RuleRow, SecurityGroupRule)
            .where(SecurityGroupRule.security_group_id.in_(sorted(groups)))
            .order_by(SecurityGroupRule.id)
        )
        for row in self.left_out.rows(self.session, wanted, SecurityGroupRule.id, RuleRow):
            found[row.security_group_id].append(row)
        return found

    def _read_members(self, groups: set[str]) -> dict[str, list[str]]:
        """Group -> addresses of its ports that are realised somewhere."""
        found: dict[str, list[str]] = defaultdict(list)
        if not groups:
            return found
        here = PortSecurityGroup.security_group_id.in_(sorted(groups))
        fixed = (
            select(FixedIp.port_id, PortSecurityGroup.security_group_id, FixedIp.ip_address)
            .join(PortSecurityGroup, FixedIp.port_id == PortSecurityGroup.port_id)
            .join(Port, Port.id == PortSecurityGroup.port_id)
            .where(here, Port.binding_host != "")
        )
        for member in self.left_out.rows(self.session, fixed, FixedIp.port_id, MemberRow):
            found[member.security_group_id].append(member.ip_address)
        paired = (
            select(Port.id, PortSecurityGroup.security_group_id, Port.allowed_address_pairs)
            .join(PortSecurityGroup, Port.id == PortSecurityGroup.port_id)
            .where(here, Port.binding_host != "", Port.allowed_address_pairs != [])
        )
        for row in self.left_out.rows(self.session, paired, Port.id, PairsRow):
            found[row.security_group_id].extend(p.ip_address for p in row.allowed_address_pairs)
        return found

    def _rule(self, row: RuleRow) -> RuleView:
        remote: list[str] | None = None
        if row.remote_group_id:
            remote = self._range(row.remote_group_id, 6 if row.ethertype == "IPv6" else 4)
        elif row.remote_ip_prefix:
            remote = [str(checks.network(row.remote_ip_prefix))]
        view = RuleView(
            direction=row.direction,
            ethertype=row.ethertype,
            protocol=_protocol(row.protocol, row.ethertype),
            port_range_min=row.port_range_min,
            port_range_max=row.port_range_max,
            remote_cidrs=remote,
        )
        return checks.rule(view)

    def _range(self, group_id: str, version: int) -> list[str]:
        key = (group_id, version)
        if key not in self._ranges:
            self._ranges[key] = ranges(self._members.get(group_id, ()), version)
        return self._ranges[key]


def ranges(addresses: Iterable[str], version: int) -> list[str]:
    """Exactly these addresses (or CIDRs) of one IP version as few CIDRs.

    Neighbours collapse, so that 1,000 members of a group are a dozen ranges in each rule. What
    is no address is nobody's: the port that has it is left out elsewhere.
    """
    kept: list[checks.Network] = []
    for address in set(addresses):
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            net = checks.network(address)
            if net.version == version:
                kept.append(net)
    return [str(net) for net in ipaddress.collapse_addresses(kept)]  # type: ignore[type-var]


def _protocol(protocol: str | None, ethertype: str) -> str | None:
    """ICMP by the name that fits the version; everything else as it is."""
    if protocol in ("icmp", "1") and ethertype == "IPv4":
        return "icmp"
    if protocol in ("ipv6-icmp", "icmpv6", "icmp", "58") and ethertype == "IPv6":
        return "ipv6-icmp"
    return protocol
