"""Subnets."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute
from stratolith.network.exceptions.networks import InvalidSubnetServiceType
from stratolith.network.models import Subnet
from stratolith.network.schemas.attributes import TAGS, attributes, standard
from stratolith.network.schemas.fields import (
    POOLS,
    ROUTES,
    boolean,
    cidr,
    integer,
    ip_address,
    ip_version,
    list_of,
    name,
    name_server,
    nullable,
    one_of,
    text,
    uuid,
)
from stratolith.network.schemas.rendering import common

MODES = nullable(one_of("dhcpv6-stateful", "dhcpv6-stateless", "slaac"))


# Beginnings of the owners of ports that may have subnets of their own
OWNERS = ("compute:", "network:", "neutron:")


def _service_type(value: Any) -> str:
    service_type = str(text(255)(value))
    if not service_type.startswith(OWNERS):
        raise InvalidSubnetServiceType(service_type=service_type)
    return service_type


def _pool(value: Any) -> str:
    """The id of a subnet pool; the name that stands for prefix delegation is refused later."""
    return value if value == "prefix_delegation" else str(uuid(value))


SUBNET = attributes(
    "subnet",
    "subnets",
    standard(
        name=Attribute(name(), default=""),
        network_id=Attribute(uuid, update=False, required=True),
        ip_version=Attribute(ip_version, update=False),
        cidr=Attribute(nullable(cidr), update=False),
        subnetpool_id=Attribute(nullable(_pool), update=False),
        use_default_subnetpool=Attribute(boolean, update=False),
        prefixlen=Attribute(integer(0, 128), update=False),
        gateway_ip=Attribute(nullable(ip_address)),
        allocation_pools=Attribute(nullable(POOLS)),
        dns_nameservers=Attribute(list_of(name_server), default=[]),
        host_routes=Attribute(ROUTES, default=[]),
        enable_dhcp=Attribute(boolean, default=True),
        ipv6_ra_mode=Attribute(MODES, update=False),
        ipv6_address_mode=Attribute(MODES, update=False),
        segment_id=Attribute(nullable(uuid)),
        service_types=Attribute(list_of(_service_type), default=[]),
        dns_publish_fixed_ip=Attribute(boolean, default=False),
        tags=TAGS,
        **{"router:external": READ_ONLY},
    ),
)


def render(subnet: Subnet, tags: list[str], *, external: bool) -> dict[str, Any]:
    return {
        "id": subnet.id,
        "name": subnet.name,
        "network_id": subnet.network_id,
        "ip_version": subnet.ip_version,
        "subnetpool_id": subnet.subnetpool_id,
        "enable_dhcp": subnet.enable_dhcp,
        "ipv6_ra_mode": subnet.ipv6_ra_mode,
        "ipv6_address_mode": subnet.ipv6_address_mode,
        "gateway_ip": subnet.gateway_ip,
        "cidr": subnet.cidr,
        "allocation_pools": subnet.allocation_pools,
        "host_routes": subnet.host_routes,
        "dns_nameservers": subnet.dns_nameservers,
        "service_types": subnet.service_types,
        "segment_id": subnet.segment_id,
        "dns_publish_fixed_ip": subnet.dns_publish_fixed_ip,
        "router:external": external,
        **common(subnet, tags),
    }
