"""Security groups and their rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute, Invalid
from stratolith.network.exceptions.security_groups import (
    SecurityGroupDefaultAlreadyExists,
    SecurityGroupInvalidPortValue,
    SecurityGroupRuleInvalidEtherType,
)
from stratolith.network.models import SecurityGroup, SecurityGroupRule
from stratolith.network.schemas.attributes import TAGS, attributes, standard
from stratolith.network.schemas.fields import (
    boolean,
    integer,
    nullable,
    one_of,
    remote_prefix,
    text,
)
from stratolith.network.schemas.rendering import common


def ethertype(value: Any) -> str:
    """Raises SecurityGroupRuleInvalidEtherType."""
    for known in ("IPv4", "IPv6"):
        if isinstance(value, str) and value.lower() == known.lower():
            return known
    raise SecurityGroupRuleInvalidEtherType(ethertype=value, values=["IPv4", "IPv6"])


def port(value: Any) -> int:
    """Raises SecurityGroupInvalidPortValue."""
    try:
        return int(integer(0, 65535)(value))
    except Invalid:
        raise SecurityGroupInvalidPortValue(port=value) from None


def protocol(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Invalid(f"'{value}' is not a valid protocol.")
    return str(value)


def _group_name(value: Any) -> str:
    """Raises SecurityGroupDefaultAlreadyExists for the name of default groups, in any case."""
    name = str(text()(value))
    if name.lower() == "default":
        raise SecurityGroupDefaultAlreadyExists
    return name


SECURITY_GROUP = attributes(
    "security_group",
    "security_groups",
    standard(
        name=Attribute(_group_name, default=""),
        stateful=Attribute(boolean),
        security_group_rules=READ_ONLY,
        shared=READ_ONLY,
        tags=TAGS,
    ),
)

RULE = attributes(
    "security_group_rule",
    "security_group_rules",
    standard(
        security_group_id=Attribute(text(255), update=False, required=True),
        direction=Attribute(one_of("ingress", "egress"), update=False, required=True),
        ethertype=Attribute(ethertype, update=False, default="IPv4"),
        protocol=Attribute(nullable(protocol), update=False),
        port_range_min=Attribute(nullable(port), update=False),
        port_range_max=Attribute(nullable(port), update=False),
        remote_ip_prefix=Attribute(nullable(remote_prefix), update=False),
        remote_group_id=Attribute(nullable(text(36)), update=False),
        remote_address_group_id=Attribute(nullable(text(36)), update=False),
        normalized_cidr=READ_ONLY,
        belongs_to_default_sg=READ_ONLY,
    ),
)


def _normalized(prefix: str | None) -> str | None:
    """The network of a remote prefix."""
    return str(ipaddress.ip_interface(prefix).network) if prefix else None


def render_rule(rule: SecurityGroupRule, *, of_default: bool) -> dict[str, Any]:
    """``of_default``: its group is the default group of a project."""
    return {
        "id": rule.id,
        "security_group_id": rule.security_group_id,
        "ethertype": rule.ethertype,
        "direction": rule.direction,
        "protocol": rule.protocol,
        "port_range_min": rule.port_range_min,
        "port_range_max": rule.port_range_max,
        "remote_ip_prefix": rule.remote_ip_prefix,
        "normalized_cidr": _normalized(rule.remote_ip_prefix),
        "remote_group_id": rule.remote_group_id,
        "remote_address_group_id": rule.remote_address_group_id,
        "belongs_to_default_sg": of_default,
        **common(rule),
    }


def render(
    group: SecurityGroup, rules: Sequence[SecurityGroupRule], tags: list[str], *, shared: bool
) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "stateful": group.stateful,
        "shared": shared,
        "security_group_rules": [render_rule(rule, of_default=group.is_default) for rule in rules],
        **common(group, tags),
    }
