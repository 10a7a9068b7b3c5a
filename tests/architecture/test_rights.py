"""Every route is closed to those without a token, and to those whose role gives no right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.kernel.http.routing import Route
from stratolith.kernel.service import Service
from tests.testcloud import Client, TestCloud

from ..estate import Estate
from ..routes import routes

CLOSED = [(s, r, p) for s, r, p in routes() if not r.public]
WRITES = [(s, r, p) for s, r, p in CLOSED if r.is_write]
# What everybody with a token may do: it concerns nobody but the caller.
OWN = {
    ("POST", "/os-keypairs"): "a key of the caller's own",
}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    cloud = TestCloud(Path(tmp_path_factory.mktemp("rights")) / "cloud")
    try:
        yield Estate(cloud)
    finally:
        cloud.close()


@pytest.fixture(scope="module")
def nobody(estate: Estate) -> Client:
    """Somebody in project demo whose only role appears in no rule."""
    return estate.person("rightless", "role-without-rights", "demo")


@pytest.fixture(scope="module")
def before(estate: Estate, nobody: Client) -> dict[str, Any]:
    return estate.calm_look()


def name(value: object) -> str | None:
    if isinstance(value, Route):
        return value.method
    return value if isinstance(value, str) else ""


def test_every_route_asks_for_a_token(estate: Estate) -> None:
    stranger = estate.cloud.anonymous()
    for service, route, path in CLOSED:
        answer = estate.send(service, route, path, stranger)
        assert answer.status_code == 401, f"{route.method} {path}: {answer.text}"
        assert "keystone" in answer.headers["www-authenticate"].lower(), path


def test_a_token_of_nonsense_opens_nothing(estate: Estate) -> None:
    from tests.testcloud import Client

    stranger = Client(estate.cloud, "gAAAAABnonsense")
    for service, route, path in CLOSED:
        answer = estate.send(service, route, path, stranger)
        assert answer.status_code == 401, f"{route.method} {path}: {answer.text}"


@pytest.mark.parametrize(("service", "route", "path"), WRITES, ids=name)
def test_a_role_without_rights_changes_nothing(
    service: Service,
    route: Route,
    path: str,
    estate: Estate,
    nobody: Client,
    before: dict[str, Any],
) -> None:
    if any(route.method == method and path.endswith(end) for method, end in OWN):
        return
    answer = estate.send(service, route, path, nobody)
    assert answer.status_code in (401, 403, 404), f"{path}: {answer.status_code} {answer.text}"


def test_after_all_that_everything_is_as_it_was(
    estate: Estate, nobody: Client, before: dict[str, Any]
) -> None:
    assert estate.look() == before
