"""Routers."""

from __future__ import annotations

from typing import Any

from stratolith.network.models import Router
from stratolith.network.schemas.fields import (
    FIXED_IPS,
    ROUTES,
    boolean,
    mapping,
    name,
    nullable,
    uuid,
)
from stratolith.network.schemas.rendering import common
from stratolith.network.schemas.resource import READ_ONLY, TAGS, Attr, Resource, standard


def _gateway(value: Any) -> Any:
    if value is None or value == {}:
        return None
    return mapping(
        ("network_id",), network_id=uuid, enable_snat=boolean, external_fixed_ips=FIXED_IPS
    )(value)


ROUTER = Resource(
    "router",
    "routers",
    standard(
        name=Attr(name(), default=""),
        admin_state_up=Attr(boolean, default=True),
        external_gateway_info=Attr(_gateway),
        routes=Attr(nullable(ROUTES), create=False),
        ha=Attr(nullable(boolean)),
        distributed=Attr(nullable(boolean)),
        status=READ_ONLY,
        tags=TAGS,
    ),
)


def render(
    router: Router, gateway: list[dict[str, str]], tags: list[str], *, admin: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": router.id,
        "name": router.name,
        "admin_state_up": router.admin_state_up,
        "status": router.status,
        "external_gateway_info": None,
        "routes": router.routes,
        **common(router, tags),
    }
    if router.gateway_port_id:
        found["external_gateway_info"] = {
            "network_id": router.gateway_network_id,
            "external_fixed_ips": gateway,
            "enable_snat": router.enable_snat,
        }
    if admin:
        found["ha"] = found["distributed"] = False
    return found
