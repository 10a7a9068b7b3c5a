"""One resource of an API as data, and the routes that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource.attributes import Attributes
from stratolith.kernel.http.resource.listing import Listing
from stratolith.kernel.http.routing import Asked, Choice, Route
from stratolith.kernel.http.validation import Schema

if TYPE_CHECKING:
    from stratolith.kernel.http.resource.style import Style

Body = dict[str, Any]
Target = Mapping[str, Any]
Render = Callable[[Context, Sequence[Any]], list[Any]]


class Verb:
    """One operation of a resource: what carries it out, and how it differs from the style's usual.

    do:     create: (ctx, values) -> row, or (row, what is shown this once);
            show: (ctx, row) -> what is shown beside what lists show;
            update: (ctx, row, values) -> None, the row, or (row, what is shown this once);
            delete: (ctx, row).
    rule:   of the policy; "": as the style names it; None: there is none.
    target: what the rule sees (``Route.target``); None: as the style has it.
    body:   schema of the request.
    several: a request makes a list of them.
    options: of the route: ``since``, ``status``, ``keep``, ``judged_first`` and so on.
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
class Resource:
    """What is listed, made, shown, changed and deleted; a verb that is None does not exist.

    name:     in bodies and rules: "network".  plural: "networks", by default name + "s".
    path:     of the collection, below the service's prefix; default: as the style makes it.
    key:      name of the last variable in the path of one; default: the style's.
    load:     (ctx, variables...) -> row; raises NotFound for what the caller may not see.
    rendered: (ctx, rows) -> what the API shows of them, all of a page at once.
    fresh:    the same for rows made in this very transaction.
    listing:  who sees which rows, by which filters, in which order, in which pages.
    attributes: how bodies are read, where no schema says it.
    new_target: (ctx, values) -> what policy sees of one that is to be made.
    defaults: values of attributes with a rule of their own that need no such right.
    before_list: what the first look at the collection does.
    prepare:  notes on rows of a list what policy asks of them beyond their columns.
    tagged:   it has tags, with routes of their own.
    ownerless: it belongs to nobody: rules see the caller's project instead, and are asked before
              anybody learns whether it is there.
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
    ownerless: bool = False

    @property
    def collection(self) -> str:
        return self.plural or f"{self.name}s"

    @property
    def at(self) -> str:
        """Path of the collection."""
        return self.path or self.style.path(self)

    def one(self, ctx: Context, row: Any) -> Any:
        """What is shown of a row."""
        return self.rendered(ctx, [row])[0]

    @property
    def routes(self) -> list[Route]:
        """One for each verb, and what the style adds."""
        style, every = self.style, self.at
        single = f"{every}/{{{self.key or style.key(self)}}}"
        found = [
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
        return [*found, *style.further_routes(self)]

    def _route(self, verb: Verb, name: str, method: str, path: str) -> Route:
        options = self.style.options(self, name)
        if name in ("show", "update", "delete"):
            options["load"] = self.load
            if self.ownerless:
                options |= {"target": of_caller, "hides_missing": True}
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
    """``target`` of what belongs to nobody: the caller's project."""


def each(render: Callable[[Context, Any], Any]) -> Render:
    """``rendered`` of a resource whose rows are shown one by one."""
    return lambda ctx, rows: [render(ctx, row) for row in rows]
