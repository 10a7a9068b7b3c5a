"""Answers that are given again: nobody gets one that is no longer right or not his."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from stratolith.kernel.agent.server import agent_service
from stratolith.kernel.clock import SimulatedClock
from stratolith.kernel.db.version import SECONDS
from tests.testcloud import TestCloud
from tests.testcloud.databases import is_postgresql

only_sqlite = pytest.mark.skipif(is_postgresql(), reason="nothing is kept on PostgreSQL")
PATHS = [
    ("network", "/networks"),
    ("image", "/images"),
    ("compute", "/flavors/detail"),
    ("compute", "/servers/detail"),
    ("identity", "/users"),
]


@contextmanager
def statements(cloud: TestCloud) -> Iterator[list[str]]:
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        found.append(statement)

    event.listen(cloud.env.db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(cloud.env.db.engine, "before_cursor_execute", note)


@only_sqlite
@pytest.mark.parametrize(("service", "path"), PATHS)
def test_a_second_answer_asks_no_table(cloud: TestCloud, service: str, path: str) -> None:
    admin = cloud.client("admin")
    first = admin.get(service, path)
    with statements(cloud) as asked:
        second = admin.get(service, path)
    assert not asked
    assert second.content == first.content and second.status_code == 200
    same = {name: value for name, value in first.headers.items() if "request-id" not in name}
    assert same.items() <= second.headers.items()
    assert first.headers["x-openstack-request-id"] != second.headers["x-openstack-request-id"]


@pytest.mark.parametrize(("service", "path"), PATHS)
def test_everybody_gets_an_answer_of_ones_own(cloud: TestCloud, service: str, path: str) -> None:
    admin, demo = cloud.client("admin"), cloud.client("demo")
    assert admin.get(service, path).status_code == 200
    answer = demo.get(service, path)
    if service == "identity":
        assert answer.status_code == 403
    else:
        assert answer.content == cloud.client("demo").get(service, f"{path}?").content
    assert cloud.anonymous().get(service, path).status_code == 401


def test_a_change_is_in_the_next_answer(cloud: TestCloud) -> None:
    demo = cloud.client("demo")
    before = demo.get("network", "/networks").json()["networks"]
    made = demo.post("network", "/networks", json={"network": {"name": "new"}}).json()["network"]
    assert len(demo.get("network", "/networks").json()["networks"]) == len(before) + 1
    path = f"/networks/{made['id']}"
    assert demo.get("network", path).json()["network"]["name"] == "new"
    demo.put("network", path, json={"network": {"name": "newer"}})
    assert demo.get("network", path).json()["network"]["name"] == "newer"
    demo.delete("network", path)
    assert demo.get("network", path).status_code == 404


@only_sqlite
def test_a_change_of_another_process_is_in_the_next_answer(cloud: TestCloud) -> None:
    demo = cloud.client("demo")
    network = demo.get("network", "/networks?name=private").json()["networks"][0]
    path = f"/networks/{network['id']}"
    demo.get("network", path)
    other = sqlite3.connect(str(cloud.env.db.engine.url.database))
    other.execute("UPDATE network_networks SET name = 'other' WHERE id = ?", [network["id"]])
    other.commit()
    other.close()
    time.sleep(SECONDS)
    assert demo.get("network", path).json()["network"]["name"] == "other"


def test_versions_and_queries_have_answers_of_their_own(cloud: TestCloud) -> None:
    demo = cloud.client("demo")
    old = demo.get("compute", "/flavors/detail", microversion="2.1").json()["flavors"][0]
    new = demo.get("compute", "/flavors/detail", microversion="2.79").json()["flavors"][0]
    assert "description" in new and "description" not in old
    one = demo.get("compute", "/flavors/detail?limit=1", microversion="2.79").json()
    assert len(one["flavors"]) == 1
    dialled = demo.get("compute", "/flavors/detail?limit=1", headers={"Host": "cloud.example"})
    assert "cloud.example" in dialled.json()["flavors_links"][0]["href"]


def test_other_rules_are_in_force_at_once(cloud: TestCloud) -> None:
    demo = cloud.client("demo")
    network = demo.get("network", "/networks?name=private").json()["networks"][0]["id"]
    assert demo.get("network", f"/networks/{network}").status_code == 200
    cloud.env.policies.override({"get_network": "!"})
    assert demo.get("network", f"/networks/{network}").status_code == 403
    cloud.env.policies.override({})
    assert demo.get("network", f"/networks/{network}").status_code == 200


def test_a_token_that_ended_gets_no_answer(cloud: TestCloud) -> None:
    clock = SimulatedClock(cloud.env.clock.now())
    cloud.env.clock = clock
    for ends in ("revoked", "expired"):
        demo = cloud.client("demo", "demo")
        assert demo.get("network", "/networks").status_code == 200
        assert demo.get("network", "/networks").status_code == 200
        if ends == "revoked":
            headers = {"X-Subject-Token": demo.token}
            assert demo.delete("identity", "/auth/tokens", headers=headers).status_code == 204
            cloud._tokens.clear()
        else:
            clock.advance(2 * 86400)
        assert demo.get("network", "/networks").status_code == 401


@only_sqlite
def test_what_a_clock_changes_is_kept_for_a_second(cloud: TestCloud) -> None:
    clock = SimulatedClock(cloud.env.clock.now())
    cloud.env.clock = clock
    demo = cloud.client("demo")
    for _ in range(3):
        with statements(cloud) as asked:
            demo.get("compute", "/servers/detail")
        assert asked
        with statements(cloud) as asked:
            demo.get("compute", "/servers/detail")
        assert not asked
        clock.advance(2)


def test_an_error_is_not_kept(cloud: TestCloud) -> None:
    admin = cloud.client("admin")
    path = "/flavors/later"
    assert admin.get("compute", path).status_code == 404
    body = {"id": "later", "name": "later", "vcpus": 1, "ram": 64, "disk": 1}
    assert admin.post("compute", "/flavors", json={"flavor": body}).status_code == 200
    assert admin.get("compute", path).status_code == 200


def test_only_plain_reads_are_kept(cloud: TestCloud) -> None:
    # an agent is known by its connection, which is no part of what an answer is kept under
    for service in (*cloud.env.services, agent_service(cloud.env.services)):
        for route in service.routes:
            if route.keep:
                plain = not (route.is_write or route.public or route.stream)
                assert route.method == "GET" and plain, route.path
