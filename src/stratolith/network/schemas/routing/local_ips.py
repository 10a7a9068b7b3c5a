"""Local IPs and their associations with ports."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute
from stratolith.network.models import LocalIp, LocalIpAssociation
from stratolith.network.models.local_ips import PASSTHROUGH, TRANSLATE
from stratolith.network.schemas.attributes import attributes, standard
from stratolith.network.schemas.fields import ip_address, name, nullable, one_of, text, uuid
from stratolith.network.schemas.rendering import common

LOCAL_IP = attributes(
    "local_ip",
    "local_ips",
    standard(
        name=Attribute(name(), default=""),
        local_port_id=Attribute(uuid, update=False),
        network_id=Attribute(uuid, update=False),
        local_ip_address=Attribute(nullable(ip_address), update=False),
        ip_mode=Attribute(one_of(TRANSLATE, PASSTHROUGH), update=False, default=TRANSLATE),
    ),
)
PORT_ASSOCIATION = attributes(
    "port_association",
    "port_associations",
    {
        "project_id": Attribute(text(64), update=False),
        "tenant_id": Attribute(text(64), update=False),
        "local_ip_id": READ_ONLY,
        "local_ip_address": READ_ONLY,
        "fixed_port_id": Attribute(uuid, update=False, required=True),
        "fixed_ip": Attribute(nullable(ip_address), update=False),
        "host": READ_ONLY,
    },
)


def render(row: LocalIp) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "local_port_id": row.local_port_id,
        "network_id": row.network_id,
        "local_ip_address": row.local_ip_address,
        "ip_mode": row.ip_mode,
        **common(row),
    }


def render_association(row: LocalIpAssociation, address: str, host: str) -> dict[str, Any]:
    return {
        "local_ip_id": row.local_ip_id,
        "local_ip_address": address,
        "fixed_port_id": row.fixed_port_id,
        "fixed_ip": row.fixed_ip,
        "host": host,
    }
