"""/address-scopes"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Resource, Verb, integer
from stratolith.network import models as m
from stratolith.network.api.filters import (
    bare,
    checked,
    listing_of,
    owned_or_shared,
    shared_or_granted,
)
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.subnetpools import AddressScopeNotFound
from stratolith.network.managers import address_scopes, visibility
from stratolith.network.schemas.fields import integer as number
from stratolith.network.schemas.subnetpools import ADDRESS_SCOPE, render_scope

Body = dict[str, Any]
DEFAULTS = {"shared": False}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    granted = visibility.shared_ids(ctx, "address_scope", [row.id for row in rows])
    return [render_scope(row, shared=row.shared or row.id in granted) for row in rows]


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    visibility.note_granted_rows(ctx, "address_scope", rows)


ADDRESS_SCOPES = Resource(
    ADDRESS_SCOPE.name,
    STYLE,
    plural=ADDRESS_SCOPE.collection,
    load=address_scopes.get,
    rendered=rendered,
    attributes=ADDRESS_SCOPE,
    listing=listing_of(
        m.AddressScope,
        ("name", "ip_version"),
        bare(
            m.AddressScope,
            "name",
            ip_version=checked(integer(m.AddressScope.ip_version), number()),
            shared=shared_or_granted(m.AddressScope, "address_scope"),
        ),
        visible=owned_or_shared(m.AddressScope, "address_scope"),
        missing=lambda marker: AddressScopeNotFound(address_scope_id=marker),
    ),
    create=Verb(address_scopes.create),
    update=Verb(address_scopes.update),
    delete=Verb(address_scopes.delete),
    defaults=DEFAULTS,
    prepare=_prepare,
)
ROUTES = ADDRESS_SCOPES.routes
