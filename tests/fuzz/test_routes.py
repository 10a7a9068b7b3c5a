"""Every route, fuzzed: whatever comes in, the answer is never a 500.

Bodies come from the route's own schema, from that with pieces replaced by junk, and from
nowhere; path variables are ids of things that exist, ids of nothing, and junk. More examples:
STRATOLITH_FUZZ_EXAMPLES=200.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from stratolith import services
from stratolith.kernel.http.routing import Route
from stratolith.kernel.service import Service
from stratolith.kernel.testing import TestCloud

EXAMPLES = int(os.environ.get("STRATOLITH_FUZZ_EXAMPLES", "5"))
JUNK: list[Any] = [
    None, "", " ", "a" * 300, "\x00", "💥", "../../etc/passwd", "%s%n", "-1", "1e999", -1, 0,
    2**31, 2**63, 2**70, 1.5, True, [], {}, [None], {"a": []}, "10.0.0.0/99", "::1", "\ud800",
]  # fmt: skip
IDS = ["nothing", "0" * 32, "0e0e0e0e-0000-4000-8000-000000000000", "a b", "ü", "%00", "*", "'"]


def routes() -> list[tuple[Service, Route, str]]:
    """Each distinct (service, route); side doors as well."""
    found = []
    for service in services.load():
        doors = [(service.mount, service.prefix, service.routes)]
        doors += [(side.mount, "", side.routes) for side in service.side_doors]
        for mount, prefix, table in doors:
            for route in table:
                path = mount + (route.path if route.root else prefix + route.path)
                found.append((service, route, path))
    return found


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCloud]:
    found = TestCloud(Path(tmp_path_factory.mktemp("fuzz")) / "cloud")
    found.start_hosts()
    yield found
    found.close()


@pytest.fixture(scope="module")
def known(cloud: TestCloud) -> list[str]:
    """Ids of things that exist; never the caller's own project, user, role or domain."""
    demo = cloud.client("demo")
    found: list[str] = []
    for service, path, key in [
        ("network", "/networks", "networks"),
        ("network", "/subnets", "subnets"),
        ("network", "/ports", "ports"),
        ("network", "/routers", "routers"),
        ("network", "/security-groups", "security_groups"),
        ("image", "/images", "images"),
        ("compute", "/flavors", "flavors"),
    ]:
        answer = demo.get(service, path)
        assert answer.status_code == 200, answer.text
        found += [str(one["id"]) for one in answer.json()[key]]
    return found


@cache
def bodies(route: Route) -> st.SearchStrategy[Any]:
    anything = st.recursive(
        st.sampled_from(JUNK) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=6,
    )
    if route.body is None:
        return anything
    schema = {**route.body.document(None), "$schema": "http://json-schema.org/draft-07/schema#"}
    fitting = from_schema(plain(schema))
    spoilt = st.builds(spoil, fitting, st.integers(0, 50), st.sampled_from(JUNK))
    return fitting | spoilt | spoilt | anything


def plain(schema: Any) -> Any:
    """The schema without our own formats, which the generator does not know."""
    if isinstance(schema, dict):
        return {k: plain(v) for k, v in schema.items() if k != "format" or v in ("ipv4", "ipv6")}
    return [plain(one) for one in schema] if isinstance(schema, list) else schema


def spoil(document: Any, at: int, junk: Any) -> Any:
    """The document with its ``at``-th leaf (counted round) replaced by junk."""
    places: list[tuple[Any, Any]] = []

    def visit(value: Any) -> None:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in list(items):
            places.append((value, key))
            if isinstance(inner, dict | list):
                visit(inner)

    if isinstance(document, dict | list):
        visit(document)
    if not places:
        return junk
    container, key = places[at % len(places)]
    container[key] = junk
    return document


@pytest.mark.parametrize(
    ("service", "route", "path"), routes(), ids=lambda v: v if isinstance(v, str) else None
)
def test_no_request_gives_a_500(
    service: Service, route: Route, path: str, cloud: TestCloud, known: list[str]
) -> None:
    @seed(20260101)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def fuzz(data: st.DataObject) -> None:
        import msgspec

        client = cloud.client(data.draw(st.sampled_from(["admin", "demo"])))
        filled = path
        while "{" in filled:
            before, _, rest = filled.partition("{")
            value = data.draw(st.sampled_from([*known, *IDS]) | st.text(min_size=1, max_size=8))
            filled = before + quote(value, safe="", errors="replace") + rest.partition("}")[2]
        keys = st.sampled_from(["limit", "marker", "sort_key", "sort", "name", "id", "status", "x"])
        query = data.draw(st.lists(st.tuples(keys, st.sampled_from(JUNK)), max_size=2))
        url = filled + ("?" + urlencode(query, errors="replace") if query else "")
        headers = {"X-Auth-Token": client.token, "Content-Type": "application/json"}
        versions = service.microversions
        if versions is not None and data.draw(st.booleans()):
            headers["OpenStack-API-Version"] = f"{service.type} {versions.maximum}"
        content = None
        if route.method in ("POST", "PUT", "PATCH"):
            try:
                content = msgspec.json.encode(data.draw(bodies(route)))
            except (UnicodeEncodeError, OverflowError, TypeError):
                content = b'{"a": "\\ud800"}'
        if "auth/tokens" in path and route.method == "DELETE":
            headers["X-Subject-Token"] = "nothing"
        answer = cloud.http.request(route.method, url, headers=headers, content=content)
        assert answer.status_code < 500 or answer.status_code == 501, (
            f"{route.method} {url} {content!r}: {answer.status_code} {answer.text}"
        )

    fuzz()
