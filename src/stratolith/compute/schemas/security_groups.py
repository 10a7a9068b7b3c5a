"""Request schemas of the old security group routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from stratolith.compute.schemas.types import NAME, Document, closed
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.validation import Schema

_PORT: Document = {
    "type": ["integer", "string", "null"],
    "pattern": "^(-?[0-9]{1,5})?$",
    "minimum": -1,
    "maximum": 65535,
}
GROUP = Schema(
    closed(
        {
            "security_group": closed(
                {
                    "name": {**NAME, "pattern": r"\S"},
                    "description": {"type": "string", "maxLength": 255},
                },
                "name",
                "description",
            )
        },
        "security_group",
    )
)
RULE = Schema(
    closed(
        {
            "security_group_rule": closed(
                {
                    "parent_group_id": {"type": ["string", "null"]},
                    "group_id": {"type": ["string", "null"]},
                    "ip_protocol": {"type": ["string", "null"], "maxLength": 40},
                    "from_port": _PORT,
                    "to_port": _PORT,
                    "cidr": {"type": ["string", "null"], "maxLength": 64},
                },
                "parent_group_id",
            )
        },
        "security_group_rule",
    )
)


def as_network_rule(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The network service's form of an old rule; raises BadRequest that names the error.

    Checks of the network service (of addresses, for example) are not repeated here.
    """
    rule: dict[str, Any] = {
        "security_group_id": wanted["parent_group_id"],
        "direction": "ingress",
        "ethertype": "IPv4",
    }
    protocol, low, high = _ports(wanted)
    if wanted.get("group_id"):
        rule["remote_group_id"] = wanted["group_id"]
    else:
        if protocol is None or low is None:
            raise BadRequest(
                "Not enough parameters to build a valid rule: ip_protocol, from_port and to_port "
                "are required unless group_id is given."
            )
        cidr = rule["remote_ip_prefix"] = _cidr(wanted.get("cidr"))
        rule["ethertype"] = "IPv6" if ":" in cidr else "IPv4"
    rule["protocol"] = protocol
    rule["port_range_min"] = None if low == -1 else low
    rule["port_range_max"] = None if high == -1 else high
    return rule


def _cidr(given: str | None) -> str:
    if not given:
        return "0.0.0.0/0"
    cidr = unquote(given)
    address, slash, length = cidr.partition("/")
    if not slash or not length or "%" in cidr:
        raise BadRequest(f"Invalid cidr {given}: it must be an address with a prefix length.")
    if length == "0" and address not in ("0.0.0.0", "::"):
        raise BadRequest(f"Bad prefix for network in cidr {given}")
    return cidr


def _ports(wanted: Mapping[str, Any]) -> tuple[str | None, int | None, int | None]:
    """(protocol, first port, last port); ports are None if not given; for ICMP they may be -1."""
    protocol = wanted.get("ip_protocol") or None
    low, high = (_port(name, wanted.get(name)) for name in ("from_port", "to_port"))
    if protocol is None:
        if low is not None or high is not None:
            raise BadRequest("from_port and to_port need ip_protocol.")
        return None, None, None
    protocol = protocol.lower()
    if protocol not in ("tcp", "udp", "icmp"):
        raise BadRequest(f"Invalid IP protocol {protocol}: it must be tcp, udp or icmp.")
    if (low is None) != (high is None):
        raise BadRequest("from_port and to_port must be given together.")
    if low is None or high is None:
        return protocol, None, None
    if protocol == "icmp":
        if not (-1 <= low <= 255 and -1 <= high <= 255):
            raise BadRequest(
                f"Invalid port range {low}:{high}: ICMP types and codes are numbers to 255."
            )
    elif not 1 <= low <= high <= 65535:
        raise BadRequest(
            f"Invalid port range {low}:{high}: from_port must be at least 1, to_port at most "
            "65535 and not less than from_port."
        )
    return protocol, low, high


def _port(name: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    try:
        return int(value)
    except ValueError:
        raise BadRequest(f"{name} must be a whole number.") from None
