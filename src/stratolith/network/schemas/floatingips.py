"""Floating IPs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute, Invalid
from stratolith.network.models import FloatingIp, PortForwarding
from stratolith.network.schemas import dns
from stratolith.network.schemas.attributes import TAGS, attributes, standard
from stratolith.network.schemas.fields import ip_address, nullable, uuid
from stratolith.network.schemas.rendering import common
from stratolith.network.schemas.routing.port_forwardings import brief


def _four(value: Any) -> str:
    address = ip_address(value)
    if ":" in address:
        raise Invalid(f"'{value}' is not a valid IPv4 address.")
    return address


FLOATING_IP = attributes(
    "floatingip",
    "floatingips",
    standard(
        floating_network_id=Attribute(uuid, update=False, required=True),
        subnet_id=Attribute(nullable(uuid), update=False),
        floating_ip_address=Attribute(nullable(_four), update=False),
        port_id=Attribute(nullable(uuid)),
        fixed_ip_address=Attribute(nullable(ip_address)),
        dns_name=Attribute(dns.relative_name, update=False, default=""),
        dns_domain=Attribute(dns.domain, update=False, default=""),
        qos_policy_id=Attribute(nullable(uuid), default=None),
        router_id=Attribute(nullable(uuid)),
        status=READ_ONLY,
        tags=TAGS,
    ),
)


def render(
    floating: FloatingIp,
    details: dict[str, Any] | None,
    forwardings: Sequence[PortForwarding],
    tags: list[str],
) -> dict[str, Any]:
    return {
        "id": floating.id,
        "floating_ip_address": floating.floating_ip_address,
        "floating_network_id": floating.floating_network_id,
        "router_id": floating.router_id,
        "port_id": floating.port_id,
        "fixed_ip_address": floating.fixed_ip_address,
        "status": floating.status,
        "qos_policy_id": floating.qos_policy_id,
        "port_details": details,
        # names are kept where a DNS service publishes them, and there is none yet
        "dns_name": "",
        "dns_domain": "",
        "port_forwardings": [brief(forwarding) for forwarding in forwardings],
        **common(floating, tags),
    }
