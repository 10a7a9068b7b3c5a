"""Subnet pools and address scopes."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute
from stratolith.network.models import AddressScope, SubnetPool
from stratolith.network.schemas.attributes import TAGS, attributes, standard
from stratolith.network.schemas.fields import (
    boolean,
    cidr,
    integer,
    ip_version,
    list_of,
    name,
    nullable,
    text,
    uuid,
)
from stratolith.network.schemas.rendering import common

SUBNETPOOL = attributes(
    "subnetpool",
    "subnetpools",
    standard(
        name=Attribute(name(None, blank=False), required=True),
        prefixes=Attribute(list_of(cidr), required=True),
        default_prefixlen=Attribute(nullable(integer(0, 128))),
        min_prefixlen=Attribute(nullable(integer(0, 128))),
        max_prefixlen=Attribute(nullable(integer(0, 128))),
        default_quota=Attribute(nullable(integer(0, 2**31 - 1))),
        address_scope_id=Attribute(nullable(uuid)),
        shared=Attribute(boolean, update=False, default=False),
        is_default=Attribute(boolean, default=False),
        ip_version=READ_ONLY,
        tags=TAGS,
    ),
)

ADDRESS_SCOPE = attributes(
    "address_scope",
    "address_scopes",
    {
        "id": READ_ONLY,
        "project_id": Attribute(text(64), update=False),
        "tenant_id": Attribute(text(64), update=False),
        "name": Attribute(name(), default=""),
        "ip_version": Attribute(ip_version, update=False, required=True),
        "shared": Attribute(boolean, default=False),
    },
)


def render(pool: SubnetPool, tags: list[str], *, shared: bool) -> dict[str, Any]:
    return {
        "id": pool.id,
        "name": pool.name,
        "ip_version": pool.ip_version,
        "prefixes": pool.prefixes,
        "default_prefixlen": str(pool.default_prefixlen),
        "min_prefixlen": str(pool.min_prefixlen),
        "max_prefixlen": str(pool.max_prefixlen),
        "default_quota": pool.default_quota,
        "address_scope_id": pool.address_scope_id,
        "shared": shared,
        "is_default": pool.is_default,
        **common(pool, tags),
    }


def render_scope(scope: AddressScope, *, shared: bool) -> dict[str, Any]:
    return {
        "id": scope.id,
        "name": scope.name,
        "ip_version": scope.ip_version,
        "shared": shared,
        "project_id": scope.project_id,
        "tenant_id": scope.project_id,
    }
