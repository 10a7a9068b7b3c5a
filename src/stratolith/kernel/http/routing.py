"""Routes as values, and the tree that finds one.

A route is path, verb, rule, schema and status in one line. Variables in the path become
keyword arguments of the handler; ``load`` turns the last variable into a loaded object, which
the handler gets as its second positional argument and policy gets as its target. Resources that
have the usual operations are declared as a whole (kernel/http/resource), which makes routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol

from stratolith.kernel.exceptions import Forbidden
from stratolith.kernel.http.microversion import Version
from stratolith.kernel.http.validation import Schema

Handler = Callable[..., Any]
JSON = ("application/json",)
KEEP = 60.0  # seconds; for Route.keep of what no clock changes
KEEP_SHORT = 1.0  # for what says whether hosts are heard of


class Judged(IntEnum):
    """How far a request is judged before the rights of who asks."""

    NOTHING = 0
    TYPE = 1  # what it says its body is
    GRAMMAR = 2  # and whether the body is JSON
    SCHEMA = 3  # and what is said in body and query


class Listed(Protocol):
    """What a route tells of its list; all of it is a ``Listing`` (kernel/http/resource)."""

    @property
    def filters(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is about, as rules may look at it.

    found: what ``load`` gave; None without one, and for what is missing (``hides_missing``).
    body:  as far as it was judged before policy (``judged_first``).
    """

    variables: Mapping[str, str]
    found: Any = None
    body: Any = None


@dataclass(frozen=True)
class Choice:
    """One of several rules, by what a request is about."""

    rules: tuple[str, ...]
    choose: Callable[[Any, Asked], str]  # (ctx, asked) -> name


@dataclass(frozen=True)
class Route:
    """One operation of the API.

    rule:   policy rule checked before the handler runs (None: the handler decides, or anybody).
    load:   (ctx, variables...) -> object; raises NotFound. Its ``policy_target()`` is what rule
            sees.
    loads:  name of the last variable that load takes (default: the last of all).
    inside: (ctx, first variable) -> what the loaded object is in; rule is asked of that before.
    target: (ctx, asked) -> what rule sees instead; None, and default without load: the caller's
            project.
    hides_missing: for who may not have it, what is missing is as forbidden as what is there.
    refused: the error for who the rule does not allow.
    listing: how what is listed may be filtered, sorted and paged.
    seen_by: a further rule: for who fails it there is no such path.
    body:   schema of the JSON body, handed to the handler as ``body``.
    query:  schema of the query string (values are strings, or lists when repeated).
    since, until: microversions in which the route exists.
    public: no token needed.  writes: needs the write transaction (default: by verb).
    stream: ``async def handler(ctx, request, **variables)`` that returns an ASGI response.
    root:   the path is not below the service's version prefix.
    media_types: what the body may be; others than JSON's the client must name.
    raw_body: the handler gets the undecoded bytes as ``body``.
    keep:   seconds for which the answer may be given again while nothing is committed; only
            for what is made of rows, settings and the policy (see kernel/http/answers.py).
    read:   body -> what the handler gets of it; for what no schema says. Raises BadRequest.
    judged_first: how far it is judged before policy (default: as the service says).
    """

    method: str
    path: str
    handler: Handler
    rule: str | Choice | None = None
    load: Callable[..., Any] | None = None
    body: Schema | None = None
    query: Schema | None = None
    status: int = 200
    since: str | None = None
    until: str | None = None
    public: bool = False
    writes: bool | None = None
    stream: bool = False
    root: bool = False
    raw_body: bool = False
    body_optional: bool = False
    media_types: tuple[str, ...] = JSON
    keep: float = 0.0
    judged_first: Judged | None = None
    seen_by: str | None = None
    read: Callable[[Any], Any] | None = None
    loads: str = ""
    inside: Callable[..., Any] | None = None
    target: Callable[[Any, Asked], Mapping[str, Any] | None] | None = None
    hides_missing: bool = False
    refused: type[Forbidden] = Forbidden
    listing: Listed | None = None

    @classmethod
    def get(cls, path: str, handler: Handler, **options: Any) -> Route:
        return cls("GET", path, handler, **options)

    @classmethod
    def head(cls, path: str, handler: Handler, **options: Any) -> Route:
        return cls("HEAD", path, handler, **options)

    @classmethod
    def post(cls, path: str, handler: Handler, **options: Any) -> Route:
        return cls("POST", path, handler, **options)

    @classmethod
    def put(cls, path: str, handler: Handler, **options: Any) -> Route:
        return cls("PUT", path, handler, **options)

    @classmethod
    def patch(cls, path: str, handler: Handler, **options: Any) -> Route:
        return cls("PATCH", path, handler, **options)

    @classmethod
    def delete(cls, path: str, handler: Handler, **options: Any) -> Route:
        return cls("DELETE", path, handler, **{"status": 204, **options})

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of all rules that it may ask before its handler runs."""
        if self.rule is None:
            return ()
        return self.rule.rules if isinstance(self.rule, Choice) else (self.rule,)

    def loaded_by(self, variables: Mapping[str, str]) -> list[str]:
        """Names of the variables that ``load`` takes; the last of them is not the handler's."""
        names = list(variables)
        return names[: names.index(self.loads) + 1] if self.loads else names

    def arguments(self, variables: Mapping[str, str]) -> dict[str, Any]:
        """What of the path the handler gets by name."""
        found: dict[str, Any] = dict(variables)
        if self.load is not None:
            del found[self.loads or next(reversed(found))]
        return found

    @property
    def is_write(self) -> bool:
        return self.method not in ("GET", "HEAD") if self.writes is None else self.writes

    def serves(self, version: Version | None) -> bool:
        """Whether the route exists in this microversion."""
        if version is None:
            return True
        if self.since is not None and version < Version.parse(self.since):
            return False
        return self.until is None or version <= Version.parse(self.until)


