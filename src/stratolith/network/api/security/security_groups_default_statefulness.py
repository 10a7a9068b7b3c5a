"""/security-groups-default-statefulness"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import Listing, Resource, Verb, boolean, exact
from stratolith.network.api.filters import owned
from stratolith.network.api.style import NetworkStyle
from stratolith.network.exceptions.security_groups import SecurityGroupDefaultStatefulnessNotFound
from stratolith.network.managers.security import security_groups_default_statefulness as manager
from stratolith.network.models import DefaultStatefulness as Setting
from stratolith.network.schemas.security.defaults import STATEFULNESS, render_statefulness

Body = dict[str, Any]


_CLIENTS = "security_group_default_statefulness"


class _BothNames(NetworkStyle):
    """One setting has two names in bodies: upstream's server reads and writes its collection's
    name, and upstream's client another one, so that its commands fail there.
    """

    def options(self, resource: Resource, verb: str) -> Body:
        options = super().options(resource, verb)
        if verb == "update":
            options["read"] = lambda body: STATEFULNESS.read_update(_renamed(body))
        return options

    def create(
        self, resource: Resource, ctx: Context, parent: Any = None, *, body: Body, **above: str
    ) -> Body:
        return _both(super().create(resource, ctx, parent, body=_renamed(body), **above))

    def show(self, resource: Resource, ctx: Context, row: Any, **above: str) -> Body:
        return _both(super().show(resource, ctx, row, **above))

    def update(
        self, resource: Resource, ctx: Context, row: Any, *, body: Body, **above: str
    ) -> Body:
        return _both(super().update(resource, ctx, row, body=body, **above))


def _renamed(body: Mapping[str, Any]) -> Body:
    return {(STATEFULNESS.name if name == _CLIENTS else name): body[name] for name in body}


def _both(body: Body) -> Body:
    shown = body[STATEFULNESS.name]
    return body if isinstance(shown, list) else {**body, _CLIENTS: shown}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_statefulness(row) for row in rows]


SETTINGS = Resource(
    STATEFULNESS.name,
    _BothNames(),
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
