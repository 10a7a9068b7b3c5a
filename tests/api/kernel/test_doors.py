"""The front door, told as HTTP stories about a toy service."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from stratolith.kernel.environment import Environment
from stratolith.kernel.health import Health, root_index
from stratolith.kernel.http.app import Door, PathDoor
from stratolith.kernel.http.turns import Turns
from tests.testcloud.asgi import WithLifespan

from . import toy

MEMBER = {"X-Auth-Token": "u1:p1:member"}
READER = {"X-Auth-Token": "u1:p1:reader"}
ADMIN = {"X-Auth-Token": "root:p0:admin"}


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = toy.environment(tmp_path)
    yield found
    found.db.dispose()


@pytest.fixture
def http(env: Environment) -> Iterator[TestClient]:
    turns = Turns(4)
    door = Door(env, toy.SERVICE, turns, mount="/toy")
    app = Health(env, PathDoor({"/toy": door}, root_index(env)))
    with TestClient(WithLifespan(app)) as client:
        yield client
    turns.shutdown(wait=True)


def make(http: TestClient, name: str, size: int = 1, **more: Any) -> httpx2.Response:
    body = {"toy": {"name": name, "size": size, **more}}
    return http.post("/toy/v1/toys", json=body, headers=MEMBER)


def test_create_show_delete(http: TestClient) -> None:
    answer = make(http, "bear")
    assert answer.status_code == 201
    path = f"/toy/v1/toys/{answer.json()['toy']['id']}"
    assert http.get(path, headers=READER).json()["toy"]["name"] == "bear"
    assert http.delete(path, headers=MEMBER).status_code == 403
    assert http.delete(path, headers=ADMIN).status_code == 204
    assert http.get(path, headers=READER).status_code == 404


def test_no_token_is_401_with_the_way_to_identity(http: TestClient) -> None:
    answer = http.get("/toy/v1/toys")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == 401
    assert answer.headers["www-authenticate"].startswith("Keystone uri=")
    assert http.get("/toy/v1/nothing").status_code == 401
    assert http.get("/toy/v1/nothing", headers=MEMBER).status_code == 404


def test_another_projects_thing_does_not_exist(http: TestClient) -> None:
    toy_id = make(http, "bear").json()["toy"]["id"]
    other = {"X-Auth-Token": "u2:p2:member"}
    answer = http.get(f"/toy/v1/toys/{toy_id}", headers=other)
    assert answer.status_code == 404
    assert answer.json() == {
        "itemNotFound": {"code": 404, "message": f"Toy {toy_id} could not be found."}
    }


def test_forbidden_names_the_rule(http: TestClient) -> None:
    answer = http.post("/toy/v1/toys", json={"toy": {"name": "a", "size": 1}}, headers=READER)
    assert answer.status_code == 403
    assert "toy:create" in answer.json()["forbidden"]["message"]


def test_a_bad_field_is_named(http: TestClient) -> None:
    answer = make(http, "bear", size=-1)
    assert answer.status_code == 400
    assert "toy/size" in answer.json()["badRequest"]["message"]
    answer = make(http, "bear", unknown=1)
    assert "unknown" in answer.json()["badRequest"]["message"]


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"[" * 100_000, b"", b"nul"])
def test_what_is_not_json_is_400(http: TestClient, raw: bytes) -> None:
    headers = {**MEMBER, "Content-Type": "application/json"}
    assert http.post("/toy/v1/toys", content=raw, headers=headers).status_code == 400


def test_other_content_types_are_415(http: TestClient) -> None:
    headers = {**MEMBER, "Content-Type": "text/xml"}
    assert http.post("/toy/v1/toys", content=b"<a/>", headers=headers).status_code == 415


def test_a_wrong_method_says_which_are_right(http: TestClient) -> None:
    answer = http.put("/toy/v1/toys", json={}, headers=MEMBER)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_microversions(http: TestClient) -> None:
    answer = make(http, "bear")
    assert answer.headers["openstack-api-version"] == "toy 1.1"
    assert answer.headers["x-toy-version"] == "1.1"
    assert "colour" not in answer.json()["toy"]
    path = f"/toy/v1/toys/{answer.json()['toy']['id']}"
    newer = http.get(path, headers={**MEMBER, "OpenStack-API-Version": "toy 1.2"})
    assert newer.json()["toy"]["colour"] is None
    legacy = http.get(path, headers={**MEMBER, "X-Toy-Version": "latest"})
    assert legacy.headers["openstack-api-version"] == "toy 1.3"
    wrong = http.get(path, headers={**MEMBER, "OpenStack-API-Version": "toy 1.9"})
    assert wrong.status_code == 406
    broken = http.get(path, headers={**MEMBER, "OpenStack-API-Version": "toy one"})
    assert broken.status_code == 400
    assert http.get("/toy/v1/new", headers=READER).status_code == 404
    latest = {**READER, "OpenStack-API-Version": "toy latest"}
    assert http.get("/toy/v1/new", headers=latest).json() == {"new": True}


def test_a_field_of_a_later_version_is_refused_in_an_earlier(http: TestClient) -> None:
    assert make(http, "bear", colour="brown").status_code == 400
    body = {"toy": {"name": "bear", "size": 1, "colour": "brown"}}
    newer = {**MEMBER, "OpenStack-API-Version": "toy 1.2"}
    answer = http.post("/toy/v1/toys", json=body, headers=newer)
    assert answer.json()["toy"]["colour"] == "brown"


def test_quota_counts_rows(http: TestClient) -> None:
    made = [make(http, f"t{i}") for i in range(3)]
    answer = make(http, "one more")
    assert answer.status_code == 403
    assert "3 of 3" in answer.json()["forbidden"]["message"]
    http.delete(f"/toy/v1/toys/{made[0].json()['toy']['id']}", headers=ADMIN)
    assert make(http, "one more").status_code == 201


def test_a_refused_request_leaves_nothing(http: TestClient, env: Environment) -> None:
    heard: list[str] = []
    env.hints.listen("toy.things", heard.append)
    answer = http.post("/toy/v1/refuse", json={}, headers=MEMBER)
    assert answer.status_code == 409
    with env.db.read() as session:
        assert session.scalars(select(toy.Toy)).all() == []
    assert heard == []
    made = make(http, "bear").json()["toy"]["id"]
    assert heard == [made]


def test_a_defect_is_500_without_its_trace(
    http: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = http.get("/toy/v1/explode", headers=MEMBER)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "boom, with a secret" in caplog.text


def test_pages_are_linked_until_the_end(http: TestClient, env: Environment) -> None:
    with env.db.write() as session:
        for number in range(7):
            colour = None if number % 3 == 0 else f"c{number % 2}"
            thing = toy.Toy(name=f"t{number}", size=number, colour=colour, project_id="p1")
            session.add(thing)
    for sort in ("name:asc", "size:desc", "colour:asc", "colour:desc"):
        url: str | None = f"/toy/v1/toys?limit=2&sort={sort}"
        seen: list[str] = []
        while url:
            document = http.get(url, headers=READER).json()
            seen += [one["name"] for one in document["toys"]]
            url = document["next"]
        assert sorted(seen) == [f"t{n}" for n in range(7)], sort
        assert len(seen) == 7, sort


def test_filters_markers_and_limits(http: TestClient) -> None:
    for name in ("bear", "beaver", "100%"):
        make(http, name)

    def names(query: str) -> list[str]:
        found = http.get(f"/toy/v1/toys?{query}", headers=READER).json()["toys"]
        return [one["name"] for one in found]

    assert names("name=bea") == ["bear", "beaver"]
    assert names("name=%25") == ["100%"]
    assert names("limit=0") == []
    for query in ("limit=-1", "limit=x", "marker=nobody", "sort=secret:asc", "red=perhaps"):
        assert http.get(f"/toy/v1/toys?{query}", headers=READER).status_code == 400, query


def test_request_ids(http: TestClient) -> None:
    answer = http.get("/toy/v1/toys", headers=READER)
    assert answer.headers["x-openstack-request-id"].startswith("req-")


def test_health_and_metrics(http: TestClient) -> None:
    assert http.get("/healthz").text == "OK"
    assert http.get("/readyz").status_code == 200
    http.get("/toy/v1/toys", headers=READER)
    assert 'stratolith_http_requests_total{method="GET",service="toy"' in http.get("/metrics").text
    assert http.get("/").json()["services"] == [{"type": "toy", "path": "/toy"}]
    assert http.get("/elsewhere").status_code == 404


def test_values_no_column_can_hold_are_400(http: TestClient) -> None:
    assert make(http, "bear", size=2**70).status_code == 400
