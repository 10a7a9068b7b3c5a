"""Tokens with access rules are for those who know access rules; who is meant when two are named;
immutable things are unlocked first.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.people import PASSWORD, make_domain, make_project, make_user
from tests.api.identity.tokens.test_delegation import by_credential, client_of, make_credential
from tests.api.identity.tokens.test_tokens import log_in
from tests.testcloud import Client, TestCloud

KNOWS = "OpenStack-Identity-Access-Rules"


@pytest.fixture
def confined(cloud: TestCloud, demo: Client) -> Client:
    rule = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}
    return client_of(cloud, by_credential(make_credential(demo, "c", access_rules=[rule])))


@pytest.mark.parametrize("version", [None, "", "junk", "0.9", "nan"])
def test_a_confined_token_is_unknown_to_old_services(
    admin: Client, confined: Client, version: str | None
) -> None:
    headers = {"X-Subject-Token": confined.token}
    if version is not None:
        headers[KNOWS] = version
    for verb in ("GET", "HEAD", "DELETE"):
        answer = admin.request(verb, "identity", "/auth/tokens", headers=headers)
        assert answer.status_code == 404, verb
    headers[KNOWS] = "1.0"
    assert admin.get("identity", "/auth/tokens", headers=headers).status_code == 200
    assert admin.head("identity", "/auth/tokens", headers=headers).status_code == 200


def test_a_confined_token_validates_itself(confined: Client) -> None:
    headers = {"X-Subject-Token": confined.token, KNOWS: "1.0"}
    assert confined.get("identity", "/auth/tokens", headers=headers).status_code == 200
    assert confined.get("identity", "/users").status_code == 401
    assert confined.delete("identity", "/auth/tokens", headers=headers).status_code == 401


def test_a_name_counts_before_an_id(cloud: TestCloud, admin: Client, demo: Client) -> None:
    user, other = make_user(admin, "u"), make_domain(admin, "other")
    make_user(admin, "v")

    def status(who: dict[str, Any], scope: Any = "unscoped") -> int:
        identity = {"methods": ["password"], "password": {"user": {**who, "password": PASSWORD}}}
        return log_in(cloud, identity, scope).status_code

    default = {"id": "default"}
    assert status({"id": user["id"], "name": "admin", "domain": default}) == 401
    assert status({"id": "f" * 32, "name": "u", "domain": default}) == 201
    assert status({"name": "u", "domain": {"id": "default", "name": "other"}}) == 401
    assert status({"name": "u", "domain": {"id": other["id"], "name": "Default"}}) == 201
    project = make_project(admin, "p")["id"]
    member = admin.get("identity", "/roles?name=member").json()["roles"][0]["id"]
    grant = f"/projects/{project}/users/{user['id']}/roles/{member}"
    assert admin.put("identity", grant).status_code == 204
    named = {"name": "u", "domain": default}
    assert status(named, {"project": {"id": project, "name": "demo", "domain": default}}) == 401
    assert status(named, {"project": {"id": project}}) == 201
    assert status(named, {"project": {"id": "f" * 32, "name": "p", "domain": default}}) == 201


@pytest.mark.parametrize("kind", ["role", "project", "domain"])
def test_what_is_immutable_is_unlocked_before_it_changes(admin: Client, kind: str) -> None:
    body = {kind: {"name": "kept", "options": {"immutable": True}}}
    made = admin.post("identity", f"/{kind}s", json=body).json()[kind]
    path = f"/{kind}s/{made['id']}"

    def status(**changes: Any) -> int:
        found: int = admin.patch("identity", path, json={kind: changes}).status_code
        return found

    assert status(description="x", options={"immutable": False}) == 403
    assert status(options={"immutable": True}) == 403
    assert status(description="x") == 403
    assert status(options={"immutable": False}) == 200
    assert status(description="x") == 200


def test_attributes_of_a_credential_that_count_for_nothing(cloud: TestCloud, demo: Client) -> None:
    made = make_credential(demo, "c", id="mine", system="all", secret="s" * 500)
    assert made["id"] != "mine"
    assert made["system"] is None
    assert client_of(cloud, by_credential(made)).get("identity", "/users").status_code == 403


@pytest.mark.parametrize("kind", ["user", "group"])
def test_nobody_leaves_every_domain(admin: Client, kind: str) -> None:
    body = {kind: {"name": "n", "domain_id": "default"}}
    made = admin.post("identity", f"/{kind}s", json=body).json()[kind]
    path = f"/{kind}s/{made['id']}"
    changed = admin.patch("identity", path, json={kind: {"domain_id": None}})
    assert changed.status_code == 400
    same = admin.patch("identity", path, json={kind: {"domain_id": "default"}})
    assert same.status_code == 200
