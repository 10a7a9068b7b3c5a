"""/floatingips"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.api.crud import Crud
from stratolith.network.managers import floatingips, kinds, tags
from stratolith.network.schemas.floatingips import FLOATING_IP, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    details = floatingips.port_details(ctx, [row.port_id for row in rows if row.port_id])
    tagged = tags.of(ctx, [row.id for row in rows])
    return [render(row, details.get(row.port_id), tagged.get(row.id, [])) for row in rows]


ROUTES = Crud(
    FLOATING_IP,
    kinds.FLOATING_IPS,
    floatingips,
    rendered,
    create=floatingips.create,
    update=floatingips.update,
).routes
