"""/security-groups-default-statefulness"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import Listing, Resource, Verb, boolean, exact
from stratolith.network.api.filters import owned
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.security_groups import SecurityGroupDefaultStatefulnessNotFound
from stratolith.network.managers.security import security_groups_default_statefulness as manager
from stratolith.network.models import DefaultStatefulness as Setting
from stratolith.network.schemas.security.defaults import STATEFULNESS, render_statefulness

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_statefulness(row) for row in rows]


SETTINGS = Resource(
    STATEFULNESS.name,
    STYLE,
    plural=STATEFULNESS.collection,
    load=manager.get,
    rendered=rendered,
    attributes=STATEFULNESS,
    listing=Listing(
        Setting,
        visible=owned(Setting),
        filters={
            "id": exact(Setting.id),
            "project_id": exact(Setting.project_id),
            "tenant_id": exact(Setting.project_id),
            "stateful": boolean(Setting.stateful),
        },
        sort_keys={
            "id": Setting.id,
            "project_id": Setting.project_id,
            "tenant_id": Setting.project_id,
            "stateful": Setting.stateful,
        },
        default_sort=[("id", "asc")],
        missing=lambda marker: SecurityGroupDefaultStatefulnessNotFound(id=marker),
        read=plain_reader(Setting),
    ),
    create=Verb(manager.create),
    update=Verb(manager.update),
    delete=Verb(manager.delete),
)
ROUTES = SETTINGS.routes
