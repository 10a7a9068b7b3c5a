"""100,000 users: pages cost little, and every list reaches every row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import event, insert

from stratolith.identity.models import Project, User
from stratolith.kernel.db import Database
from stratolith.kernel.ids import new_hex
from tests.testcloud import Client, TestCloud

COUNT = 100_000
# What SQLite's virtual machine may do for one page: one pass over the names is 1.3 million
# instructions and about 20 ms; sorting them or loading all rows is many times that.
PAGE_INSTRUCTIONS = 2_500_000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An admin of a cloud with many users: half in a domain of their own, every tenth disabled."""
    cloud = TestCloud(tmp_path_factory.mktemp("crowd") / "cloud")
    fill(cloud.env.db)
    yield cloud.client("admin")
    cloud.close()


def fill(db: Database) -> None:
    with db.write() as session:
        session.add(Project(id="crowd", name="crowd", is_domain=True))
        session.flush()
        rows = [
            {
                "id": new_hex(),
                "name": f"user-{number:06}",
                "domain_id": "default" if number % 2 else "crowd",
                "enabled": number % 10 != 0,
            }
            for number in range(COUNT)
        ]
        for start in range(0, COUNT, 10_000):
            session.execute(insert(User), rows[start : start + 10_000])


@contextmanager
def counted(db: Database) -> Iterator[list[int]]:
    """The instructions that SQLite's virtual machine carries out meanwhile, in thousands.

    A measure of work that no other load on the machine changes; it stays 0 on PostgreSQL.
    """
    ticks = [0]

    def tick() -> int:
        ticks[0] += 1
        return 0

    def watch(connection: Any, record: Any, proxy: Any) -> None:
        if db.is_sqlite:
            connection.set_progress_handler(tick, 1000)

    event.listen(db.engine, "checkout", watch)
    try:
        yield ticks
    finally:
        event.remove(db.engine, "checkout", watch)


def ask(client: Client, query: str) -> tuple[int, list[str]]:
    """(instructions, names) of a list of users."""
    with counted(client.cloud.env.db) as ticks:
        answer = client.get("identity", f"/users?{query}")
    assert answer.status_code == 200, answer.text
    return ticks[0] * 1000, [user["name"] for user in answer.json()["users"]]


QUERIES = [
    "limit=100",
    "limit=1000",
    "limit=100&sort_key=name",
    "limit=100&sort_key=name&sort_dir=desc",
    "limit=100&domain_id=crowd",
    "limit=100&domain_id=crowd&sort_key=name",
    "name=user-077777",
    "name=user-077777&domain_id=default",
    "name=nobody",
    "limit=100&enabled=false",
    "limit=100&enabled=true&sort_key=name",
    "limit=100&name__contains=777",
    "name__contains=nobody",
    "limit=100&name__icontains=USER-07",
    "limit=100&name__startswith=user-09",
    "limit=100&name__endswith=777",
    "limit=100&default_project_id=none",
    "limit=100&password_expires_at=lt:2026-01-01T00:00:00Z",
]


@pytest.mark.slow
@pytest.mark.parametrize("query", QUERIES)
def test_a_page_costs_at_most_one_pass_over_the_names(crowd: Client, query: str) -> None:
    work, _ = ask(crowd, query)
    assert work < PAGE_INSTRUCTIONS


@pytest.mark.slow
@pytest.mark.parametrize("order", ["", "&sort_key=name", "&sort_key=name&sort_dir=desc"])
def test_a_page_far_behind_costs_at_most_one_pass_as_well(crowd: Client, order: str) -> None:
    _, [marker] = ask(crowd, "name=user-050000")
    last = crowd.get("identity", f"/users?name={marker}").json()["users"][0]["id"]
    work, names = ask(crowd, f"limit=1000&marker={last}{order}")
    assert names
    assert work < PAGE_INSTRUCTIONS


@pytest.mark.slow
@pytest.mark.parametrize("query", ["", "limit=7000&sort_key=name", "domain_id=crowd"])
def test_the_links_lead_to_every_user_once(crowd: Client, query: str) -> None:
    """Without a limit as well: a page that does not hold all of them says where the next is."""
    seen: list[str] = []
    path: str | None = f"/users?{query}"
    while path is not None:
        found = crowd.get("identity", path).json()
        seen += [user["id"] for user in found["users"]]
        following = found["links"]["next"]
        assert bool(following) == bool(found.get("truncated"))
        if following:
            parts = urlsplit(following)
            assert parts.path.endswith("/v3/users")
            assert dict(parse_qsl(parts.query))["marker"] == seen[-1]
        path = f"/users?{urlsplit(following).query}" if following else None
    assert len(seen) == len(set(seen))
    assert len(seen) >= (COUNT // 2 if "crowd" in query else COUNT)
