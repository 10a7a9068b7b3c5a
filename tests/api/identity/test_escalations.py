"""Ways to more rights than one has, each by name; every one of them must be closed.

Those of application credentials and trusts are in test_delegation.py, of EC2 keys in
test_signatures.py, of several factors in test_factors.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.kernel.testing import Client, TestCloud
from tests.api.identity.people import (
    PASSWORD,
    grant,
    make_domain,
    make_project,
    make_user,
    persona,
    role_id,
)


def whoami(client: Client) -> dict[str, Any]:
    answer = client.get("identity", "/auth/tokens", headers={"X-Subject-Token": client.token})
    return dict(answer.json()["token"])


def test_a_domain_admin_cannot_grant_a_system_role(cloud: TestCloud, admin: Client) -> None:
    make_domain(admin, "acme")
    me = persona(cloud, "admin", domain="acme")
    user = whoami(me)["user"]["id"]
    for role in ("admin", "reader"):
        path = f"/system/users/{user}/roles/{role_id(admin, role)}"
        assert me.put("identity", path).status_code == 403
    assert me.get("identity", "/auth/system").json()["system"] == []


def test_a_domain_manager_cannot_grant_admin_to_himself(cloud: TestCloud, admin: Client) -> None:
    domain = make_domain(admin, "acme")
    me = persona(cloud, "manager", domain="acme")
    user = whoami(me)["user"]["id"]
    for place in (f"domains/{domain['id']}", "domains/default", "system"):
        path = f"/{place}/users/{user}/roles/{role_id(admin, 'admin')}"
        assert me.put("identity", path).status_code == 403
    implied = f"/roles/{role_id(admin, 'reader')}/implies/{role_id(admin, 'admin')}"
    assert me.put("identity", implied).status_code == 403


def test_the_token_of_a_disabled_project_is_dead_and_cannot_be_had_again(
    cloud: TestCloud, admin: Client
) -> None:
    user, project = make_user(admin, "alice"), make_project(admin, "alices")
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "member")
    alice = cloud.client("alice", "alices", password=PASSWORD)
    unscoped = cloud.client("alice", None, password=PASSWORD)
    path = f"/projects/{project['id']}"
    admin.patch("identity", path, json={"project": {"enabled": False}})
    assert alice.get("identity", "/auth/catalog").status_code == 401
    identity = {"methods": ["token"], "token": {"id": unscoped.token}}
    body = {"auth": {"identity": identity, "scope": {"project": {"id": project["id"]}}}}
    assert cloud.http.post("/identity/v3/auth/tokens", json=body).status_code == 401
    admin.patch("identity", path, json={"project": {"enabled": True}})
    assert alice.get("identity", "/auth/catalog").status_code == 401  # dead for good


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Roles": "admin", "X-Role": "admin"},
        {"X-Is-Admin-Project": "True", "X-Service-Roles": "admin,service"},
        {"X-Identity-Status": "Confirmed", "X-User-Id": "admin", "X-Project-Id": "admin"},
        {"OpenStack-System-Scope": "all"},
        {"X-HTTP-Method-Override": "GET"},
        {"X-Original-URL": "/v3/auth/catalog", "X-Rewrite-Url": "/v3/auth/catalog"},
    ],
)
def test_headers_that_proxies_set_give_nothing(
    cloud: TestCloud, demo: Client, headers: dict[str, str]
) -> None:
    body = {"project": {"name": "mine", "domain_id": "default"}}
    answer = demo.post("identity", "/projects", json=body, headers=headers)
    assert answer.status_code == 403
    anonymous = cloud.anonymous().get("identity", "/users", headers=headers)
    assert anonymous.status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "//v3/users",
        "/v3//users",
        "/v3/./users",
        "/v3/auth/../users",
        "/v3/auth/%2e%2e/users",
        "/v3/users/",
        "/v3/users;admin",
        "/V3/users",
        "/v3/users%00",
    ],
)
def test_paths_written_otherwise_give_nothing(demo: Client, path: str) -> None:
    answer = demo.get("raw", "/identity" + path)
    assert answer.status_code in (401, 403, 404), answer.text


def test_the_body_cannot_say_who_the_caller_is(cloud: TestCloud, demo: Client) -> None:
    me = whoami(demo)
    path = f"/users/{me['user']['id']}"
    changes: list[dict[str, Any]] = [{"enabled": True}, {"domain_id": "other"}, {"options": {}}]
    for change in changes:
        assert demo.patch("identity", path, json={"user": change}).status_code == 403
    other = {"credential": {"user_id": "0" * 32, "type": "cert", "blob": "x"}}
    assert demo.post("identity", "/credentials", json=other).status_code == 403


def test_one_method_of_somebody_else_does_not_help_another(cloud: TestCloud, demo: Client) -> None:
    admin = {"name": "admin", "domain": {"id": "default"}, "password": "secret-of-the-tests"}
    identity = {
        "methods": ["token", "password"],
        "token": {"id": demo.token},
        "password": {"user": admin},
    }
    body = {"auth": {"identity": identity}}
    assert cloud.http.post("/identity/v3/auth/tokens", json=body).status_code == 401


def test_a_token_does_not_outlive_the_one_it_was_made_of(cloud: TestCloud) -> None:
    first = cloud.client("demo")
    identity = {"methods": ["token"], "token": {"id": first.token}}
    body = {"auth": {"identity": identity}}
    answer = cloud.http.post("/identity/v3/auth/tokens", json=body)
    assert answer.status_code == 201
    assert answer.json()["token"]["expires_at"] == whoami(first)["expires_at"]
