"""Networks."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute
from stratolith.network.models import Network
from stratolith.network.schemas import dns
from stratolith.network.schemas.attributes import TAGS, attributes, standard
from stratolith.network.schemas.fields import boolean, integer, name, text
from stratolith.network.schemas.rendering import common

# 0: the largest that the network can carry; the minimum depends on the subnets
_mtu = integer(0, 65535)


NETWORK = attributes(
    "network",
    "networks",
    standard(
        name=Attribute(name(), default=""),
        admin_state_up=Attribute(boolean, default=True),
        shared=Attribute(boolean, default=False),
        mtu=Attribute(_mtu),
        port_security_enabled=Attribute(boolean, default=True),
        is_default=Attribute(boolean),
        dns_domain=Attribute(dns.domain, default=""),
        status=READ_ONLY,
        subnets=READ_ONLY,
        tags=TAGS,
        **{
            "router:external": Attribute(boolean, default=False),
            "provider:network_type": Attribute(text(32)),
            "provider:physical_network": Attribute(text(64)),
            "provider:segmentation_id": Attribute(integer(0, 2**31 - 1)),
        },
    ),
)


def render(
    network: Network,
    subnets: list[str],
    tags: list[str],
    *,
    shared: bool,
    provider: bool,
) -> dict[str, Any]:
    body = {
        "id": network.id,
        "name": network.name,
        "admin_state_up": network.admin_state_up,
        "mtu": network.mtu,
        "status": "ACTIVE",
        "subnets": subnets,
        "shared": shared,
        "router:external": network.external,
        "port_security_enabled": network.port_security_enabled,
        "is_default": bool(network.is_default),
        "dns_domain": network.dns_domain,
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
        **common(network, tags),
    }
    if provider:
        body["provider:network_type"] = network.network_type
        body["provider:physical_network"] = network.physical_network or None
        body["provider:segmentation_id"] = network.segmentation_id
    return body
