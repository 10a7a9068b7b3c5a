"""Values that no database keeps: refused, and their place named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.kernel.clock import parse_time
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.storable import check_text, reason
from tests.routes import routes, version_headers
from tests.testcloud import TestCloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCloud]:
    found = TestCloud(Path(tmp_path_factory.mktemp("storable")) / "cloud")
    yield found
    found.close()


def checked(value: Any) -> None:
    check_text(json.dumps(value).encode(), value)


def test_where_a_nul_is() -> None:
    checked({"a": "\\u0000 spelled out", "b": [1, None, True, 1.5]})
    for value, place in (
        ({"server": {"name": "a\0b"}}, "server/name"),
        ({"networks": [{"name": ""}, {"tags": ["x", "\0"]}]}, "networks/1/tags/1"),
        ({"metadata": {"a\0b": "x"}}, "metadata"),
        ({"\0": 1}, "body"),
        ("\0", "body"),
    ):
        with pytest.raises(BadRequest, match=f"attribute {place}. Value: .*NUL") as caught:
            checked(value)
        assert "\0" not in str(caught.value)


def test_no_route_takes_a_nul(cloud: TestCloud) -> None:
    """In whatever part of the body of whatever route it is; the message names the place."""
    admin = cloud.client("admin")
    told = set()
    for service, route, path in routes():
        if route.body is None:
            continue
        kind = {"Content-Type": route.media_types[0], "X-Auth-Token": admin.token}
        kind |= version_headers(service)
        name = next(iter(route.body.document(None).get("properties", {"x": None})))
        for body, place in (
            ({name: "a\0"}, name),
            ({name: {"name": "a\0b"}}, f"{name}/name"),
            ([{"op": "add", "path": "/x", "value": "\0"}], "0/value"),
        ):
            answer = cloud.http.request(
                route.method, path.replace("{", "").replace("}", ""), headers=kind,
                content=json.dumps(body),
            )  # fmt: skip
            assert 400 <= answer.status_code < 500, f"{service.type} {route.method} {path}"
            if answer.status_code == 400 and "NUL" in answer.text:
                assert place in answer.text
                told.add(f"{service.type} {route.method} {path}")
            else:  # what the path names is not there, or the route in this version
                missing = answer.status_code in (401, 403, 404)
                assert missing or "{" in path, f"{path} {answer.text}"
    assert {line.split()[0] for line in told} == {
        "identity", "placement", "image", "network", "compute",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("service", "path", "kind"),
    [
        ("network", "/networks", "network"),
        ("network", "/security-groups", "security_group"),
        ("identity", "/projects", "project"),
        ("compute", "/os-keypairs", "keypair"),
    ],
)
def test_a_nul_in_a_name(service: str, path: str, kind: str, cloud: TestCloud) -> None:
    answer = cloud.client("admin").post(service, path, json={kind: {"name": "a\0b"}})
    assert answer.status_code == 400
    assert f"{kind}/name" in answer.text
    assert "NUL" in answer.text


def test_a_nul_in_the_name_of_an_image(cloud: TestCloud) -> None:
    answer = cloud.client("admin").post("image", "/images", json={"name": "a\0b"})
    assert answer.status_code == 400
    assert "attribute name" in answer.text


def test_which_value_was_too_much() -> None:
    big = {"a": {"b": 10**12, "c": [1, 10**30]}, "flag": True}
    assert "a/c/1" in reason(json.dumps(big).encode(), [])
    assert "too large" in reason(b"", [("marker", "x"), ("start", "9" * 30)])
    assert "start" in reason(b"", [("marker", "x"), ("start", "9" * 30)])
    assert "attribute name. Value: a\\x00b" in reason(b"", [("name", "a\0b")])
    assert reason(b"not JSON", []) == "A value of the request cannot be stored."


def test_the_quota_of_a_pool_has_a_range(cloud: TestCloud) -> None:
    for value in (10**26 - 1, 2**31):
        pool = {"name": "p", "prefixes": ["10.0.0.0/8"], "default_quota": value}
        answer = cloud.client("admin").post("network", "/subnetpools", json={"subnetpool": pool})
        assert answer.status_code == 400
        assert "default_quota" in answer.text
        assert "no larger than '2147483647'" in answer.text


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+01:00"])
def test_a_moment_outside_of_time(text: str, cloud: TestCloud) -> None:
    with pytest.raises(ValueError, match="years 1 to 9999"):
        parse_time(text)
    admin = cloud.client("admin")
    for service, path, name in (
        ("compute", "/servers", "changes-since"),
        ("network", "/networks", "changed_since"),
        ("image", "/images", "created_at"),
    ):
        answer = admin.get(service, path, params={name: text})
        assert answer.status_code == 400
        assert "Invalid time" in answer.text
