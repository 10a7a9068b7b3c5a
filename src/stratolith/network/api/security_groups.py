"""/security-groups"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, true

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Condition, Resource, Verb, boolean
from stratolith.network import models as m
from stratolith.network.api.filters import listing_of, shared, tagged
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.security_groups import SecurityGroupNotFound
from stratolith.network.managers import security_groups, tags, visibility
from stratolith.network.schemas.security_groups import SECURITY_GROUP, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = [row.id for row in rows]
    rules = security_groups.rules_of(ctx, ids)
    tagged = tags.of(ctx, ids)
    security_groups.note_granted(ctx, rows)
    return [render(row, rules[row.id], tagged.get(row.id, []), shared=row.granted) for row in rows]


def _shared(ctx: Context) -> Condition:
    return m.SecurityGroup.id.in_(visibility.granted(ctx.project_id, "security_group"))


def _visible(ctx: Context) -> Condition:
    if ctx.is_admin:
        return true()
    return or_(
        ctx.own(m.SecurityGroup.project_id),
        m.SecurityGroup.id.in_(visibility.granted(ctx.project_id, "security_group")),
    )


SECURITY_GROUPS = Resource(
    SECURITY_GROUP.name,
    STYLE,
    plural=SECURITY_GROUP.collection,
    load=security_groups.get,
    rendered=rendered,
    attributes=SECURITY_GROUP,
    listing=listing_of(
        m.SecurityGroup,
        ("name",),
        tagged(
            m.SecurityGroup,
            "name",
            shared=shared(_shared),
            stateful=boolean(m.SecurityGroup.stateful),
        ),
        visible=_visible,
        missing=lambda marker: SecurityGroupNotFound(id=marker),
    ),
    create=Verb(security_groups.create),
    update=Verb(security_groups.update),
    delete=Verb(security_groups.delete),
    before_list=lambda ctx: security_groups.ensure_default(ctx, ctx.project_id),
    prepare=security_groups.note_granted,
    tagged=True,
)
ROUTES = SECURITY_GROUPS.routes
