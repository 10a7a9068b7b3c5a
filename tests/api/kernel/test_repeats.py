"""Requests in the same words, answered by the protocol: right, in order, to the caller only."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from stratolith.kernel.clock import SimulatedClock
from stratolith.kernel.http.repeats import MOST_BYTES, Repeats
from tests.http_server import served
from tests.testcloud import TestCloud
from tests.testcloud.databases import is_postgresql

pytestmark = pytest.mark.skipif(is_postgresql(), reason="nothing is kept on PostgreSQL")
PATH = "/networking/v2.0/networks"


class Counted:
    """The application, which counts what reaches it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.paths: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])
        await self.inner(scope, receive, send)


@pytest.fixture
def counted(cloud: TestCloud) -> Counted:
    found = Counted(cloud.app)
    cloud.app = found
    return found


@pytest.fixture
def port(cloud: TestCloud, counted: Counted) -> Iterator[int]:
    with served(cloud) as found:
        yield found


@pytest.fixture
def connection(port: int) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as found:
        yield found


class Told(NamedTuple):
    """An answer that was read."""

    status: int
    fields: dict[str, str]
    body: bytes


def get(connection: http.client.HTTPConnection, token: str, **fields: str) -> Told:
    connection.request("GET", PATH, headers={"X-Auth-Token": token, **fields})
    answer = connection.getresponse()
    return Told(answer.status, dict(answer.getheaders()), answer.read())


def test_the_third_request_does_not_reach_the_application(
    cloud: TestCloud, counted: Counted, port: int, connection: http.client.HTTPConnection
) -> None:
    token = cloud.client("demo").token
    answers = [get(connection, token) for _ in range(4)]
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as another:
        answers.append(get(another, token))
    assert counted.paths == [PATH, PATH]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.fields["x-openstack-request-id"] for answer in answers}) == 5
    ids = {"x-openstack-request-id", "date"}
    same = [
        {name: answer.fields[name] for name in answer.fields.keys() - ids} for answer in answers
    ]
    assert all(fields == same[0] for fields in same)


def test_a_change_is_in_the_next_answer(
    cloud: TestCloud, connection: http.client.HTTPConnection
) -> None:
    demo = cloud.client("demo")
    for number in range(3):
        for _ in range(3):
            before = get(connection, demo.token)
        name = f"new-{number}"
        assert name.encode() not in before.body
        demo.post("network", "/networks", json={"network": {"name": name}})
        after = get(connection, demo.token)
        assert name.encode() in after.body


def test_a_token_that_ended_gets_no_answer(
    cloud: TestCloud, connection: http.client.HTTPConnection
) -> None:
    clock = SimulatedClock(cloud.env.clock.now())
    cloud.env.clock = clock
    revoked, expired = (cloud.client("demo", anew=True) for _ in range(2))
    for client in (revoked, expired):
        assert [get(connection, client.token).status for _ in range(3)] == [200, 200, 200]
    headers = {"X-Subject-Token": revoked.token}
    assert revoked.delete("identity", "/auth/tokens", headers=headers).status_code == 204
    assert get(connection, revoked.token).status == 401
    assert [get(connection, expired.token).status for _ in range(3)] == [200, 200, 200]
    clock.advance(2 * 86400)
    assert get(connection, expired.token).status == 401


def test_other_rules_are_in_force_at_once(
    cloud: TestCloud, connection: http.client.HTTPConnection
) -> None:
    token = cloud.client("demo").token
    assert all(b'"id"' in get(connection, token).body for _ in range(3))
    cloud.env.policies.override({"get_network": "!"})
    assert b'"id"' not in get(connection, token).body


def test_who_says_something_else_gets_another_answer(
    cloud: TestCloud, connection: http.client.HTTPConnection
) -> None:
    demo, admin = cloud.client("demo"), cloud.client("admin")
    for _ in range(3):
        assert get(connection, demo.token).status == 200
        assert get(connection, admin.token).status == 200
        assert get(connection, "").status == 401
        assert get(connection, demo.token, Host="cloud.example").status == 200


def test_answers_keep_the_order_of_requests(cloud: TestCloud, port: int) -> None:
    token = cloud.client("demo").token
    head = f"Host: 127.0.0.1:{port}\r\nX-Auth-Token: {token}\r\n"
    kept = f"GET {PATH} HTTP/1.1\r\n{head}\r\n"
    other = f"GET /networking/v2.0/ports HTTP/1.1\r\n{head}\r\n"
    with socket.create_connection(("127.0.0.1", port)) as raw:
        for _ in range(3):
            raw.sendall(kept.encode())
            http.client.HTTPResponse(raw).begin()
        raw.sendall(
            (other + kept + kept.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).encode()
        )
        data = b""
        while more := raw.recv(1 << 16):
            data += more
    bodies = data[data.rindex(b"HTTP/1.1 200") :], data
    assert data.count(b"HTTP/1.1 200 OK") >= 3
    assert data.index(b'{"ports"') < data.index(b'{"networks"')
    assert b"connection: close" in bodies[0]


def test_a_body_or_an_old_client_goes_the_long_way(
    cloud: TestCloud, counted: Counted, port: int
) -> None:
    token = cloud.client("demo").token
    for version, fields in (("1.0", ""), ("1.1", "Content-Length: 2\r\n")):
        counted.paths.clear()
        text = f"GET {PATH} HTTP/{version}\r\nHost: a\r\nX-Auth-Token: {token}\r\n{fields}\r\n"
        for _ in range(4):
            with socket.create_connection(("127.0.0.1", port)) as raw:
                raw.sendall((text + ("{}" if fields else "")).encode())
                assert raw.recv(1 << 16).startswith(b"HTTP/1.1 ")
        assert len(counted.paths) == 4


def test_memory_is_bounded() -> None:
    repeats = Repeats()
    for number in range(3 * MOST_BYTES >> 20):
        repeats.keep((b"/%d" % number, None, ()), lambda client: None, 1 << 20)
        assert repeats.find((b"/%d" % number, None, ())) is not None
    kept = [n for n in range(3 * MOST_BYTES >> 20) if repeats.find((b"/%d" % n, None, ()))]
    assert 0 < len(kept) <= MOST_BYTES >> 20
