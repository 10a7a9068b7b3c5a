"""/security-groups"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.api.crud import Crud
from stratolith.network.managers import kinds, security_groups, tags
from stratolith.network.schemas.security_groups import SECURITY_GROUP, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = [row.id for row in rows]
    rules = security_groups.rules_of(ctx, ids)
    tagged = tags.of(ctx, ids)
    security_groups.note_granted(ctx, rows)
    return [render(row, rules[row.id], tagged.get(row.id, []), shared=row.granted) for row in rows]


ROUTES = Crud(
    SECURITY_GROUP,
    kinds.SECURITY_GROUPS,
    security_groups,
    rendered,
    create=security_groups.create,
    update=security_groups.update,
    prepare=security_groups.note_granted,
    before_list=lambda ctx: security_groups.ensure_default(ctx, ctx.project_id),
).routes
