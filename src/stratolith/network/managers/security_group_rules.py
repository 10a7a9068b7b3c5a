"""Security group rules, with the same validation as Neutron."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel import addresses
from stratolith.kernel.context import Context
from stratolith.network.exceptions.security_groups import (
    InvalidCIDR,
    SecurityGroupEthertypeConflictWithProtocol,
    SecurityGroupInvalidIcmpValue,
    SecurityGroupInvalidPortRange,
    SecurityGroupInvalidPortValue,
    SecurityGroupInvalidProtocolForPort,
    SecurityGroupMissingIcmpType,
    SecurityGroupMultipleRemoteEntites,
    SecurityGroupProtocolRequiredWithPorts,
    SecurityGroupRuleExists,
    SecurityGroupRuleInvalidProtocol,
    SecurityGroupRuleNotFound,
    SecurityGroupRuleParameterConflict,
)
from stratolith.network.managers import host_hints, limits, security_groups
from stratolith.network.managers.security import address_groups
from stratolith.network.models import SecurityGroup, SecurityGroupRule

# IANA protocol numbers, by the names that the API accepts.
PROTOCOLS = {
    "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "icmp": 1, "icmpv6": 58, "igmp": 2,
    "ipip": 4, "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": 58, "ipv6-nonxt": 59,
    "ipv6-opts": 60, "ipv6-route": 43, "ospf": 89, "pgm": 113, "rsvp": 46, "sctp": 132,
    "tcp": 6, "udp": 17, "udplite": 136, "vrrp": 112,
}  # fmt: skip
WITH_PORTS = {6, 17, 33, 132, 136}
ICMP = {1, 58}
ONLY_V6 = {
    "icmpv6",
    "ipv6-icmp",
    "ipv6-encap",
    "ipv6-frag",
    "ipv6-nonxt",
    "ipv6-opts",
    "ipv6-route",
}
COMPARED = (
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_group_id",
    "remote_address_group_id",
)


REMOTES = ("remote_ip_prefix", "remote_group_id", "remote_address_group_id")


def get(ctx: Context, rule_id: str) -> SecurityGroupRule:
    """Raises SecurityGroupRuleNotFound."""
    rule = ctx.session.get(SecurityGroupRule, rule_id)
    if rule is None or not (
        ctx.is_admin or ctx.owns(rule.project_id) or ctx.owns(rule.group.project_id)
    ):
        raise SecurityGroupRuleNotFound(id=rule_id)
    return rule


def number_of(protocol: str | None) -> int | None:
    """The IANA number of a protocol given by name or number."""
    if protocol is None:
        return None
    return int(protocol) if protocol.isdigit() else PROTOCOLS[protocol]


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> SecurityGroupRule:
    """Add a rule to ``values["security_group_id"]``, a group that the caller may see.

    Raises SecurityGroupNotFound, AddressGroupNotFound, SecurityGroupRuleExists and the errors of
    validation.
    """
    group = security_groups.get(ctx, values["security_group_id"])
    checked = validate(values)
    if checked.get("remote_group_id") is not None:
        security_groups.get(ctx, checked["remote_group_id"])
    if checked.get("remote_address_group_id") is not None:
        address_groups.check_usable(ctx, project_id, checked["remote_address_group_id"])
    limits.check(ctx, project_id, security_group_rule=1)
    _check_new(ctx, group, checked)
    rule = SecurityGroupRule(
        project_id=project_id,
        security_group_id=group.id,
        description=values.get("description") or "",
        **{name: checked.get(name) for name in COMPARED},
    )
    ctx.session.add(rule)
    group.revision_number += 1
    ctx.session.flush()
    host_hints.group(ctx, group.id)
    return rule


def delete(ctx: Context, rule: SecurityGroupRule) -> None:
    group = rule.group
    ctx.session.delete(rule)
    group.revision_number += 1
    ctx.session.flush()
    host_hints.group(ctx, group.id)


def validate(values: Mapping[str, Any]) -> dict[str, Any]:
    """The rule with protocol and prefix in normal form; raises subclasses of BadRequest."""
    checked = dict(values)
    ethertype = checked["ethertype"]
    protocol = checked["protocol"] = _protocol(checked.get("protocol"), ethertype)
    if sum(bool(checked.get(name)) for name in REMOTES) > 1:
        raise SecurityGroupMultipleRemoteEntites
    prefix = checked.get("remote_ip_prefix")
    if prefix:
        version = _version(prefix)
        if version != int(ethertype[-1]):
            raise SecurityGroupRuleParameterConflict(ethertype=ethertype, cidr=prefix)
    _check_ports(protocol, checked.get("port_range_min"), checked.get("port_range_max"))
    return checked


def _version(prefix: str) -> int:
    try:
        return addresses.prefix(prefix if "/" in prefix else f"{prefix}/0").version
    except ValueError:
        raise InvalidCIDR(input=prefix) from None


def _protocol(protocol: str | None, ethertype: str) -> str | None:
    if protocol is None:
        return None
    text = str(protocol).lower()
    if text.isdigit() and int(text) <= 255:
        return text
    if text == "any":
        return None
    if text not in PROTOCOLS:
        raise SecurityGroupRuleInvalidProtocol(protocol=protocol, values=sorted(PROTOCOLS))
    if text in ONLY_V6 and ethertype == "IPv4":
        raise SecurityGroupEthertypeConflictWithProtocol(ethertype=ethertype, protocol=protocol)
    if text in ("icmp", "icmpv6") and ethertype == "IPv6":
        return "ipv6-icmp"
    return text


def _check_ports(protocol: str | None, low: int | None, high: int | None) -> None:
    if low is None and high is None:
        return
    if protocol is None:
        raise SecurityGroupProtocolRequiredWithPorts
    number = number_of(protocol)
    if number in ICMP:
        for field, attr, value in (
            ("type", "port-range-min", low),
            ("code", "port-range-max", high),
        ):
            if value is not None and not 0 <= value <= 255:
                raise SecurityGroupInvalidIcmpValue(field=field, attr=attr, value=value)
        if low is None:
            raise SecurityGroupMissingIcmpType(value=high)
        return
    if number not in WITH_PORTS:
        raise SecurityGroupInvalidProtocolForPort(
            protocol=protocol, valid_port_protocols="dccp, sctp, tcp, udp, udplite"
        )
    if low is None or high is None or low > high:
        raise SecurityGroupInvalidPortRange
    for value in (low, high):
        if not 1 <= value <= 65535:
            raise SecurityGroupInvalidPortValue(port=value)


def _check_new(ctx: Context, group: SecurityGroup, wanted: Mapping[str, Any]) -> None:
    """Raise SecurityGroupRuleExists when the group already has an equal rule."""
    key = key_of(wanted)
    rows = ctx.session.scalars(
        select(SecurityGroupRule).where(
            SecurityGroupRule.security_group_id == group.id,
            SecurityGroupRule.direction == wanted["direction"],
            SecurityGroupRule.ethertype == wanted["ethertype"],
        )
    )
    for rule in rows:
        if key_of({name: getattr(rule, name) for name in COMPARED}) == key:
            raise SecurityGroupRuleExists(rule_id=rule.id)


def key_of(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    """Equal keys: equal rules, also when protocols are names or numbers, or any prefix is given."""
    prefix = rule.get("remote_ip_prefix")
    cidr = str(ipaddress.ip_interface(prefix).network) if prefix else None
    if cidr in ("0.0.0.0/0", "::/0"):
        cidr = None
    return (
        number_of(rule.get("protocol")),
        rule.get("port_range_min"),
        rule.get("port_range_max"),
        cidr,
        rule.get("remote_group_id"),
        rule.get("remote_address_group_id"),
        rule["direction"],
        rule["ethertype"],
    )
