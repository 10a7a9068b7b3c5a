"""Flavors and service profiles."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import READ_ONLY, Attribute, Attributes
from stratolith.network.exceptions.flavors import InvalidServiceType
from stratolith.network.exceptions.general import HTTPBadRequest
from stratolith.network.models import Flavor, ServiceProfile
from stratolith.network.schemas.attributes import invalid
from stratolith.network.schemas.fields import boolean, list_of, name, nullable, text, uuid

LONG = 1024
SERVICE_TYPES = ("L3_ROUTER_NAT",)


def _service_type(value: Any) -> str:
    if value not in SERVICE_TYPES:
        raise InvalidServiceType(service_type=value)
    return str(value)


def _of_caller(ctx: Context, given: Any) -> str:
    """Flavors and profiles have no owner; rules are asked about the caller's project."""
    return ctx.project_id


def _attributes(of: str, collection: str, known: dict[str, Attribute]) -> Attributes:
    return Attributes(of, collection, known, _of_caller, HTTPBadRequest, invalid)


FLAVOR = _attributes(
    "flavor",
    "flavors",
    {
        "id": READ_ONLY,
        "name": Attribute(name(), default=""),
        "description": Attribute(nullable(text(LONG)), default=""),
        "service_type": Attribute(_service_type, update=False, required=True),
        # taken and dropped, as upstream: profiles are added one by one
        "service_profiles": Attribute(list_of(uuid), default=[]),
        "enabled": Attribute(boolean, default=True),
    },
)
SERVICE_PROFILE = _attributes(
    "service_profile",
    "service_profiles",
    {
        "id": READ_ONLY,
        "description": Attribute(nullable(text(LONG)), default=""),
        "driver": Attribute(text(LONG), default=""),
        "metainfo": Attribute(text(LONG), default=""),
        "enabled": Attribute(boolean, default=True),
    },
)


def render_flavor(flavor: Flavor, profiles: list[str]) -> dict[str, Any]:
    return {
        "id": flavor.id,
        "name": flavor.name,
        "description": flavor.description,
        "service_type": flavor.service_type,
        "enabled": flavor.enabled,
        "service_profiles": profiles,
    }


def render_profile(profile: ServiceProfile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "description": profile.description,
        "driver": profile.driver,
        "enabled": profile.enabled,
        "metainfo": profile.metainfo,
    }
