"""The five operations that every resource of the network API has, from one declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import KEEP, Route
from stratolith.network.api import collections, guard
from stratolith.network.managers import tags
from stratolith.network.managers.lists import Kind
from stratolith.network.schemas.resource import BODY, Resource

Body = dict[str, Any]
Target = Mapping[str, Any]


class Manager(Protocol):
    """What a resource's manager module offers; ``create`` and ``update`` only where they exist."""

    def get(self, ctx: Context, id: str, /) -> Any: ...

    def delete(self, ctx: Context, row: Any, /) -> None: ...


def project_target(ctx: Context, values: Body) -> Target:
    """What policy sees of a resource that belongs to nothing but its project."""
    return {"project_id": values["project_id"], "tenant_id": values["project_id"]}


@dataclass(frozen=True)
class Crud:
    """List, create (one or many), show, update and delete, with Neutron's answers.

    rendered: rows to what the API shows of them, all of a page at once.
    create:   (ctx, project_id, values) -> row, in place of the manager's ``create``.
    target:   (ctx, values) -> what policy sees of a resource that is to be made.
    defaults: values of attributes with a policy rule of their own that need no such right.
    fresh:    ``rendered`` for rows made in this very transaction.
    before_list: what the first look at the collection does.
    prepare:  notes on rows of a list what policy asks of them beyond their columns.
    """

    resource: Resource
    kind: Kind
    manager: Manager
    rendered: collections.Render
    create: Callable[[Context, str, Body], Any]
    update: Callable[[Context, Any, Body], Any] | None = None
    target: Callable[[Context, Body], Target] = project_target
    defaults: Mapping[str, Any] = field(default_factory=dict)
    fresh: collections.Render | None = None
    before_list: Callable[[Context], None] | None = None
    prepare: Callable[[Context, Sequence[Any]], None] | None = None

    @property
    def routes(self) -> list[Route]:
        name, load = self.resource.name, self.manager.get
        path = "/" + self.resource.collection.replace("_", "-")
        found = [
            Route.get(path, self._index, keep=KEEP),
            Route.post(path, self._create, body=BODY, status=201),
            Route.get(f"{path}/{{id}}", self._show, load=load, rule=f"get_{name}", keep=KEEP),
            Route.delete(f"{path}/{{id}}", self._delete, load=load, rule=f"delete_{name}"),
        ]
        if self.update:
            rule = f"update_{name}"
            read = self.resource.read_update
            found.append(
                Route.put(
                    f"{path}/{{id}}", self._update, load=load, rule=rule, body=BODY, read=read
                )
            )
        return found

    def _index(self, ctx: Context) -> Body:
        if self.before_list:
            self.before_list(ctx)
        name = self.resource.name
        return collections.answer(ctx, self.resource.collection, self.kind, self._readable, name)

    def _readable(self, ctx: Context, rows: Sequence[Any]) -> list[Body]:
        """Those rows of a list that policy lets the caller read one by one."""
        if self.prepare:
            self.prepare(ctx, rows)
        return self.rendered(ctx, guard.readable(ctx, f"get_{self.resource.name}", rows))

    def _create(self, ctx: Context, body: Body) -> Body:
        """One resource, or many in one transaction."""
        items, is_bulk = self.resource.read_create(ctx, body)
        made = [self._make(ctx, values) for values in items]
        found = (self.fresh or self.rendered)(ctx, made)
        return collections.created(
            self.resource.name, self.resource.collection, found, is_bulk=is_bulk
        )

    def _make(self, ctx: Context, values: Body) -> Any:
        target = self.target(ctx, values)
        defaults = {"tags": [], **self.defaults}
        guard.allow(ctx, f"create_{self.resource.name}", target, values, defaults)
        given = values.pop("tags", [])
        row = self.create(ctx, values["project_id"], values)
        if given:
            tags.add(ctx, row.id, given)
        return row

    def _show(self, ctx: Context, row: Any) -> Body:
        return collections.one(ctx, self.resource.name, self._rendered(ctx, row))

    def _update(self, ctx: Context, row: Any, body: Body) -> Body:
        assert self.update is not None  # else there is no such route
        guard.check_revision(ctx, row.revision_number)
        guard.allow(ctx, f"update_{self.resource.name}", row.policy_target(), body)
        self.update(ctx, row, body)
        return {self.resource.name: self._rendered(ctx, row)}

    def _delete(self, ctx: Context, row: Any) -> None:
        guard.check_revision(ctx, row.revision_number)
        self.manager.delete(ctx, row)

    def _rendered(self, ctx: Context, row: Any) -> Body:
        rows: Sequence[Any] = [row]
        return self.rendered(ctx, rows)[0]
