"""Documents too large for any handler: long lists, deep values, many bodies at once."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http import app
from stratolith.kernel.http.validation import MAX_DEPTH, MAX_ITEMS, MAX_MEMBERS, check_size
from tests.http_server import served
from tests.routes import routes
from tests.testcloud import TestCloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCloud]:
    found = TestCloud(Path(tmp_path_factory.mktemp("sizes")) / "cloud")
    yield found
    found.close()


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


def test_what_is_taken_and_what_is_not() -> None:
    check_size({"a": [1] * MAX_ITEMS, "b": dict.fromkeys(map(str, range(MAX_MEMBERS)))})
    check_size(nested(MAX_DEPTH - 1))
    for value in (
        [1] * (MAX_ITEMS + 1),
        {"a": {"b": [[1] * (MAX_ITEMS + 1)]}},
        dict.fromkeys(map(str, range(MAX_MEMBERS + 1))),
        nested(MAX_DEPTH + 1),
        nested(900),
    ):
        with pytest.raises(BadRequest):
            check_size(value)


@pytest.mark.parametrize("value", [nested(500), [0] * 5000], ids=["deep", "long"])
def test_no_route_takes_them(value: Any, cloud: TestCloud) -> None:
    """Whatever part of a body they are, of every route with a body."""
    admin = cloud.client("admin")
    for service, route, path in routes():
        if route.body is None or route.public:
            continue
        kind = {"Content-Type": route.media_types[0], "X-Auth-Token": admin.token}
        name = next(iter(route.body.document(None).get("properties", {"x": None})))
        for body in (value, {name: value}, {name: {"metadata": value, "name": value}}):
            answer = cloud.http.request(
                route.method, path.replace("{", "").replace("}", ""), headers=kind,
                content=json.dumps(body),
            )  # fmt: skip
            assert 400 <= answer.status_code < 500, f"{service.type} {route.method} {path}"


def test_a_port_has_some_address_pairs_only(cloud: TestCloud) -> None:
    demo = cloud.client("demo")
    network = demo.post("network", "/networks", json={"network": {}}).json()["network"]["id"]
    pairs = [{"ip_address": f"10.0.0.{n}"} for n in range(1, 12)]
    body = {"port": {"network_id": network, "allowed_address_pairs": pairs}}
    answer = demo.post("network", "/ports", json=body)
    assert answer.status_code == 400
    assert answer.json()["NeutronError"]["type"] == "AllowedAddressPairExhausted"
    body["port"]["allowed_address_pairs"] = pairs[:10]
    port = demo.post("network", "/ports", json=body).json()["port"]
    change = {"port": {"allowed_address_pairs": pairs}}
    assert demo.put("network", f"/ports/{port['id']}", json=change).status_code == 400


def test_login_bodies_are_small(cloud: TestCloud) -> None:
    body = json.dumps({"auth": {"identity": {"methods": ["x" * 120_000]}}})
    assert cloud.http.post("/identity/v3/auth/tokens", content=body).status_code == 413


def test_bodies_under_way_have_a_budget(cloud: TestCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app._Bodies, "MOST", 1 << 20)
    large = (
        b"POST /networking/v2.0/networks HTTP/1.1\r\nHost: a\r\n"
        b"Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n"
    )
    with served(cloud) as port, contextlib.ExitStack() as opened:
        waiting = []
        for _ in range(3):
            one = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            one.sendall(large + b" " * 700_000)
            waiting.append(one)
            time.sleep(0.3)
        assert waiting[1].recv(100).startswith(b"HTTP/1.1 503 ")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as small:
            small.sendall(b"POST /networking/v2.0/networks HTTP/1.1\r\nHost: a\r\n"
                          b"Content-Length: 2\r\n\r\n{}")  # fmt: skip
            assert small.recv(100).startswith(b"HTTP/1.1 401 ")
        waiting[0].sendall(b" " * 200_000)
        assert waiting[0].recv(100).startswith(b"HTTP/1.1 401 ")


def test_a_few_requests_may_be_sent_ahead(cloud: TestCloud) -> None:
    one = b"GET /identity/v3 HTTP/1.1\r\nHost: a\r\n\r\n"
    with served(cloud) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(one * 20_000)
            received = b""
            with contextlib.suppress(ConnectionError):
                while piece := connection.recv(65536):
                    received += piece
        assert 1 <= received.count(b"HTTP/1.1 200") <= 20


def test_a_taken_name_is_found_before_the_database_says_so(
    cloud: TestCloud, caplog: pytest.LogCaptureFixture
) -> None:
    admin = cloud.client("admin")
    project = admin.post("identity", "/projects", json={"project": {"name": "p"}}).json()
    ids = []
    for name in ("one", "two"):
        answer = admin.post("identity", "/users", json={"user": {"name": name}})
        ids.append(answer.json()["user"]["id"])
    for more in ({}, {"enabled": False}, {"default_project_id": project["project"]["id"]}):
        change = {"user": {"name": "one", **more}}
        answer = admin.patch("identity", f"/users/{ids[1]}", json=change)
        assert answer.status_code == 409
    assert "no check found" not in caplog.text
