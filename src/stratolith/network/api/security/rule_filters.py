"""Filters that rules of security groups and their templates share."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import Filter, Invalid, exact, integer
from stratolith.network.api.filters import checked, nullable
from stratolith.network.exceptions.security_groups import (
    InvalidCIDR,
    SecurityGroupRuleInvalidProtocol,
)
from stratolith.network.managers.security_group_rules import PROTOCOLS
from stratolith.network.schemas.fields import remote_prefix
from stratolith.network.schemas.security_groups import ethertype, port


def rule_filters(model: Any) -> dict[str, Filter]:
    return {
        "ethertype": checked(exact(model.ethertype), ethertype),
        "protocol": checked(nullable(model.protocol), _protocol),
        "remote_ip_prefix": checked(nullable(model.remote_ip_prefix), _prefix),
        "port_range_min": checked(integer(model.port_range_min), port),
        "port_range_max": checked(integer(model.port_range_max), port),
    }


def _protocol(text: str) -> str:
    """A protocol in the form that rules have; "" for rules without one."""
    protocol = text.lower()
    if protocol in PROTOCOLS or (
        protocol.isdecimal() and len(protocol) < 4 and int(protocol) <= 255
    ):
        return protocol
    if protocol == "any":
        return ""
    raise SecurityGroupRuleInvalidProtocol(protocol=text, values=sorted(PROTOCOLS))


def _prefix(text: str) -> str:
    try:
        return remote_prefix(text) if text else ""
    except Invalid:
        raise InvalidCIDR(input=text) from None
