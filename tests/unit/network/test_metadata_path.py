"""What a guest asks for stays below the metadata of its host: it cannot climb in the agent API."""

from __future__ import annotations

import httpx
import pytest

from stratolith.network.agent.metadata import plain_path

BASE = "/v1/hosts/h/metadata"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/", "/"),
        ("//latest//meta-data/", "/latest//meta-data/"),
        ("/latest/user-data?x=1&y=a b", "/latest/user-data?x=1&y=a%20b"),
        ("/a%20b/\u00e4", "/a%20b/%C3%A4"),
        ("/...", "/..."),
    ],
)
def test_a_path_stays_as_it_is(asked: str, found: str) -> None:
    assert plain_path(asked) == found
    assert httpx.URL(f"http://server{BASE}{found}").raw_path.startswith(BASE.encode())


@pytest.mark.parametrize(
    "asked",
    [
        "/../views/guests",
        "/latest/../../views/guests",
        "/..",
        "/./..",
        "/%2e%2e/views/guests",
        "/.%2E/views/guests",
        "/..%2Fviews",
        "/a%2f..%2f..%2fviews",
    ],
)
def test_a_path_upwards_is_none(asked: str) -> None:
    assert plain_path(asked) is None