@dataclass
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    variable: tuple[str, _Node] | None = None
    rest: tuple[str, dict[str, list[Route]]] | None = None  # {name:path} swallows what is left
    routes: dict[str, list[Route]] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    routes: Mapping[str, list[Route]]  # method -> candidates, for different microversions
    variables: dict[str, str]


class Router:
    """Finds the routes of a path by walking its segments; literals win over variables."""

    def __init__(self, routes: Iterable[Route], prefix: str) -> None:
        self._root = _Node()
        for route in routes:
            self._add(route, route.path if route.root else prefix + route.path)

    def match(self, path: str) -> Match | None:
        """``path`` begins with a slash; a trailing slash makes no difference."""
        segments = path.split("/")[1:]
        while segments and segments[-1] == "":
            segments.pop()
        return self._walk(self._root, segments, 0, {})

    def _walk(
        self, node: _Node, segments: list[str], at: int, variables: dict[str, str]
    ) -> Match | None:
        if at == len(segments):
            return Match(node.routes, variables) if node.routes else None
        child = node.literals.get(segments[at])
        if child is not None:
            found = self._walk(child, segments, at + 1, variables)
            if found is not None:
                return found
        if node.variable is not None and segments[at]:
            name, below = node.variable
            found = self._walk(below, segments, at + 1, {**variables, name: segments[at]})
            if found is not None:
                return found
        if node.rest is not None:
            name, routes = node.rest
            return Match(routes, {**variables, name: "/".join(segments[at:])})
        return None

    def _add(self, route: Route, path: str) -> None:
        node = self._root
        for segment in [s for s in path.split("/") if s]:
            if segment.startswith("{") and segment.endswith(":path}"):
                name = segment[1:-6]
                if node.rest is None:
                    node.rest = (name, {})
                node.rest[1].setdefault(route.method, []).append(route)
                return
            if segment.startswith("{"):
                name = segment[1:-1]
                if node.variable is None:
                    node.variable = (name, _Node())
                elif node.variable[0] != name:
                    raise ValueError(f"{path}: one name for one place, not {node.variable[0]}")
                node = node.variable[1]
            else:
                node = node.literals.setdefault(segment, _Node())
        node.routes.setdefault(route.method, []).append(route)
