"""Revoking a token ends what was made from it; a trustor's new password ends his trusts' tokens."""

from __future__ import annotations

import pytest

from tests.api.identity.people import PASSWORD, grant, make_project, make_user, role_id
from tests.api.identity.tokens.test_delegation import client_of, own_id
from tests.api.identity.tokens.test_tokens import by_password, by_token, works
from tests.testcloud import Client, TestCloud

EVENTS = "/OS-REVOKE/events"


@pytest.fixture
def chain(cloud: TestCloud, admin: Client) -> list[Client]:
    """An unscoped token, one of project a made from it, and one of project b made from that."""
    user = make_user(admin, "alice")
    for name in ("a", "b"):
        project = make_project(admin, name)
        grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "member")
    found = [client_of(cloud, by_password("alice", PASSWORD), "unscoped")]
    for name in ("a", "b"):
        scope = {"project": {"name": name, "domain": {"id": "default"}}}
        found.append(client_of(cloud, by_token(found[-1].token), scope))
    return found


def revoke(client: Client, query: str = "") -> None:
    subject = {"X-Subject-Token": client.token}
    answer = client.delete("identity", f"/auth/tokens{query}", headers=subject)
    assert answer.status_code == 204, answer.text


@pytest.mark.parametrize("query", ["", "?cascade=true", "?cascade=1", "?cascade=", "?cascade=what"])
def test_tokens_made_from_a_revoked_one_are_dead(
    admin: Client, chain: list[Client], query: str
) -> None:
    assert all(works(one) for one in chain)
    revoke(chain[0], query)
    for one in chain:
        assert not works(one)
        subject = {"X-Subject-Token": one.token}
        assert admin.get("identity", "/auth/tokens", headers=subject).status_code == 404


@pytest.mark.parametrize("query", ["?cascade=false", "?cascade=False", "?cascade=0", "?cascade=no"])
def test_one_token_alone_can_be_revoked(chain: list[Client], query: str) -> None:
    revoke(chain[0], query)
    assert [works(one) for one in chain] == [False, True, True]


def test_the_chain_ends_at_its_first_token_only(chain: list[Client]) -> None:
    revoke(chain[1])
    assert [works(one) for one in chain] == [True, False, True]
    revoke(chain[0])
    assert not any(works(one) for one in chain)


def test_other_logins_of_the_user_live_on(cloud: TestCloud, chain: list[Client]) -> None:
    other = client_of(cloud, by_password("alice", PASSWORD), "unscoped")
    revoke(chain[0])
    assert works(other)


def test_both_events_are_listed_for_services(admin: Client, chain: list[Client]) -> None:
    subject = {"X-Subject-Token": chain[0].token}
    token = admin.get("identity", "/auth/tokens", headers=subject).json()["token"]
    revoke(chain[0])
    events = admin.get("identity", EVENTS).json()["events"]
    assert events[-2]["audit_id"] == token["audit_ids"][0]
    assert events[-1]["audit_chain_id"] == token["audit_ids"][0]


@pytest.mark.parametrize("impersonation", [True, False])
@pytest.mark.parametrize("whose", ["trustor", "trustee"])
def test_a_new_password_ends_tokens_of_trusts(
    cloud: TestCloud, admin: Client, impersonation: bool, whose: str
) -> None:
    giver, taker = make_user(admin, "giver"), make_user(admin, "taker")
    project = make_project(admin, "a")
    grant(admin, f"projects/{project['id']}", f"users/{giver['id']}", "member")
    scope = {"project": {"id": project["id"]}}
    trustor = client_of(cloud, by_password("giver", PASSWORD), scope)
    trust = {
        "trustor_user_id": own_id(trustor),
        "trustee_user_id": taker["id"],
        "project_id": project["id"],
        "impersonation": impersonation,
        "roles": [{"id": role_id(admin, "member")}],
    }
    made = trustor.post("identity", "/OS-TRUST/trusts", json={"trust": trust}).json()["trust"]
    by_trust = {"OS-TRUST:trust": {"id": made["id"]}}
    used = client_of(cloud, by_password("taker", PASSWORD), by_trust)
    assert works(used)
    user = giver if whose == "trustor" else taker
    answer = admin.patch("identity", f"/users/{user['id']}", json={"user": {"password": "new"}})
    assert answer.status_code == 200, answer.text
    assert not works(used)
    name = "new" if whose == "trustee" else PASSWORD
    assert works(client_of(cloud, by_password("taker", name), by_trust))
