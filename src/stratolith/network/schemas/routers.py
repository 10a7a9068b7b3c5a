"""Routers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute
from stratolith.network.models import ConntrackHelper, Router
from stratolith.network.schemas.attributes import TAGS, attributes, standard
from stratolith.network.schemas.fields import (
    FIXED_IPS,
    ROUTES,
    boolean,
    list_of,
    mapping,
    name,
    nullable,
    text,
    uuid,
)
from stratolith.network.schemas.rendering import common
from stratolith.network.schemas.routing.conntrack_helpers import brief

_INFO = mapping(
    ("network_id",),
    network_id=uuid,
    enable_snat=boolean,
    external_fixed_ips=FIXED_IPS,
    qos_policy_id=nullable(uuid),
)
EXTERNAL_GATEWAYS = list_of(_INFO, unique=False)


def _gateway(value: Any) -> Any:
    return None if value is None or value == {} else _INFO(value)


ROUTER = attributes(
    "router",
    "routers",
    standard(
        name=Attribute(name(), default=""),
        admin_state_up=Attribute(boolean, default=True),
        external_gateway_info=Attribute(_gateway),
        external_gateways=READ_ONLY,
        routes=Attribute(nullable(ROUTES), create=False),
        availability_zone_hints=Attribute(list_of(text()), update=False, default=[]),
        enable_ndp_proxy=Attribute(nullable(boolean)),
        ha=Attribute(nullable(boolean)),
        distributed=Attribute(nullable(boolean)),
        flavor_id=Attribute(nullable(text(36)), update=False),
        status=READ_ONLY,
        tags=TAGS,
    ),
)


def render(
    router: Router,
    gateways: Sequence[tuple[str, list[dict[str, str]]]],
    helpers: Sequence[ConntrackHelper],
    zones: Sequence[str],
    tags: list[str],
    *,
    admin: bool,
) -> dict[str, Any]:
    """``gateways``: network and addresses of each, that with the default route first."""
    body: dict[str, Any] = {
        "id": router.id,
        "name": router.name,
        "admin_state_up": router.admin_state_up,
        "status": router.status,
        "external_gateway_info": None,
        "external_gateways": [
            {"network_id": network_id, "external_fixed_ips": addresses}
            for network_id, addresses in gateways
        ],
        "routes": router.routes,
        "flavor_id": router.flavor_id,
        "availability_zone_hints": router.availability_zone_hints,
        "availability_zones": zones,
        "enable_ndp_proxy": bool(router.enable_ndp_proxy and router.gateway_port_id),
        "conntrack_helpers": [brief(helper) for helper in helpers],
        **common(router, tags),
    }
    if router.gateway_port_id:
        body["external_gateway_info"] = {
            "network_id": router.gateway_network_id,
            "external_fixed_ips": gateways[0][1],
            "enable_snat": router.enable_snat,
        }
        if router.qos_policy_id:
            body["external_gateway_info"]["qos_policy_id"] = router.qos_policy_id
    if admin:
        body["ha"], body["distributed"] = router.ha, False
    return body
