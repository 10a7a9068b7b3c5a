"""A resource of an API as data, its routes, and the style of a service."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource.attributes import Attributes
from stratolith.kernel.http.resource.filters import Condition
from stratolith.kernel.http.resource.listing import Listing, Page, next_link
from stratolith.kernel.http.routing import Asked, Choice, Route
from stratolith.kernel.http.validation import Schema

Body = dict[str, Any]
Target = Mapping[str, Any]
Render = Callable[[Context, Sequence[Any]], list[Any]]


class Verb:
    """One operation of a resource: the function that does it, and its differences from the style.

    do:     create: (ctx, values) -> row, or (row, attributes shown only in this answer);
            show: (ctx, row) -> attributes that lists do not show;
            update: (ctx, row, values) -> None, the row, or (row, attributes shown only now);
            delete: (ctx, row).
    rule:   of the policy; "": from the style; None: no rule.
    target: the target of the rule (``Route.target``); None: from the style.
    body:   schema of the request.
    several: a request creates a list of resources.
    options: of the route: ``since``, ``status``, ``keep``, ``early_checks`` and so on.
    """

    def __init__(
        self,
        do: Callable[..., Any] | None = None,
        *,
        rule: str | Choice | None = "",
        target: Callable[[Context, Asked], Target | None] | None = None,
        body: Schema | None = None,
        several: bool = False,
        **options: Any,
    ) -> None:
        self.do = do
        self.rule = rule
        self.target = target
        self.body = body
        self.several = several
        self.options = options

    def __call__(self, *arguments: Any) -> Any:
        assert self.do is not None, "a verb that changes something says how"
        return self.do(*arguments)


@dataclass(frozen=True)
class Parent:
    """The resource in whose path a resource is: /floatingips/{id}/port_forwardings.

    name: in rules of the policy: "floatingip".
    load: (ctx, variable) -> the parent; raises NotFound. Lists and new resources get it.
    variable: its name in the path.
    rows: (parent) -> condition of the rows that belong to it.
    """

    name: str
    load: Callable[..., Any]
    variable: str
    rows: Callable[[Any], Condition]


@dataclass(frozen=True)
class Resource:
    """A resource with up to five operations; an operation that is None does not exist.

    name:     in bodies and rules: "network".  plural: "networks", by default name + "s".
    path:     of the collection, below the service's prefix; default: from the style.
    key:      last variable in the path of an item; default: from the style.
    load:     (ctx, variables...) -> row; raises NotFound when the caller may not see it.
    rendered: (ctx, rows) -> their documents in the API, for a whole page at once.
    fresh:    the same for rows created in the current transaction.
    listing:  visible rows, filters, order and pages.
    attributes: how bodies are read when there is no schema.
    new_target: (ctx, values) -> the policy target of a new resource.
    defaults: attribute values that are allowed although the attribute has a policy rule.
    before_list: runs before the collection is listed.
    prepare:  adds to the rows of a list what the policy needs beyond their columns.
    tagged:   it has tags, with separate routes.
    parent:   it is below another resource; index and create of the style get that as ``parent``.
    ownerless: it has no owner: policy rules use the caller's project and are checked before the
              resource is loaded.
    """

    name: str
    style: Style
    load: Callable[..., Any]
    rendered: Render
    listing: Listing | None = None
    plural: str = ""
    path: str = ""
    key: str = ""
    index: Verb | None = field(default_factory=Verb)
    create: Verb | None = None
    show: Verb | None = field(default_factory=Verb)
    update: Verb | None = None
    delete: Verb | None = None
    attributes: Attributes | None = None
    fresh: Render | None = None
    new_target: Callable[[Context, Body], Target] | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    before_list: Callable[[Context], None] | None = None
    prepare: Callable[[Context, Sequence[Any]], None] | None = None
    tagged: bool = False
    parent: Parent | None = None
    ownerless: bool = False

    @property
    def collection(self) -> str:
        return self.plural or f"{self.name}s"

    @property
    def at(self) -> str:
        """Path of the collection."""
        return self.path or self.style.path(self)

    def document(self, ctx: Context, row: Any) -> Any:
        """The document of one row."""
        return self.rendered(ctx, [row])[0]

    @property
    def routes(self) -> list[Route]:
        """One route for each operation, and those that the style adds."""
        style, every = self.style, self.at
        single = f"{every}/{{{self.key or style.key(self)}}}"
        routes = [
            self._route(verb, name, method, path)
            for name, method, path, verb in (
                ("index", "GET", every, self.index if self.listing else None),
                ("create", "POST", every, self.create),
                ("show", "GET", single, self.show),
                ("update", style.update_method, single, self.update),
                ("delete", "DELETE", single, self.delete),
            )
            if verb is not None
        ]
        return [*routes, *style.further_routes(self)]

    def _route(self, verb: Verb, name: str, method: str, path: str) -> Route:
        options = self.style.options(self, name)
        if name in ("show", "update", "delete"):
            options["load"] = self.load
            if self.ownerless:
                options |= {"target": of_caller, "hides_missing": True}
        elif self.parent is not None:
            options |= {"load": self.parent.load, "loads": self.parent.variable}
        options |= verb.options
        if verb.rule != "":
            options["rule"] = verb.rule
        if verb.target is not None:
            options["target"] = verb.target
        if verb.body is not None:
            options["body"] = verb.body
        if name == "index":
            options["listing"] = self.listing
        return Route(method, path, partial(getattr(self.style, name), self), **options)


def of_caller(ctx: Context, asked: Asked) -> None:
    """``target`` of a resource without owner: the caller's project."""


