"""Plain resources: list, show, create, change and remove, by one declaration.

    SERVICES = Plain(
        "service",
        CatalogService,
        render,
        Rules(get_service, create_service, update_service, remove_service),
        schemas.CREATE_SERVICE,
        schemas.UPDATE_SERVICE,
        filters=text_filters("type", CatalogService.type),
    )
    ROUTES = SERVICES.routes()

The policy rules have the names that follow from the kind: ``identity:list_services`` and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import select

from stratolith.identity.api.collections import collection, member_links, page_of, same_id
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.listing import Column, Filter, Listing
from stratolith.kernel.http.routing import Judged, Route
from stratolith.kernel.http.validation import Schema

Body = dict[str, Any]
M = TypeVar("M")


@dataclass(frozen=True)
class Rules(Generic[M]):
    """What a manager can do. create may give attributes beside the object that are shown once."""

    get: Callable[[Context, str], M]
    create: Callable[[Context, Body], M | tuple[M, Body]]
    update: Callable[[Context, M, Body], M]
    remove: Callable[[Context, M], None]


@dataclass(frozen=True)
class Plain(Generic[M]):
    """One resource. path: below /v3, the plural by default; several: a request creates a list."""

    kind: str
    model: type[M]
    render: Callable[[Context, M], Body]  # without links
    manager: Rules[M]
    create_body: Schema
    update_body: Schema
    filters: Mapping[str, Filter] = field(default_factory=dict)
    sort_keys: Mapping[str, Column] = field(default_factory=dict)
    plural: str = ""
    path: str = ""
    several: bool = False
    parameters: Sequence[str] | None = None  # all that a list takes; None: others are passed over
    policy_first: Sequence[str] = ()  # methods whose bodies are judged after policy, as upstream

    @property
    def name(self) -> str:
        return self.plural or f"{self.kind}s"

    @property
    def listing(self) -> Listing:
        return Listing(
            self.model,
            filters=self.filters,
            sort_keys=self.sort_keys,
            default_sort=[("id", "asc")],
        )

    def shown(self, ctx: Context, one: Any) -> Body:
        links = member_links(ctx, self.path or self.name, one.id)
        return {**self.render(ctx, one), "links": links}

    def routes(self) -> list[Route]:
        """The five operations."""
        listing = self.listing
        every = f"/{self.path or self.name}"
        one = f"{every}/{{{self.kind}_id}}"
        made = self.name if self.several else self.kind

        def index(ctx: Context) -> Body:
            self._check_parameters(ctx)
            page = page_of(ctx, listing, select(self.model), paged=self.parameters is None)
            return collection(ctx, self.name, [self.shown(ctx, row) for row in page.rows], page)

        return [
            Route.get(every, index, rule=f"identity:list_{self.name}"),
            Route.post(
                every,
                self._create_several if self.several else self._create,
                rule=f"identity:create_{made}",
                body=self.create_body,
                judged_first=self._judged_first("POST"),
                status=201,
            ),
            Route.get(one, self._show, rule=f"identity:get_{self.kind}"),
            Route.patch(
                one,
                self._update,
                rule=f"identity:update_{self.kind}",
                body=self.update_body,
                judged_first=self._judged_first("PATCH"),
            ),
            Route.delete(one, self._remove, rule=f"identity:delete_{self.kind}"),
        ]

    def _judged_first(self, method: str) -> Judged | None:
        return Judged.GRAMMAR if method in self.policy_first else None

    def _check_parameters(self, ctx: Context) -> None:
        """Raises BadRequest."""
        for name in ctx.query:
            if self.parameters is not None and name not in self.parameters:
                raise BadRequest(f"Additional properties are not allowed ('{name}' was unexpected)")

    def _get(self, ctx: Context, ids: Mapping[str, str]) -> M:
        return self.manager.get(ctx, ids[f"{self.kind}_id"])

    def _made(self, ctx: Context, values: Body) -> Body:
        made = self.manager.create(ctx, values)
        one, once = made if isinstance(made, tuple) else (made, {})
        return {**self.shown(ctx, one), **once}

    def _create(self, ctx: Context, body: Body) -> Body:
        return {self.kind: self._made(ctx, body[self.kind])}

    def _create_several(self, ctx: Context, body: Body) -> Body:
        return {self.name: [self._made(ctx, values) for values in body[self.name]]}

    def _show(self, ctx: Context, **ids: str) -> Body:
        return {self.kind: self.shown(ctx, self._get(ctx, ids))}

    def _update(self, ctx: Context, body: Body, **ids: str) -> Body:
        one = self._get(ctx, ids)
        values = body[self.kind]
        same_id(values, self.kind, ids[f"{self.kind}_id"])
        return {self.kind: self.shown(ctx, self.manager.update(ctx, one, values))}

    def _remove(self, ctx: Context, **ids: str) -> None:
        self.manager.remove(ctx, self._get(ctx, ids))
