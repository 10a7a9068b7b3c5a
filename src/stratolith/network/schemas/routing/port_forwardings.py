"""Port forwardings of floating IPs."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute, Invalid
from stratolith.network.models import PortForwarding
from stratolith.network.schemas.attributes import attributes
from stratolith.network.schemas.fields import integer, ip_address, nullable, text, uuid
from stratolith.network.schemas.routing.protocols import protocol_of

# Protocols with ports. Neutron also accepts icmp and ipv6-icmp, which no host can forward by port.
PROTOCOLS = ("dccp", "sctp", "tcp", "udp")
FIRST, LAST = 1, 65535


def port_range(value: Any) -> tuple[int, int]:
    """(first, last) of "80" or "80:90"."""
    parts = str(value).split(":")
    if len(parts) > 2 or not all(parts):
        raise Invalid("Port range must be two integers separated by a colon.")
    numbers = []
    for part in parts:
        if not (part.isascii() and part.isdecimal()):
            raise Invalid(f"Invalid port: {part}.")
        if len(part) > 5 or not FIRST <= int(part) <= LAST:
            raise Invalid(f"Invalid port: {part}, the port must be in the range [{FIRST}, {LAST}].")
        numbers.append(int(part))
    if numbers[0] > numbers[-1]:
        raise Invalid("First port in a port range must be lower than the second port.")
    return numbers[0], numbers[-1]


_PORT = Attribute(nullable(integer(FIRST, LAST)))
_RANGE = Attribute(nullable(port_range))
PORT_FORWARDING = attributes(
    "port_forwarding",
    "port_forwardings",
    {
        "id": READ_ONLY,
        "project_id": Attribute(text(64), update=False),
        "tenant_id": Attribute(text(64), update=False),
        "description": Attribute(text(), default=""),
        "external_port": _PORT,
        "external_port_range": _RANGE,
        "internal_port": _PORT,
        "internal_port_range": _RANGE,
        "internal_ip_address": Attribute(ip_address, required=True),
        "internal_port_id": Attribute(uuid, required=True),
        "protocol": Attribute(protocol_of(PROTOCOLS), required=True),
    },
)


def render(row: PortForwarding) -> dict[str, Any]:
    return {
        **brief(row),
        "external_port_range": f"{row.external_first}:{row.external_last}",
        "internal_port_range": f"{row.internal_first}:{row.internal_last}",
        "description": row.description,
    }


def brief(row: PortForwarding) -> dict[str, Any]:
    """As floating IPs show it."""
    return {
        "id": row.id,
        "protocol": row.protocol,
        "internal_ip_address": row.internal_ip_address,
        "internal_port_id": row.internal_port_id,
        "internal_port": _single(row.internal_first, row.internal_last),
        "external_port": _single(row.external_first, row.external_last),
    }


def _single(first: int, last: int) -> int | None:
    return first if first == last else None
