"""Networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute, Invalid
from stratolith.network.exceptions.general import HTTPBadRequest
from stratolith.network.models import Network
from stratolith.network.schemas import dns
from stratolith.network.schemas.attributes import TAGS, attributes, standard
from stratolith.network.schemas.fields import (
    boolean,
    integer,
    list_of,
    name,
    nullable,
    number,
    text,
    uuid,
)
from stratolith.network.schemas.rendering import common

# 0: the largest that the network can carry; the minimum depends on the subnets
_mtu = integer(0, 65535)


def _number(value: Any) -> int:
    return int(integer(0, 2**32 - 1)(number(value)))


_PROVIDER = {
    "provider:network_type": Attribute(text(32)),
    "provider:physical_network": Attribute(text(64)),
    "provider:segmentation_id": Attribute(_number),
}


def _segments(value: Any) -> list[dict[str, Any]]:
    """A list of segments, each with the names of the provider attributes."""
    if value in ("", {}):  # the empty values of clients that know no lists
        return []
    if not isinstance(value, list):
        raise Invalid(f"'{value}' is not a list of segments.")
    return [_segment(entry) for entry in value]


def _segment(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(f"'{value}' is not a dictionary.")
    unknown = sorted(set(value) - set(_PROVIDER))
    if unknown:
        raise HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    segment = {}
    for key, given in value.items():
        convert = _PROVIDER[key].convert
        segment[key] = convert(given) if convert is not None and given is not None else None
    return segment


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
        qos_policy_id=Attribute(nullable(uuid), default=None),
        availability_zone_hints=Attribute(list_of(text()), update=False, default=[]),
        status=READ_ONLY,
        subnets=READ_ONLY,
        l2_adjacency=READ_ONLY,
        tags=TAGS,
        segments=Attribute(_segments),
        **{
            "router:external": Attribute(boolean, default=False),
            **_PROVIDER,
        },
    ),
)


def render(
    network: Network,
    subnets: list[str],
    tags: list[str],
    *,
    shared: bool,
    l2_adjacent: bool,
    provider: bool,
    scopes: Mapping[int, str],
    zones: Sequence[str],
    segments: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """``provider``: with provider attributes; ``segments``: shown in place of them."""
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
        "qos_policy_id": network.qos_policy_id,
        "availability_zone_hints": network.availability_zone_hints,
        "availability_zones": zones,
        "ipv4_address_scope": scopes.get(4),
        "ipv6_address_scope": scopes.get(6),
        "l2_adjacency": l2_adjacent,
        **common(network, tags),
    }
    if segments is not None:
        body["segments"] = segments
    elif provider:
        body["provider:network_type"] = network.network_type or None
        body["provider:physical_network"] = network.physical_network or None
        body["provider:segmentation_id"] = network.segmentation_id
    return body
