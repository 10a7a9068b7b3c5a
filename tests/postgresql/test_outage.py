"""PostgreSQL goes away and comes back; a server dies: the others say so and go on."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from stratolith.kernel.members.peers import BEAT_SECONDS, LEASE_SECONDS
from stratolith.kernel.reconcile import controller
from tests.postgresql.servers import Server, until
from tests.testcloud.postgresql import Cluster

Pair = list[Server]


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    """A PostgreSQL server that no other test needs."""
    with Cluster() as found:
        yield found


@contextmanager
def two(own: Cluster, place: Path) -> Iterator[Pair]:
    """The first has the lease of the outbox before the second asks for it."""
    url = own.create(f"outage_{uuid4().hex}")
    found = [Server(place / letter, url, fake=letter == "a") for letter in "ab"]
    try:
        for server in found:
            server.start()
            server.wait_ready()
            until(lambda: len(holders(url)) == 1)
        yield found
    finally:
        for server in found:
            server.end(signal.SIGKILL)
            server.http.close()


@pytest.fixture(scope="module")
def servers(own: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two(own, Path(tmp_path_factory.mktemp("outage"))) as found:
        yield found


@pytest.fixture
def mortal(own: Cluster, tmp_path: Path) -> Iterator[Pair]:
    """A pair of which a test may end one."""
    with two(own, tmp_path) as found:
        yield found


def holders(url: str) -> set[str]:
    """Who holds the lease of the outbox, if it has not run out."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT holder FROM kernel_leases WHERE name = 'reconciler/kernel.outbox' "
            "AND expires_at > timezone('utc', now())"
        )
        return {row[0] for row in rows}


def waiting_events(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM kernel_outbox WHERE published_at IS NULL")
        found = row.fetchone()
    assert found is not None
    return int(found[0])


def leave_event(url: str) -> None:
    """As a server that died before it told of it."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO kernel_outbox (type, payload, request_id, created_at)"
            " VALUES ('test.left', '{}', 'req-of-the-dead', timezone('utc', now()))"
        )


def new_project(server: Server, token: str) -> str:
    values = {"project": {"name": uuid4().hex}}
    return str(server.made("/identity/v3/projects", token, values)["id"])


def url_of(server: Server) -> str:
    text = (server.place / "stratolith.yaml").read_text()
    return next(line.split()[-1] for line in text.splitlines() if "url: postgresql" in line)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
def test_an_outage_is_told_and_over_by_itself(
    own: Cluster, servers: Pair, how: signal.Signals
) -> None:
    admin = servers[0].log_in()
    assert all(server.accepts(admin) for server in servers)
    own.halt(how)
    try:
        for server in servers:
            for answer in (
                server.call("GET", "/identity/v3/users", admin),
                server.call(
                    "POST", "/identity/v3/projects", admin, json={"project": {"name": "x"}}
                ),
                server.call("GET", "/no/such/place", admin),
                server.call("GET", "/identity/v3/no/such/place", admin),
                server.try_log_in("admin", "admin"),
                server.http.get("/readyz"),
            ):
                assert answer.status_code in (404, 503), answer.text
                if answer.status_code == 503:
                    assert "database does not answer" in answer.text
            assert server.try_log_in("admin", "admin").status_code == 503
    finally:
        own.start()
    for server in servers:
        until(server.is_ready)
        assert server.call("GET", "/identity/v3/users", admin).status_code == 200
        new_project(server, admin)
    check_revocation(servers, admin)
    url = url_of(servers[0])
    leave_event(url)
    until(lambda: waiting_events(url) == 0)
    for server in servers:
        logged = (server.place / "log" / "server.log").read_text()
        assert "Traceback" not in logged, logged[logged.index("Traceback") - 500 :][:4000]


def check_revocation(servers: Pair, admin: str) -> None:
    """What one revokes the other refuses, also just after they found each other again."""
    for here, there in (servers, servers[::-1]):
        token = here.log_in("demo", "demo")
        assert there.accepts(token)
        headers = {"X-Auth-Token": admin, "X-Subject-Token": token}
        assert here.http.delete("/identity/v3/auth/tokens", headers=headers).status_code == 204
        assert not there.accepts(token)


def test_a_server_that_slept_believes_nothing_it_knew(servers: Pair) -> None:
    """A process that was stopped for a while could not hear of a revocation."""
    a, b = servers
    admin, token = a.log_in(), b.log_in("demo", "demo")
    assert b.accepts(token)
    b.signal(signal.SIGSTOP)
    try:
        headers = {"X-Auth-Token": admin, "X-Subject-Token": token}
        assert a.http.delete("/identity/v3/auth/tokens", headers=headers).status_code == 204
    finally:
        b.signal(signal.SIGCONT)
    assert not b.accepts(token)


def test_another_server_takes_over_from_a_killed_one(mortal: Pair) -> None:
    a, b = mortal
    url = url_of(a)
    (first,) = holders(url)
    token = b.log_in()
    a.end(signal.SIGKILL)
    started = time.monotonic()
    new_project(b, token)
    # nobody can know yet that the other is gone, so the answer waits for it
    assert time.monotonic() - started < LEASE_SECONDS + 3 * BEAT_SECONDS + 5
    until(lambda: holders(url) and first not in holders(url), controller.LEASE_SECONDS + 10)
    leave_event(url)
    until(lambda: waiting_events(url) == 0)
    started = time.monotonic()
    new_project(b, token)
    assert time.monotonic() - started < 3, "it is known to be gone"


def test_a_server_that_ends_well_is_not_waited_for(mortal: Pair) -> None:
    a, b = mortal
    url = url_of(a)
    token = b.log_in()
    a.end(signal.SIGTERM)
    started = time.monotonic()
    new_project(b, token)
    assert time.monotonic() - started < 3
    until(lambda: holders(url), 5)


def test_keys_rotated_by_one_are_known_to_the_other(servers: Pair) -> None:
    """Both sign and verify with the keys in the database, whatever their folders held."""
    a, b = servers
    keys = [sorted((s.place / "keys" / "fernet").iterdir()) for s in servers]
    assert [path.read_text() for path in keys[0]] == [path.read_text() for path in keys[1]]
    assert b.accepts(a.log_in())
