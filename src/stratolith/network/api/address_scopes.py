"""/address-scopes"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Resource, Verb, boolean, integer
from stratolith.network import models as m
from stratolith.network.api.filters import bare, checked, listing_of, owned_or_shared
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.subnetpools import AddressScopeNotFound
from stratolith.network.managers import address_scopes
from stratolith.network.schemas.fields import integer as number
from stratolith.network.schemas.subnetpools import ADDRESS_SCOPE, render_scope

Body = dict[str, Any]
DEFAULTS = {"shared": False}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_scope(row) for row in rows]


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
            shared=boolean(m.AddressScope.shared),
        ),
        visible=owned_or_shared(m.AddressScope),
        missing=lambda marker: AddressScopeNotFound(address_scope_id=marker),
    ),
    create=Verb(address_scopes.create),
    update=Verb(address_scopes.update),
    delete=Verb(address_scopes.delete),
    defaults=DEFAULTS,
)
ROUTES = ADDRESS_SCOPES.routes
