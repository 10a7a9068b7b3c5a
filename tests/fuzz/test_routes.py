"""Every route, fuzzed: whatever comes in, the answer is never a 500 and never takes long.

Bodies come from the route's own schema, from that with pieces replaced by junk, and from
nowhere; path variables are ids of things that exist, ids of nothing, and junk. More examples:
STRATOLITH_FUZZ_EXAMPLES=200.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from stratolith.kernel.http.routing import Route
from stratolith.kernel.service import Service
from stratolith.kernel.testing import TestCloud

from ..estate import Estate
from ..routes import document, routes

EXAMPLES = int(os.environ.get("STRATOLITH_FUZZ_EXAMPLES", "5"))
MOST_SECONDS = 2.0
JUNK: list[Any] = [
    None, "", " ", "a" * 300, "\x00", "💥", "../../etc/passwd", "%s%n", "-1", "1e999", -1, 0,
    2**31, 2**63, 2**70, 1.5, True, [], {}, [None], {"a": []}, "10.0.0.0/99", "::1", "\ud800",
]  # fmt: skip
IDS = ["nothing", "0" * 32, "0e0e0e0e-0000-4000-8000-000000000000", "a b", "ü", "%00", "*", "'"]


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    cloud = TestCloud(Path(tmp_path_factory.mktemp("fuzz")) / "cloud")
    found = Estate(cloud)
    # never the caller's own user, project, domain: what follows would only be 401s
    found.person("victim", "member", "victims")
    for one in ("users", "projects"):
        answer = found.admin.get("identity", f"/{one}?name=victim{'s' * (one == 'projects')}")
        found.ids[one] = answer.json()[one][0]["id"]
    yield found
    cloud.close()


@cache
def bodies(route: Route) -> st.SearchStrategy[Any]:
    anything = st.recursive(
        st.sampled_from(JUNK) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=6,
    )
    if route.body is None:
        return anything
    fitting = from_schema(document(route.body))
    spoilt = st.builds(spoil, fitting, st.integers(0, 50), st.sampled_from(JUNK))
    return fitting | spoilt | spoilt | anything


def spoil(body: Any, at: int, junk: Any) -> Any:
    """The document with its ``at``-th leaf (counted round) replaced by junk."""
    places: list[tuple[Any, Any]] = []

    def visit(value: Any) -> None:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in list(items):
            places.append((value, key))
            if isinstance(inner, dict | list):
                visit(inner)

    if isinstance(body, dict | list):
        visit(body)
    if not places:
        return junk
    container, key = places[at % len(places)]
    container[key] = junk
    return body


@pytest.mark.parametrize(
    ("service", "route", "path"), routes(), ids=lambda v: v if isinstance(v, str) else None
)
def test_no_request_gives_a_500(service: Service, route: Route, path: str, estate: Estate) -> None:
    cloud = estate.cloud

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
            fitting = estate.ids.get(before.rstrip("/").rpartition("/")[2], "nothing")
            ids = [fitting] * len(IDS) + IDS
            value = data.draw(st.sampled_from(ids) | st.text(min_size=1, max_size=8))
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
        begun = time.process_time()  # of work, not of waiting: other programs do not count
        answer = cloud.http.request(route.method, url, headers=headers, content=content)
        took = time.process_time() - begun
        assert took < MOST_SECONDS, f"{route.method} {url} {content!r}: {took:.1f} s of work"
        assert answer.status_code < 500 or answer.status_code == 501, (
            f"{route.method} {url} {content!r}: {answer.status_code} {answer.text}"
        )

    fuzz()
