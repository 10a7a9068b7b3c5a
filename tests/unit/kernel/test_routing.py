"""The route tree, and schemas that change with the microversion."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.kernel.exceptions import ValidationFailed
from stratolith.kernel.http.microversion import Version
from stratolith.kernel.http.routing import Route, Router
from stratolith.kernel.http.validation import Schema, Since, add, remove


def handler(*args: Any, **names: Any) -> None: ...


def router(*paths: str) -> Router:
    return Router([Route.get(path, handler) for path in paths], "/v2")


def test_literals_win_over_variables() -> None:
    found = router("/servers/{server_id}", "/servers/detail")
    detail = found.match("/v2/servers/detail")
    assert detail is not None and detail.variables == {}
    one = found.match("/v2/servers/x")
    assert one is not None and one.variables == {"server_id": "x"}


def test_a_literal_that_leads_nowhere_gives_way() -> None:
    found = router("/servers/{server_id}/ips", "/servers/detail")
    match = found.match("/v2/servers/detail/ips")
    assert match is not None and match.variables == {"server_id": "detail"}


def test_slashes() -> None:
    found = router("/servers", "/files/{path:path}")
    assert found.match("/v2/servers/") is not None
    assert found.match("/v2/servers//x") is None
    rest = found.match("/v2/files/a/b/c")
    assert rest is not None and rest.variables == {"path": "a/b/c"}
    assert found.match("/v2") is None
    assert found.match("/") is None


def test_one_place_has_one_name() -> None:
    with pytest.raises(ValueError, match="server_id"):
        router("/servers/{server_id}", "/servers/{id}/x")


def test_a_schema_grows_and_shrinks() -> None:
    base = {"type": "object", "properties": {"a": {}}, "additionalProperties": False}
    schema = Schema(base).changed(
        Since("2.2", add("b", {"type": "string"})), Since("2.5", remove("a"))
    )
    old, middle, new = Version(2, 1), Version(2, 2), Version(2, 10)
    schema.check({"a": 1}, old)
    with pytest.raises(ValidationFailed):
        schema.check({"b": "x"}, old)
    schema.check({"a": 1, "b": "x"}, middle)
    with pytest.raises(ValidationFailed, match="b"):
        schema.check({"b": 1}, middle)
    with pytest.raises(ValidationFailed):
        schema.check({"a": 1}, new)
    assert base["properties"] == {"a": {}}  # the base is never edited
