"""/subnetpools"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.api.crud import Crud
from stratolith.network.managers import kinds, subnetpools, tags
from stratolith.network.schemas.subnetpools import SUBNETPOOL, render

Body = dict[str, Any]
DEFAULTS = {"shared": False, "is_default": False}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    tagged = tags.of(ctx, [row.id for row in rows])
    return [render(row, tagged.get(row.id, [])) for row in rows]


ROUTES = Crud(
    SUBNETPOOL,
    kinds.SUBNETPOOLS,
    subnetpools,
    rendered,
    create=subnetpools.create,
    update=subnetpools.update,
    defaults=DEFAULTS,
).routes
