"""Security groups as the rules of ports, with remote groups resolved to address ranges."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.drivers.base import RuleView
from stratolith.network.models import FixedIp, Port, PortSecurityGroup, SecurityGroupRule


class RuleBook:
    """The rules of these ports; ports with the same groups share one list."""

    def __init__(self, ctx: Context, port_ids: Sequence[str]) -> None:
        self.session = ctx.session
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
            found = [self._rule(rule) for group in groups for rule in self._rules.get(group, ())]
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

    def _read_rules(self, groups: set[str]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = defaultdict(list)
        if not groups:
            return found
        rows = self.session.execute(
            select(
                SecurityGroupRule.security_group_id,
                SecurityGroupRule.direction,
                SecurityGroupRule.ethertype,
                SecurityGroupRule.protocol,
                SecurityGroupRule.port_range_min,
                SecurityGroupRule.port_range_max,
                SecurityGroupRule.remote_ip_prefix,
                SecurityGroupRule.remote_group_id,
            )
            .where(SecurityGroupRule.security_group_id.in_(sorted(groups)))
            .order_by(SecurityGroupRule.id)
        )
        for row in rows:
            found[row.security_group_id].append(row)
        return found

    def _read_members(self, groups: set[str]) -> dict[str, list[str]]:
        """Group -> addresses of its ports that are realised somewhere."""
        found: dict[str, list[str]] = defaultdict(list)
        if not groups:
            return found
        rows = self.session.execute(
            select(PortSecurityGroup.security_group_id, FixedIp.ip_address)
            .join(FixedIp, FixedIp.port_id == PortSecurityGroup.port_id)
            .join(Port, Port.id == PortSecurityGroup.port_id)
            .where(PortSecurityGroup.security_group_id.in_(sorted(groups)), Port.binding_host != "")
        )
        for group_id, address in rows:
            found[group_id].append(address)
        paired = self.session.execute(
            select(PortSecurityGroup.security_group_id, Port.allowed_address_pairs)
            .join(Port, Port.id == PortSecurityGroup.port_id)
            .where(
                PortSecurityGroup.security_group_id.in_(sorted(groups)),
                Port.binding_host != "",
                Port.allowed_address_pairs != [],
            )
        )
        for group_id, pairs in paired:
            found[group_id].extend(pair["ip_address"] for pair in pairs)
        return found

    def _rule(self, row: Any) -> RuleView:
        remote: list[str] | None = None
        if row.remote_group_id:
            remote = self._range(row.remote_group_id, int(row.ethertype[-1]))
        elif row.remote_ip_prefix:
            remote = [str(ipaddress.ip_interface(row.remote_ip_prefix).network)]
        return RuleView(
            direction=row.direction,
            ethertype=row.ethertype,
            protocol=_protocol(row.protocol, row.ethertype),
            port_range_min=row.port_range_min,
            port_range_max=row.port_range_max,
            remote_cidrs=remote,
        )

    def _range(self, group_id: str, version: int) -> list[str]:
        key = (group_id, version)
        if key not in self._ranges:
            self._ranges[key] = ranges(self._members.get(group_id, ()), version)
        return self._ranges[key]


def ranges(addresses: Iterable[str], version: int) -> list[str]:
    """Exactly these addresses (or CIDRs) of one IP version as few CIDRs.

    Neighbours collapse, so that 1,000 members of a group are a dozen ranges in each rule.
    """
    nets = (ipaddress.ip_network(address) for address in set(addresses))
    kept = [net for net in nets if net.version == version]
    return [str(net) for net in ipaddress.collapse_addresses(kept)]  # type: ignore[type-var]


def _protocol(protocol: str | None, ethertype: str) -> str | None:
    """ICMP by the name that fits the version; everything else as it is."""
    if protocol in ("icmp", "1") and ethertype == "IPv4":
        return "icmp"
    if protocol in ("ipv6-icmp", "icmpv6", "icmp", "58") and ethertype == "IPv6":
        return "ipv6-icmp"
    return protocol
