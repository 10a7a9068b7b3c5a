"""/address-scopes"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.api.crud import Crud
from stratolith.network.managers import address_scopes, kinds
from stratolith.network.schemas.subnetpools import ADDRESS_SCOPE, render_scope

Body = dict[str, Any]
DEFAULTS = {"shared": False}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_scope(row) for row in rows]


ROUTES = Crud(
    ADDRESS_SCOPE,
    kinds.ADDRESS_SCOPES,
    address_scopes,
    rendered,
    create=address_scopes.create,
    update=address_scopes.update,
    defaults=DEFAULTS,
).routes
