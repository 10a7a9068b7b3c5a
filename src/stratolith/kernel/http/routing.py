"""Routes as values, and the tree that finds a route.

A route is path, verb, rule, schema and status in one line. Variables in the path become keyword
arguments of the handler; ``load`` turns the last variable into a loaded object, which is the second
positional argument of the handler and the target of the policy. Resources with the usual operations
are declared as a whole (kernel/http/resource), which makes routes.
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
KEEP = 60.0  # seconds; for Route.keep of answers that do not depend on the time
KEEP_SHORT = 1.0  # for answers that tell whether hosts are alive


class EarlyChecks(IntEnum):
    """Which checks of a request run before the policy."""

    NOTHING = 0
    TYPE = 1  # the content type of the body
    GRAMMAR = 2  # and whether the body is valid JSON
    SCHEMA = 3  # and the schemas of body and query


class Listed(Protocol):
    """What a route needs to know about its list; ``Listing`` (kernel/http/resource) has it."""

    @property
    def filters(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """The subject of a request, for policy rules.

    loaded: the result of ``load``; None without load or if it is missing (``hides_missing``).
    body:   the body, as far as it was checked before the policy (``early_checks``).
    """

    variables: Mapping[str, str]
    loaded: Any = None
    body: Any = None


@dataclass(frozen=True)
class Choice:
    """One of several rules, chosen by the subject of a request."""

    rules: tuple[str, ...]
    choose: Callable[[Any, Asked], str]  # (ctx, asked) -> name


@dataclass(frozen=True)
class Route:
    """One operation of the API.

    rule:   policy rule checked before the handler runs (None: the handler checks, or all may).
    load:   (ctx, variables...) -> object; raises NotFound. Its ``policy_target()`` is the target
            of the rule.
    loads:  name of the last variable that load takes (default: the last of all).
    inside: (ctx, first variable) -> the parent of the loaded object; the rule is checked for it
            first.
    target: (ctx, asked) -> the target of the rule instead; None, and default without load: the
            caller's project.
    hides_missing: without permission, a missing object gives Forbidden, like an existing one.
    refused: the error when the rule does not allow the request.
    listing: how the list can be filtered, sorted and paged.
    seen_by: a further rule: when it does not allow the request, the path does not exist.
    body:   schema of the JSON body, passed to the handler as ``body``.
    query:  schema of the query string (values are strings, or lists when repeated).
    since, until: microversions in which the route exists.
    public: no token needed.  writes: needs the write transaction (default: by verb).
    stream: ``async def handler(ctx, request, **variables)`` that returns an ASGI response.
    root:   the path is not below the service's version prefix.
    media_types: allowed types of the body; types other than JSON must be in the request.
    raw_body: the handler gets the undecoded bytes as ``body``.
    keep:   seconds for which the answer may be cached while there is no commit; only for
            answers that depend on rows, settings and the policy (see kernel/http/answers.py).
    read:   body -> the handler's ``body``; for bodies without schema. Raises BadRequest.
    early_checks: which checks run before the policy (default: of the service).
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
    early_checks: EarlyChecks | None = None
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
        """Names of all rules that may be checked before its handler runs."""
        if self.rule is None:
            return ()
        return self.rule.rules if isinstance(self.rule, Choice) else (self.rule,)

    def loaded_by(self, variables: Mapping[str, str]) -> list[str]:
        """Names of the variables that ``load`` takes; the handler does not get the last of them."""
        names = list(variables)
        return names[: names.index(self.loads) + 1] if self.loads else names

    def arguments(self, variables: Mapping[str, str]) -> dict[str, Any]:
        """The variables of the path that the handler gets as keyword arguments."""
        arguments: dict[str, Any] = dict(variables)
        if self.load is not None:
            del arguments[self.loads or next(reversed(arguments))]
        return arguments

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
    # {name:path} matches the rest of the path
    rest: tuple[str, dict[str, list[Route]]] | None = None
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
        """The routes of ``path``, which begins with a slash; a trailing slash is ignored."""
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
            match = self._walk(child, segments, at + 1, variables)
            if match is not None:
                return match
        if node.variable is not None and segments[at]:
            name, below = node.variable
            match = self._walk(below, segments, at + 1, {**variables, name: segments[at]})
            if match is not None:
                return match
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
