"""Subnets."""

from __future__ import annotations

from typing import Any

from stratolith.network.exceptions import InvalidSubnetServiceType
from stratolith.network.models import Subnet
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
from stratolith.network.schemas.resource import READ_ONLY, TAGS, Attr, Resource, standard

MODES = nullable(one_of("dhcpv6-stateful", "dhcpv6-stateless", "slaac"))


# What may be served by a subnet of its own: the beginnings of the owners of ports
OWNERS = ("compute:", "network:", "neutron:")


def _service_type(value: Any) -> str:
    found = str(text(255)(value))
    if not found.startswith(OWNERS):
        raise InvalidSubnetServiceType(service_type=found)
    return found


SUBNET = Resource(
    "subnet",
    "subnets",
    standard(
        name=Attr(name(), default=""),
        network_id=Attr(uuid, update=False, required=True),
        ip_version=Attr(ip_version, update=False),
        cidr=Attr(nullable(cidr), update=False),
        subnetpool_id=Attr(nullable(uuid), update=False),
        use_default_subnetpool=Attr(boolean, update=False),
        prefixlen=Attr(integer(0, 128), update=False),
        gateway_ip=Attr(nullable(ip_address)),
        allocation_pools=Attr(nullable(POOLS)),
        dns_nameservers=Attr(list_of(name_server), default=[]),
        host_routes=Attr(ROUTES, default=[]),
        enable_dhcp=Attr(boolean, default=True),
        ipv6_ra_mode=Attr(MODES, update=False),
        ipv6_address_mode=Attr(MODES, update=False),
        service_types=Attr(list_of(_service_type), default=[]),
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
        "router:external": external,
        **common(subnet, tags),
    }
