"""Paths and methods that are not there: who is asked for a token first, as upstream does it.

Recorded from the real services of release 2026.2: identity never asks, placement always, the
others below their version; outside of it compute and image say which versions there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.testcloud import TestCloud

WITHOUT_TOKEN = {
    "/identity/nothing": 404,
    "/identity/v3/nothing": 404,
    "/identity/v3/users/x/y/z": 404,
    "/image/nothing": 300,
    "/image/v1/images": 300,
    "/image/v2/nothing": 401,
    "/placement/nothing": 401,
    "/compute/nothing": 300,
    "/compute/v9/servers": 300,
    "/compute/v2/nothing": 401,
    "/compute/v2.1/nothing": 401,
    "/networking/nothing": 404,
    "/networking/v9": 404,
    "/networking/v2.0/nothing": 401,
}
METHODS = {
    "/identity/v3/users": 405,
    "/image/v2/images": 401,
    "/placement/resource_providers": 401,
    "/compute/v2.1/servers": 401,
    "/networking/v2.0/ports": 401,
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCloud]:
    found = TestCloud(Path(tmp_path_factory.mktemp("paths")) / "cloud")
    yield found
    found.close()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", WITHOUT_TOKEN)
def test_unknown_paths(path: str, method: str, cloud: TestCloud) -> None:
    assert cloud.http.request(method, path).status_code == WITHOUT_TOKEN[path]
    headers = {"X-Auth-Token": cloud.client("demo").token}
    expected = 300 if WITHOUT_TOKEN[path] == 300 else 404
    assert cloud.http.request(method, path, headers=headers).status_code == expected


@pytest.mark.parametrize("path", METHODS)
def test_unknown_methods(path: str, cloud: TestCloud) -> None:
    assert cloud.http.request("PATCH", path).status_code == METHODS[path]
    headers = {"X-Auth-Token": cloud.client("demo").token}
    answer = cloud.http.request("PATCH", path, headers=headers)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_the_one_port_says_what_is_there_and_no_more(cloud: TestCloud) -> None:
    assert cloud.http.get("/").json()["name"] == "stratolith"
    for method in ("DELETE", "TRACE", "POST", "PUT"):
        answer = cloud.http.request(method, "/")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_compute_says_where_to_look(cloud: TestCloud) -> None:
    document = cloud.http.get("/compute/v9/servers").json()
    assert [one["id"] for one in document["choices"]] == ["v2.0", "v2.1"]
    links = [one["links"][0]["href"] for one in document["choices"]]
    assert [link.partition("/compute")[2] for link in links] == [
        "/v2/v9/servers",
        "/v2.1/v9/servers",
    ]


@pytest.mark.parametrize("path", METHODS)
def test_options(path: str, cloud: TestCloud) -> None:
    """Recorded: all but placement answer before they ask for a token."""
    answer = cloud.http.request("OPTIONS", path)
    assert answer.status_code == (401 if "placement" in path else 200)
    if "placement" not in path:
        wanted = {"GET", "POST"} if "image" in path else {"GET", "HEAD", "POST"}
        assert wanted <= set(answer.headers["allow"].split(", "))


def test_an_encoded_slash_is_no_slash(cloud: TestCloud) -> None:
    for path in ("/identity%2fv3", "/%69dentity/v3", "/metadata%2flatest"):
        assert cloud.http.get(path).status_code == 404


def test_messages_do_not_give_back_what_was_sent(cloud: TestCloud) -> None:
    headers = {"X-Auth-Token": cloud.client("demo").token}
    body = {"server": {"name": {"x": "y" * 100_000}}}
    for path in ("/compute/v2.1/servers", "/networking/v2.0/networks", "/image/v2/images"):
        answer = cloud.http.post(path, headers=headers, json=body)
        assert answer.status_code == 400
        assert len(answer.text) < 10_000


@pytest.mark.parametrize(
    "path",
    [
        "/networking/v2.0/networks?tags=",
        "/image/v2/images?tag=",
        "/identity/v3/projects?tags=",
        "/compute/v2.1/servers/detail?name=",
    ],
)
def test_a_query_with_very_many_values(path: str, cloud: TestCloud) -> None:
    headers = {"X-Auth-Token": cloud.client("admin").token}
    url, _, name = path.partition("?")
    values = ",".join(f"t{n}" for n in range(1100))
    many = "&".join(f"{name}t{n}" for n in range(1100))
    for query in (f"{name}{values}", many):
        answer = cloud.http.get(f"{url}?{query}", headers=headers)
        assert answer.status_code in (200, 400)
        assert "cannot be stored" not in answer.text


def test_an_empty_id_is_not_found(cloud: TestCloud) -> None:
    headers = {"X-Auth-Token": cloud.client("admin").token}
    for path in ("/compute/v2.1/images/", "/networking/v2.0/networks/", "/image/v2/images/"):
        assert cloud.http.delete(path, headers=headers).status_code == 404
        assert cloud.http.delete(path.rstrip("/"), headers=headers).status_code == 405
