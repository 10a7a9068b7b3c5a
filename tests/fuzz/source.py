"""Requests to a route, drawn by a seeded source, so quickly that the cloud takes the time.

Hypothesis makes some bodies that fit a schema, once; they are spoilt anew for each request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis_jsonschema import from_schema

from stratolith.compute.schemas.server_actions import ACTIONS
from stratolith.kernel.http.routing import Route
from stratolith.kernel.http.validation import Schema
from stratolith.kernel.service import Service

from ..api.rules.rule_requests import REQUESTS
from ..api.test_tenant_walls import RESOURCES
from ..estate import Estate, body_of
from ..routes import document

SEED = 20260101
FITTING = 24  # bodies from one schema
JUNK: list[Any] = [
    None, "", " ", "a" * 300, "\x00", "💥", "../../etc/passwd", "%s%n", "-1", "1e999", -1, 0,
    2**31, 2**63, 2**70, 1.5, True, [], {}, [None], {"a": []}, "10.0.0.0/99", "::1", "\ud800",
]  # fmt: skip
IDS = ["nothing", "0" * 32, "0e0e0e0e-0000-4000-8000-000000000000", "a b", "ü", "%00", "*", "'"]
LETTERS = "az09AZ .,:;-_/\\%&?=#+*'\"<>()[]{}|^~\x00\t\n\x7fäßÇ💥\u200b\u202e\u0301\ufeff\ud800"
QUERIES = ["limit", "marker", "sort_key", "sort", "sort_dir", "name", "id", "status", "fields", "x"]
BROKEN = [b"", b"{", b"null", b"\xff\xfe", b'{"a": "\\ud800"}', b"[" * 5000, b'{"a":1,"a":2}']
ATTRIBUTES = {resource.name: sorted(resource.attributes) for resource in RESOURCES}


@cache
def fitting(schema: Schema, number: int) -> list[Any]:
    """So many bodies that the schema lets pass; fewer where it knows fewer."""
    found: list[Any] = []

    @seed(SEED)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(from_schema(document(schema)))
    def collect(body: Any) -> None:
        found.append(body)

    with suppress(Unsatisfiable):  # the generator's weakness: such bodies stand among the known
        collect()
    return found


def known(service: Service, route: Route, path: str) -> list[Any]:
    """Bodies about things of the estate, with their names in braces."""
    found = [body_of(route, path)] if route.body is not None else []
    shape = re.sub(r"\{.*?\}", "{}", path)
    for kind, method, where, body in REQUESTS:
        place = re.sub(r"\{.*?\}", "{}", where.partition("?")[0].partition("#")[0])
        if (kind, method) == (service.type, route.method) and shape.endswith(place):
            found.append(body)
    return [body for body in found if body is not None]


class Source:
    """Draws requests to one route, the same in every run but for the ids of the estate."""

    def __init__(
        self, service: Service, route: Route, path: str, estate: Estate, number: int
    ) -> None:
        """``number``: of the requests that will be asked for."""
        self.service, self.route, self.path, self.estate = service, route, path, estate
        self.random = Random(f"{SEED} {route.method} {path}")
        self.known = [estate.filled(deepcopy(body)) for body in known(service, route, path)]
        schemas = list(ACTIONS.values()) if path.endswith("/servers/{server_id}/action") else []
        schemas += [route.body] if route.body is not None and not schemas else []
        few = min(number, FITTING)
        self.fitting = [body for schema in schemas for body in fitting(schema, few)]
        asked = document(route.query).get("properties", {}) if route.query is not None else {}
        self.queries = [*QUERIES, *asked]

    def request(self) -> dict[str, Any]:
        """A request, as the client takes it."""
        client = self.estate.cloud.client(self.random.choice(["admin", "demo"]))
        headers = {"X-Auth-Token": client.token, "Content-Type": "application/json"}
        if self.route.body is not None:
            headers["Content-Type"] = self.random.choice(self.route.media_types)
        elif self.route.stream:
            headers["Content-Type"] = "application/octet-stream"
        versions = self.service.microversions
        if versions is not None and self.random.random() < 0.5:
            headers["OpenStack-API-Version"] = f"{self.service.type} {versions.maximum}"
        if "auth/tokens" in self.path and self.route.method == "DELETE":
            headers["X-Subject-Token"] = "nothing"
        has_body = self.route.method in ("POST", "PUT", "PATCH")
        return {
            "method": self.route.method,
            "url": self._url(),
            "headers": headers,
            "content": self._content() if has_body else None,
        }

    def _url(self) -> str:
        parts = self.path.split("/")
        for at, part in enumerate(parts):
            if part.startswith("{"):
                fitting = self.estate.ids.get(parts[at - 1], "nothing")
                kinds = [fitting, fitting, fitting, self.random.choice(IDS), self.text() or "x"]
                parts[at] = quote(self.random.choice(kinds), safe="", errors="replace")
        query = [
            (self.random.choice(self.queries), self.value())
            for _ in range(self.random.choice([0, 0, 0, 1, 1, 2]))
        ]
        return "/".join(parts) + ("?" + urlencode(query, errors="replace") if query else "")

    def _content(self) -> bytes:
        if self.random.random() < 0.02:
            return self.random.choice(BROKEN)
        try:
            return msgspec.json.encode(self._body())
        except (UnicodeEncodeError, OverflowError):
            return BROKEN[4]

    def _body(self) -> Any:
        pools = [pool for pool in (self.known, self.fitting) if pool]
        if not pools or self.random.random() < 0.1:
            return self.anything()
        body = deepcopy(self.random.choice(self.random.choice(pools)))
        if self.random.random() < 0.25:
            return body
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            body = self._spoilt(body)
        return body

    def _spoilt(self, body: Any) -> Any:
        """The document with one place of it changed, taken out, multiplied or added."""
        found = list(places(body))
        if not found:
            return self.value()
        container, key = self.random.choice(found)
        act = self.random.choice(["value"] * 5 + ["drop", "many", "within", "more", "more"])
        if act == "drop":
            del container[key]
        elif act == "many":
            container[key] = [container[key]] * self.random.choice([2, 2, 100])
        elif act == "within":
            container[key] = {self.text(): container[key]}
        elif act == "more" and isinstance(container.get(key) if isinstance(container, dict)
                                          else container[key], dict):  # fmt: skip
            name = self.random.choice(ATTRIBUTES.get(str(key), [self.text()]))
            container[key][name] = self.value()
        else:
            container[key] = self.value()
        return body

    def value(self) -> Any:
        """Junk, the id of something, or text."""
        kind = self.random.random()
        if kind < 0.6:
            return deepcopy(self.random.choice(JUNK))
        return self.random.choice(list(self.estate.ids.values())) if kind < 0.8 else self.text()

    def text(self) -> str:
        return "".join(self.random.choices(LETTERS, k=self.random.randint(0, 8)))

    def anything(self, depth: int = 0) -> Any:
        """Some document."""
        if depth > 2 or self.random.random() < 0.5:
            return self.value()
        size = range(self.random.randint(0, 3))
        if self.random.random() < 0.5:
            return [self.anything(depth + 1) for _ in size]
        return {self.text(): self.anything(depth + 1) for _ in size}


def places(body: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key or index) of a document."""
    if isinstance(body, dict | list):
        for key, inner in body.items() if isinstance(body, dict) else enumerate(body):
            yield body, key
            yield from places(inner)
