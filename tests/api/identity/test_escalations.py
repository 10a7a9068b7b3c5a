"""Ways to more rights than one has, each by name; every one of them must be closed.

Those of application credentials and trusts are in test_delegation.py, of EC2 keys in
test_signatures.py, of several factors in test_factors.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.people import (
    PASSWORD,
    grant,
    make_domain,
    make_project,
    make_user,
    persona,
    role_id,
)
from tests.testcloud import Client, TestCloud


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
    assert alice.get("identity", "/auth/catalog").status_code == 200  # and alive again, as upstream


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Roles": "admin", "X-Role": "admin"},
        {"X-Is-Admin-Project": "True", "X-Service-Roles": "admin,service"},
        {"X-Identity-Status": "Confirmed", "X-User-Id": "admin", "X-Project-Id": "admin"},
        {"OpenStack-System-Scope": "all"},
        {"X-HTTP-Method-Override": "GET"},
        {"X-Original-URL": "/v3/auth/catalog", "X-Rewrite-Url": "/v3/auth/catalog"},
        {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost", "X-Real-Ip": "::1"},
        {"X-Forwarded-User": "admin", "Remote-User": "admin", "X-Remote-User": "admin"},
        {"X-Forwarded-Prefix": "/identity", "X-Script-Name": "/identity", "Forwarded": "for=::1"},
        {"X-Service-Token": "junk", "X-Service-Identity-Status": "Confirmed"},
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
        "/v3%2fusers",
        "/v3/auth%2F..%2Fusers",
        "/v3/%2e/users",
        "/v3/users%2f",
        "/v3/users?effective&include_subtree",
        "/v3\\users",
    ],
)
def test_paths_written_otherwise_give_nothing(demo: Client, path: str) -> None:
    answer = demo.get("raw", "/identity" + path)
    assert answer.status_code in (401, 403, 404), answer.text


@pytest.mark.parametrize("name", ["X-Auth-Token", "X-Subject-Token"])
def test_two_tokens_are_none(cloud: TestCloud, admin: Client, demo: Client, name: str) -> None:
    """Whoever stands before the cloud may have judged by the other of them."""
    own = ("X-Auth-Token", admin.token)
    for first, second in ((admin.token, demo.token), (demo.token, admin.token)):
        headers = [(name, first), (name, second)]
        if name == "X-Subject-Token":
            headers.append(own)
        else:
            headers.append(("X-Subject-Token", demo.token))
        answer = cloud.http.get("/identity/v3/auth/tokens", headers=headers)
        assert answer.status_code == (404 if name == "X-Subject-Token" else 401)


def test_a_service_token_adds_no_rights(cloud: TestCloud, admin: Client, demo: Client) -> None:
    headers = {"X-Service-Token": admin.token}
    assert demo.get("identity", "/users", headers=headers).status_code == 403
    anonymous = cloud.anonymous().get("identity", "/users", headers=headers)
    assert anonymous.status_code == 401


def test_forwarded_hosts_do_not_reach_into_the_answer(demo: Client) -> None:
    """A poisoned catalogue would send tokens elsewhere."""
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "1", "Forwarded": "host=e"}
    answer = demo.get("identity", "/auth/catalog", headers=headers)
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
    proto = demo.get("identity", "/auth/catalog", headers={"X-Forwarded-Proto": "javascript"})
    assert "javascript" not in proto.text


def delegated(cloud: TestCloud, demo: Client) -> dict[str, Client]:
    """Tokens of an unrestricted application credential and of a trust, both of demo's."""
    me = whoami(demo)
    user, project = me["user"]["id"], me["project"]["id"]
    body = {"application_credential": {"name": "c", "unrestricted": True}}
    path = f"/users/{user}/application_credentials"
    made = demo.post("identity", path, json=body).json()["application_credential"]
    trust = {
        "trustor_user_id": user,
        "trustee_user_id": user,
        "project_id": project,
        "impersonation": True,
        "roles": [{"name": "member"}],
    }
    trust_id = demo.post("identity", "/OS-TRUST/trusts", json={"trust": trust}).json()["trust"]
    password = {"user": {"id": user, "password": "secret-of-the-tests"}}
    logins: dict[str, dict[str, Any]] = {
        "application credential": {
            "identity": {
                "methods": ["application_credential"],
                "application_credential": {"id": made["id"], "secret": made["secret"]},
            }
        },
        "trust": {
            "identity": {"methods": ["password"], "password": password},
            "scope": {"OS-TRUST:trust": {"id": trust_id["id"]}},
        },
    }
    found = {}
    for name, auth in logins.items():
        answer = cloud.http.post("/identity/v3/auth/tokens", json={"auth": auth})
        assert answer.status_code == 201, answer.text
        found[name] = Client(cloud, answer.headers["x-subject-token"])
    return found


def test_delegated_tokens_neither_read_nor_make_secrets(cloud: TestCloud, demo: Client) -> None:
    user = whoami(demo)["user"]["id"]
    project = whoami(demo)["project"]["id"]
    secret = {"credential": {"user_id": user, "type": "cert", "blob": "hidden"}}
    kept = demo.post("identity", "/credentials", json=secret).json()["credential"]
    ec2 = f"/users/{user}/credentials/OS-EC2"
    key = demo.post("identity", ec2, json={"tenant_id": project}).json()["credential"]
    for client in delegated(cloud, demo).values():
        assert client.get("identity", "/credentials").json()["credentials"] == []
        assert client.get("identity", f"/credentials/{kept['id']}").status_code == 403
        assert client.post("identity", "/credentials", json=secret).status_code == 403
        assert client.delete("identity", f"/credentials/{kept['id']}").status_code == 403
        assert client.get("identity", ec2).status_code == 403
        assert client.get("identity", f"{ec2}/{key['access']}").status_code == 403
        assert client.post("identity", ec2, json={"tenant_id": project}).status_code == 403
    assert len(demo.get("identity", "/credentials").json()["credentials"]) == 2


def test_delegated_tokens_make_no_trusts(cloud: TestCloud, demo: Client) -> None:
    me = whoami(demo)
    clients = delegated(cloud, demo)
    trust = {
        "trustor_user_id": me["user"]["id"],
        "trustee_user_id": me["user"]["id"],
        "project_id": me["project"]["id"],
        "impersonation": True,
        "roles": [{"name": "member"}],
    }
    for client in clients.values():
        answer = client.post("identity", "/OS-TRUST/trusts", json={"trust": trust})
        assert answer.status_code == 403, answer.text
    listed = f"/OS-TRUST/trusts?trustor_user_id={me['user']['id']}"
    assert clients["application credential"].get("identity", listed).status_code == 403


def test_a_user_of_one_domain_is_not_moved_nor_renamed_by_the_manager_of_another(
    cloud: TestCloud, admin: Client
) -> None:
    make_domain(admin, "acme")
    me = persona(cloud, "manager", domain="acme")
    other = make_user(admin, "bob")
    path = f"/users/{other['id']}"
    acme = whoami(me)["domain"]["id"]
    changes: list[dict[str, Any]] = [{"name": "mine"}, {"password": "stolen"}, {"domain_id": acme}]
    for change in changes:
        assert me.patch("identity", path, json={"user": change}).status_code == 403
    assert me.delete("identity", path).status_code == 403
    body = {"group": {"name": "g", "domain_id": acme}}
    group = me.post("identity", "/groups", json=body).json()["group"]
    assert me.put("identity", f"/groups/{group['id']}/users/{other['id']}").status_code == 403


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
