"""Trusts answer as upstream's: what a body may say, who may use one, what is passed on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stratolith.kernel.clock import SimulatedClock, zulu
from tests.api.identity.people import PASSWORD, make_project, make_user, role_id
from tests.api.identity.tokens.test_delegation import client_of, make_trust, parties, use
from tests.api.identity.tokens.test_tokens import by_password, by_token, log_in
from tests.testcloud import Client, TestCloud

__all__ = ["parties"]
END = "2090-01-01T00:00:00.000000Z"


@pytest.fixture
def holder(cloud: TestCloud, parties: Any) -> Client:
    """A token of a trust that may be passed on twice, until END."""
    more = {"allow_redelegation": True, "redelegation_count": 2, "expires_at": END}
    trust = make_trust(parties, **more).json()["trust"]
    scope = {"OS-TRUST:trust": {"id": trust["id"]}}
    return client_of(cloud, by_password("trustee", PASSWORD), scope)


@pytest.mark.parametrize("given", [{}, {"expires_at": None}])
def test_a_trust_that_is_passed_on_ends_with_the_first(
    parties: Any, holder: Client, admin: Client, given: Any
) -> None:
    third = make_user(admin, "third")["id"]
    made = make_trust(parties, holder, trustee_user_id=third, **given)
    assert made.status_code == 201, made.text
    assert made.json()["trust"]["expires_at"] == END


def test_what_may_be_passed_on(parties: Any, holder: Client) -> None:
    def status(year: int, **changes: Any) -> int:
        end = f"{year}-01-01T00:00:00Z"
        found: int = make_trust(parties, holder, expires_at=end, **changes).status_code
        return found

    assert status(2091) == 403  # beyond the first one's end
    assert status(2089) == 201
    assert status(2088, remaining_uses=2) == 403
    assert status(2087, allow_redelegation=True, redelegation_count=2) == 403
    assert status(2086, allow_redelegation=True, redelegation_count=1) == 201
    assert status(2085, allow_redelegation=True) == 201
    assert status(2084, project_id=None, roles=[]) == 201
    assert status(2083, redelegated_trust_id="nothing") == 404


@pytest.mark.parametrize("more", [{"name": "admin"}, {"domain": {"id": "default"}}, {"x": 1}])
def test_a_role_is_named_in_one_way(admin: Client, parties: Any, more: Any) -> None:
    roles = [{"id": role_id(admin, "member"), **more}]
    assert make_trust(parties, roles=roles).status_code == 400
    credential = {"application_credential": {"name": "c", "roles": roles}}
    path = f"/users/{parties['trustor']['id']}/application_credentials"
    assert parties["client"].post("identity", path, json=credential).status_code == 400


@pytest.mark.parametrize(
    "end",
    [
        "2099-01-01",
        "2099-01-01T00:00:00+05:00",
        "2099-01-01T00:00:00-00:00",
        "2099-W01-1T00:00:00Z",
        "2099-01-01T00:00:60Z",
        " 2099-01-01T00:00:00Z",
        "2099-01-01T00:00:00z",
        "2099-01-01T00:00:00Z\n",
        "",
    ],
)
def test_an_end_is_a_moment_in_utc(parties: Any, end: str) -> None:
    answer = make_trust(parties, expires_at=end)
    assert answer.status_code == 400
    assert "Timestamp not in expected format" in answer.json()["error"]["message"]
    credential = {"application_credential": {"name": "c", "expires_at": end}}
    path = f"/users/{parties['trustor']['id']}/application_credentials"
    assert parties["client"].post("identity", path, json=credential).status_code == 400


@pytest.mark.parametrize(
    "end",
    ["2099-01-01T00:00:00", "2099-01-01 00:00Z", "20990101T000000Z", "2099-01-01T00:00:00.9Z"],
)
def test_an_end_is_a_whole_second(parties: Any, end: str) -> None:
    trust = make_trust(parties, expires_at=end).json()["trust"]
    assert trust["expires_at"] == "2099-01-01T00:00:00.000000Z"


def test_a_trust_can_rest_on_another_of_the_same_trustor(
    cloud: TestCloud, admin: Client, demo: Client, parties: Any
) -> None:
    first = make_trust(parties).json()["trust"]["id"]
    made = make_trust(parties, redelegated_trust_id=first).json()["trust"]
    assert made["redelegated_trust_id"] == first
    assert parties["client"].delete("identity", f"/OS-TRUST/trusts/{first}").status_code == 204
    assert use(cloud, made["id"]).status_code == 401
    who = {"X-Subject-Token": demo.token}
    token = demo.get("identity", "/auth/tokens", headers=who).json()["token"]
    other = {"trustor_user_id": token["user"]["id"], "project_id": token["project"]["id"]}
    foreign = make_trust(parties, demo, **other).json()["trust"]["id"]
    for named in (first, foreign, "nothing"):
        assert make_trust(parties, redelegated_trust_id=named).status_code == 404
    for unsaid in (None, ""):
        assert make_trust(parties, redelegated_trust_id=unsaid).status_code == 201


@pytest.mark.parametrize("project", [None, ""])
def test_a_trust_without_a_project_gives_nothing(
    cloud: TestCloud, parties: Any, project: Any
) -> None:
    made = make_trust(parties, project_id=project, roles=[])
    assert made.status_code == 201, made.text
    assert made.json()["trust"]["roles"] == []
    assert use(cloud, made.json()["trust"]["id"]).status_code == 404
    assert make_trust(parties, project_id=project).status_code == 404


def test_only_the_trustee_may_use_it(cloud: TestCloud, admin: Client, parties: Any) -> None:
    trust = make_trust(parties).json()["trust"]["id"]
    scope = {"OS-TRUST:trust": {"id": trust}}
    make_user(admin, "third")
    for name in ("third", "trustor"):
        assert log_in(cloud, by_password(name, PASSWORD), scope).status_code == 403
        token = client_of(cloud, by_password(name, PASSWORD), "unscoped").token
        assert log_in(cloud, by_token(token), scope).status_code == 403
    unknown = {"OS-TRUST:trust": {"id": "nothing"}}
    assert log_in(cloud, by_password("third", PASSWORD), unknown).status_code == 401


def test_a_token_of_a_trust_says_nothing_of_domains(cloud: TestCloud, parties: Any) -> None:
    trust = make_trust(parties).json()["trust"]["id"]
    assert "is_domain" not in use(cloud, trust).json()["token"]


def test_nobody_uses_a_trust_of_a_disabled_project(
    cloud: TestCloud, admin: Client, parties: Any
) -> None:
    trust = make_trust(parties).json()["trust"]["id"]
    assert make_project(admin, "another")["enabled"]
    path = f"/projects/{parties['project']['id']}"
    assert admin.patch("identity", path, json={"project": {"enabled": False}}).status_code == 200
    assert use(cloud, trust).status_code == 401


def test_a_trust_that_is_over_is_listed_still(cloud: TestCloud, parties: Any) -> None:
    clock = SimulatedClock(cloud.env.clock.now())
    cloud.env.clock = clock
    end = zulu(clock.now() + timedelta(seconds=60))
    trust = make_trust(parties, expires_at=end).json()["trust"]["id"]
    clock.advance(61)
    mine, path = parties["client"], "/OS-TRUST/trusts"
    found = mine.get("identity", f"{path}?trustor_user_id={parties['trustor']['id']}").json()
    assert [one["id"] for one in found["trusts"]] == [trust]
    assert mine.get("identity", f"{path}/{trust}").status_code == 404
    assert use(cloud, trust).status_code == 401
