"""Tokens that time has ended, for services whose work outlasted them (?allow_expired=1).

What the real service answers was asked of it, with tokens made from its own keys.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from stratolith.identity.managers import tokens
from stratolith.identity.models import Revocation
from stratolith.kernel.clock import SimulatedClock
from tests.api.identity.people import PASSWORD, grant, make_project, make_user
from tests.api.identity.tokens.test_delegation import (
    by_credential,
    client_of,
    make_credential,
    make_trust,
    own_id,
    parties,
    use,
)
from tests.testcloud import Client, TestCloud

__all__ = ["parties"]
DAY = 86400
ALLOWED = "?allow_expired=1"


@pytest.fixture
def clock(cloud: TestCloud) -> SimulatedClock:
    found = SimulatedClock(cloud.env.clock.now())
    cloud.env.clock = found
    return found


def fresh(cloud: TestCloud, user: str = "admin", project: str = "admin", **more: Any) -> Client:
    """A client with a token of now."""
    return cloud.client(user, project, anew=True, **more)


def status(cloud: TestCloud, subject: str, query: str = ALLOWED, method: str = "GET") -> int:
    headers = {"X-Subject-Token": subject}
    admin = fresh(cloud)
    answer = admin.request(method, "identity", f"/auth/tokens{query}", headers=headers)
    return int(answer.status_code)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", 404),
        ("?allow_expired=1", 200),
        ("?allow_expired=true", 200),
        ("?allow_expired", 404),
        ("?allow_expired=0", 404),
        ("?allow_expired=2", 404),
    ],
)
def test_the_query(cloud: TestCloud, clock: SimulatedClock, query: str, wanted: int) -> None:
    token = fresh(cloud, "demo", "demo").token
    clock.advance(DAY + 60)
    assert status(cloud, token, query) == wanted
    assert status(cloud, token, query, "HEAD") == wanted


@pytest.mark.parametrize(("seconds", "wanted"), [(172700, 200), (172860, 404)])
def test_the_window_ends(
    cloud: TestCloud, clock: SimulatedClock, seconds: int, wanted: int
) -> None:
    token = fresh(cloud, "demo", "demo").token
    clock.advance(DAY + seconds)
    assert status(cloud, token) == wanted
    tokens.CACHE.forget(cloud.env)
    assert status(cloud, token) == wanted


def test_what_was_asked_opens_nothing(cloud: TestCloud, clock: SimulatedClock) -> None:
    demo = fresh(cloud, "demo", "demo")
    clock.advance(DAY + 60)
    assert status(cloud, demo.token) == 200
    for path in ("/auth/projects", "/auth/projects?allow_expired=1", f"/auth/tokens{ALLOWED}"):
        answer = demo.get("identity", path, headers={"X-Subject-Token": demo.token})
        assert answer.status_code == 401
    assert status(cloud, demo.token, "") == 404
    assert status(cloud, demo.token, ALLOWED, "DELETE") == 404


def test_a_service_may_ask_and_a_member_may_not(cloud: TestCloud, clock: SimulatedClock) -> None:
    admin = fresh(cloud)
    user, project = make_user(admin, "nova-like"), make_project(admin, "services")
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "service")
    token = fresh(cloud, "admin", "admin").token
    clock.advance(DAY + 60)
    service = fresh(cloud, "nova-like", "services", password=PASSWORD)
    headers = {"X-Subject-Token": token}
    path = f"/auth/tokens{ALLOWED}"
    assert service.get("identity", path, headers=headers).status_code == 200
    demo = fresh(cloud, "demo", "demo")
    assert demo.get("identity", path, headers=headers).status_code == 403


def test_only_time_is_forgiven(cloud: TestCloud, clock: SimulatedClock) -> None:
    revoked, disabled = fresh(cloud, "demo", "demo"), fresh(cloud, "demo", "demo")
    assert revoked.delete(
        "identity", "/auth/tokens", headers={"X-Subject-Token": revoked.token}
    ).is_success
    clock.advance(DAY + 7200)
    admin = fresh(cloud)
    make_and_revoke_another(cloud)  # an event makes those that are too old go away
    assert status(cloud, revoked.token) == 404
    assert status(cloud, disabled.token) == 200
    user = admin.get("identity", "/users?name=demo").json()["users"][0]["id"]
    admin.patch("identity", f"/users/{user}", json={"user": {"enabled": False}})
    assert status(cloud, disabled.token) == 404


def make_and_revoke_another(cloud: TestCloud) -> None:
    one = fresh(cloud, "demo", "demo")
    one.delete("identity", "/auth/tokens", headers={"X-Subject-Token": one.token})


def test_revocations_are_kept_as_long_as_anybody_can_ask(
    cloud: TestCloud, clock: SimulatedClock
) -> None:
    make_and_revoke_another(cloud)
    clock.advance(3 * DAY - 60)
    make_and_revoke_another(cloud)
    assert count(cloud) == 4  # the token and its chain, twice
    clock.advance(2 * 3600)
    make_and_revoke_another(cloud)
    assert count(cloud) == 4


def count(cloud: TestCloud) -> int:
    with cloud.env.db.read() as session:
        return session.scalar(select(func.count()).select_from(Revocation)) or 0


def test_a_credential_that_ended_meanwhile_and_a_trust(
    cloud: TestCloud, clock: SimulatedClock, parties: Any
) -> None:
    end = clock.now() + timedelta(seconds=600)
    demo = fresh(cloud, "demo", "demo")
    credential = make_credential(demo, "c", expires_at=end.strftime("%Y-%m-%dT%H:%M:%S"))
    token = client_of(cloud, by_credential(credential)).token
    trust = make_trust(parties, expires_at=end.strftime("%Y-%m-%dT%H:%M:%S.000000Z"))
    trusted = use(cloud, trust.json()["trust"]["id"]).headers["x-subject-token"]
    assert status(cloud, trusted) == 200
    clock.advance(700)
    assert status(cloud, token) == 200
    assert status(cloud, trusted) == 404
    demo.delete("identity", f"/users/{own_id(demo)}/application_credentials/{credential['id']}")
    assert status(cloud, token) == 404