def each(render: Callable[[Context, Any], Any]) -> Render:
    """``rendered`` for a resource whose rows are rendered one by one."""
    return lambda ctx, rows: [render(ctx, row) for row in rows]


class Style(ABC):
    """The five operations of a resource; each service has a subclass with its conventions.

    The defaults are the most common: ``{"thing": {...}}`` in requests and answers, lists as
    ``{"things": [...]}``.
    """

    update_method = "PUT"

    # -- routes ----------------------------------------------------------------------------------

    def path(self, resource: Resource) -> str:
        return f"/{resource.collection}"

    def key(self, resource: Resource) -> str:
        """Last variable in the path of an item."""
        return f"{resource.name}_id"

    @abstractmethod
    def rule(self, resource: Resource, verb: str) -> str:
        """Name of the policy rule of a verb (index, create, show, update, delete)."""

    def options(self, resource: Resource, verb: str) -> dict[str, Any]:
        """Options of the route of an operation; those of the resource override them."""
        options: dict[str, Any] = {"rule": self.rule(resource, verb)}
        status = {"create": 201, "delete": 204}.get(verb)
        return options if status is None else {**options, "status": status}

    def further_routes(self, resource: Resource) -> list[Route]:
        return []

    # -- lists -----------------------------------------------------------------------------------

    def page(self, ctx: Context, resource: Resource) -> Page:
        """The rows that the query selects."""
        assert resource.listing is not None  # else there is no such route
        return resource.listing.asked(ctx)

    def collection(self, ctx: Context, resource: Resource, members: list[Any], page: Page) -> Any:
        """``{"things": [...]}``, with ``things_links`` when more rows follow."""
        document: Body = {resource.collection: members}
        if page.more and resource.listing is not None:
            marker = str(getattr(page.rows[-1], resource.listing.key.key))
            link = {"rel": "next", "href": next_link(ctx, page, marker=marker)}
            document[f"{resource.collection}_links"] = [link]
        return document

    # -- the operations --------------------------------------------------------------------------

    def index(self, resource: Resource, ctx: Context, **above: str) -> Any:
        if resource.before_list:
            resource.before_list(ctx)
        page = self.page(ctx, resource)
        if resource.prepare:
            resource.prepare(ctx, page.rows)
        return self.collection(ctx, resource, resource.rendered(ctx, page.rows), page)

    def member(self, ctx: Context, resource: Resource, shown: Body) -> Any:
        """The body for one resource."""
        return {resource.name: shown}

    def values(self, resource: Resource, body: Body) -> Body:
        """The values of a resource in a body."""
        values: Body = body[resource.name]
        return values

    def create(self, resource: Resource, ctx: Context, *, body: Body, **above: str) -> Any:
        assert resource.create is not None  # here and below: without it there is no such route
        if resource.create.several:
            documents = [
                self.created(resource, ctx, values) for values in body[resource.collection]
            ]
            return {resource.collection: documents}
        return self.member(ctx, resource, self.created(resource, ctx, self.values(resource, body)))

    def created(self, resource: Resource, ctx: Context, values: Body) -> Body:
        """Create a resource; returns its document."""
        assert resource.create is not None
        made = resource.create(ctx, values)
        row, once = made if isinstance(made, tuple) else (made, {})
        return {**(resource.fresh or resource.rendered)(ctx, [row])[0], **once}

    def show(self, resource: Resource, ctx: Context, row: Any, **above: str) -> Any:
        assert resource.show is not None
        further = resource.show(ctx, row) if resource.show.do else {}
        return self.member(ctx, resource, {**resource.document(ctx, row), **further})

    def update(
        self, resource: Resource, ctx: Context, row: Any, *, body: Body, **above: str
    ) -> Any:
        assert resource.update is not None
        result = resource.update(ctx, row, self.values(resource, body))
        changed, further = result if isinstance(result, tuple) else (result or row, {})
        return self.member(ctx, resource, {**resource.document(ctx, changed), **further})

    def delete(self, resource: Resource, ctx: Context, row: Any, **above: str) -> Any:
        assert resource.delete is not None
        resource.delete(ctx, row)
