"""Conntrack helpers of routers."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute, Invalid
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.models import ConntrackHelper
from stratolith.network.schemas.attributes import attributes
from stratolith.network.schemas.fields import integer, text
from stratolith.network.schemas.routing.protocols import protocol_of

_PROTOCOLS = ("dccp", "icmp", "ipv6-icmp", "sctp", "tcp", "udp")


def _port(value: Any) -> int:
    try:
        number = integer()(value)
    except Invalid as error:
        raise InvalidInput(error_message=str(error).rstrip(".")) from None
    return int(integer(1, 65535)(number))


def _helper(value: Any) -> str:
    return str(text(64)(str(value)))


CONNTRACK_HELPER = attributes(
    "conntrack_helper",
    "conntrack_helpers",
    {
        "id": READ_ONLY,
        "project_id": Attribute(text(64), update=False),
        "tenant_id": Attribute(text(64), update=False),
        "protocol": Attribute(protocol_of(_PROTOCOLS), required=True),
        "port": Attribute(_port, required=True),
        "helper": Attribute(_helper, required=True),
    },
)


def render(row: ConntrackHelper) -> dict[str, Any]:
    return {"id": row.id, **brief(row)}


def brief(row: ConntrackHelper) -> dict[str, Any]:
    """As routers show it."""
    return {"protocol": row.protocol, "port": row.port, "helper": row.helper}
