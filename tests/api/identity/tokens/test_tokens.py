"""Logging in, scopes, validation, and every way in which a token ends at once."""

from __future__ import annotations

from typing import Any

import httpx2 as httpx
import pytest

from stratolith.identity.managers.token_keys import claims
from stratolith.kernel.clock import SimulatedClock
from tests.api.identity.people import (
    PASSWORD,
    grant,
    make_group,
    make_project,
    make_user,
    role_id,
)
from tests.testcloud import Client, TestCloud


def log_in(cloud: TestCloud, identity: dict[str, Any], scope: Any = None) -> httpx.Response:
    auth: dict[str, Any] = {"identity": identity}
    if scope is not None:
        auth["scope"] = scope
    answer: httpx.Response = cloud.http.post("/identity/v3/auth/tokens", json={"auth": auth})
    return answer


def by_password(name: str, password: str) -> dict[str, Any]:
    user = {"name": name, "domain": {"id": "default"}, "password": password}
    return {"methods": ["password"], "password": {"user": user}}


def by_token(token: str) -> dict[str, Any]:
    return {"methods": ["token"], "token": {"id": token}}


def works(client: Client) -> bool:
    return client.get("identity", "/auth/projects").status_code == 200


@pytest.fixture
def member(cloud: TestCloud, admin: Client) -> tuple[Client, dict[str, Any], dict[str, Any]]:
    """A user with the role member on a project of its own: (client, user, project)."""
    user, project = make_user(admin, "alice"), make_project(admin, "alices")
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "member")
    return cloud.client("alice", "alices", password=PASSWORD), user, project


# -- what a token says -----------------------------------------------------------------------------


def test_a_project_token_says_who_where_and_what(demo: Client) -> None:
    answer = demo.get("identity", "/auth/tokens", headers={"X-Subject-Token": demo.token})
    assert answer.status_code == 200
    assert answer.headers["x-subject-token"] == demo.token
    token = answer.json()["token"]
    assert token["methods"] == ["password"]
    assert token["user"]["name"] == "demo"
    assert token["user"]["domain"] == {"id": "default", "name": "Default"}
    assert token["user"]["password_expires_at"] is None
    assert token["project"]["name"] == "demo"
    assert token["is_domain"] is False
    assert {role["name"] for role in token["roles"]} == {"member", "reader"}
    assert len(token["audit_ids"]) == 1
    assert token["expires_at"].endswith(".000000Z")
    types = {service["type"] for service in token["catalog"]}
    assert {"identity", "compute", "network", "image", "placement"} >= types >= {"identity"}


def test_admin_has_everything_that_the_role_implies(admin: Client) -> None:
    answer = admin.get("identity", "/auth/tokens", headers={"X-Subject-Token": admin.token})
    roles = {role["name"] for role in answer.json()["token"]["roles"]}
    assert roles == {"admin", "manager", "member", "reader"}


def test_nocatalog_leaves_the_catalogue_out(demo: Client) -> None:
    answer = demo.get("identity", "/auth/tokens?nocatalog", headers={"X-Subject-Token": demo.token})
    assert "catalog" not in answer.json()["token"]


def test_head_checks_without_a_body(demo: Client) -> None:
    answer = demo.head("identity", "/auth/tokens", headers={"X-Subject-Token": demo.token})
    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ({"system": {"all": True}}, "system"),
        ({"system": {"all": False}}, "system"),  # as upstream: there is no other system
        ({"system": {}}, "system"),
        ("system", "system"),
        ({"domain": {"id": "default"}}, "domain"),
        ({"project": {"name": "admin", "domain": {"name": "Default"}}}, "project"),
        ({"project": {"name": "admin", "domain": {"name": "Default"}}, "unknown": 1}, "project"),
    ],
)
def test_scopes(cloud: TestCloud, scope: Any, key: str) -> None:
    answer = log_in(cloud, by_password("admin", "secret-of-the-tests"), scope)
    assert answer.status_code == 201
    token = answer.json()["token"]
    assert {"system", "domain", "project"} & set(token) == {key}
    assert "roles" in token


@pytest.mark.parametrize(
    "scope",
    [
        None,
        {},
        [],
        "project",
        "all",
        {"unknown": 1},
        {"system": None},
        {"system": {"all": None}},
        {"system": {"all": "true"}},
        {"system": {"all": True}, "unscoped": {}},
        {"system": {"all": True}, "domain": {"id": "default"}},
        {"project": None},
        {"OS-TRUST:trust": {}},
    ],
)
def test_no_scopes(cloud: TestCloud, scope: Any) -> None:
    auth = {"identity": by_password("admin", "secret-of-the-tests"), "scope": scope}
    answer = cloud.http.post("/identity/v3/auth/tokens", json={"auth": auth})
    assert answer.status_code == 400


@pytest.mark.parametrize("scope", [{"unscoped": {}}, "unscoped", {"unscoped": None}])
def test_unscoped_tokens_have_no_roles(cloud: TestCloud, scope: Any) -> None:
    token = log_in(cloud, by_password("demo", "secret-of-the-tests"), scope).json()["token"]
    assert not {"roles", "catalog", "project", "domain", "system"} & set(token)


def test_the_default_project_is_the_scope_when_it_can_be(
    cloud: TestCloud, admin: Client, member: Any
) -> None:
    _, user, project = member
    path = f"/users/{user['id']}"
    admin.patch("identity", path, json={"user": {"default_project_id": project["id"]}})
    token = log_in(cloud, by_password("alice", PASSWORD)).json()["token"]
    assert token["project"]["id"] == project["id"]
    admin.patch("identity", path, json={"user": {"default_project_id": "0" * 32}})
    assert "project" not in log_in(cloud, by_password("alice", PASSWORD)).json()["token"]


# -- logging in ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "password"), [("demo", "wrong"), ("nobody", "wrong"), ("demo", ""), ("", "x")]
)
def test_every_failure_looks_alike(cloud: TestCloud, name: str, password: str) -> None:
    answer = log_in(cloud, by_password(name, password))
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == (
        "The request you have made requires authentication."
    )


@pytest.mark.parametrize(
    "scope",
    [
        {"project": {"name": "admin", "domain": {"id": "default"}}},
        {"project": {"id": "0" * 32}},
        {"domain": {"id": "default"}},
        {"domain": {"name": "nowhere"}},
        {"system": {"all": True}},
    ],
)
def test_a_scope_without_a_role_is_refused(cloud: TestCloud, scope: Any) -> None:
    assert log_in(cloud, by_password("demo", "secret-of-the-tests"), scope).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"auth": {}},
        {"auth": {"identity": {"methods": ["password"]}}},
        {"auth": {"identity": {"methods": ["password"], "password": {"user": {"password": "x"}}}}},
        {"auth": {"identity": {"methods": "password"}}},
        {"auth": {"identity": {"methods": []}, "scope": {"project": 5}}},
        [],
    ],
)
def test_malformed_requests_name_the_fault(cloud: TestCloud, body: Any) -> None:
    answer = cloud.http.post("/identity/v3/auth/tokens", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_an_unknown_method_is_refused(cloud: TestCloud) -> None:
    answer = log_in(cloud, {"methods": ["oracle"], "oracle": {}})
    assert answer.status_code == 401


def test_rescoping_keeps_the_end_and_the_chain(cloud: TestCloud) -> None:
    first = log_in(cloud, by_password("demo", "secret-of-the-tests"))
    scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
    second = log_in(cloud, by_token(first.headers["x-subject-token"]), scope)
    assert second.status_code == 201
    before, after = first.json()["token"], second.json()["token"]
    assert after["expires_at"] == before["expires_at"]
    assert after["audit_ids"][1:] == before["audit_ids"]
    assert sorted(after["methods"]) == ["password", "token"]


def test_a_token_that_never_was_gives_404_as_upstream(cloud: TestCloud) -> None:
    assert log_in(cloud, by_token("gAAAAA")).status_code == 404


# -- validation and its end ------------------------------------------------------------------------


def test_others_tokens_are_for_admins_and_services(admin: Client, demo: Client) -> None:
    path, headers = "/auth/tokens", {"X-Subject-Token": admin.token}
    assert demo.get("identity", path, headers=headers).status_code == 403
    headers = {"X-Subject-Token": demo.token}
    assert admin.get("identity", path, headers=headers).status_code == 200


@pytest.mark.parametrize("subject", ["", "nothing", "gAAAA" + "x" * 200, "a" * 4000])
def test_an_unknown_subject_is_not_found(admin: Client, subject: str) -> None:
    answer = admin.get("identity", "/auth/tokens", headers={"X-Subject-Token": subject})
    assert answer.status_code == 404


def test_a_deleted_token_is_dead_and_others_live(cloud: TestCloud, admin: Client) -> None:
    first = log_in(cloud, by_password("demo", "secret-of-the-tests")).headers["x-subject-token"]
    other = Client(
        cloud, log_in(cloud, by_password("demo", "secret-of-the-tests")).headers["x-subject-token"]
    )
    mine = Client(cloud, first)
    assert works(mine)
    answer = mine.delete("identity", "/auth/tokens", headers={"X-Subject-Token": first})
    assert answer.status_code == 204
    assert not works(mine)
    assert works(other)
    answer = admin.get("identity", "/auth/tokens", headers={"X-Subject-Token": first})
    assert answer.status_code == 404


def test_a_token_expires(cloud: TestCloud, admin: Client) -> None:
    clock = SimulatedClock(cloud.env.clock.now())
    cloud.env.clock = clock
    token = log_in(cloud, by_password("demo", "secret-of-the-tests")).headers["x-subject-token"]
    mine = Client(cloud, token)
    assert works(mine)
    clock.advance(86401)
    assert not works(mine)
    fresh = log_in(cloud, by_password("admin", "secret-of-the-tests"), {"system": {"all": True}})
    answer = Client(cloud, fresh.headers["x-subject-token"]).get(
        "identity", "/auth/tokens", headers={"X-Subject-Token": token}
    )
    assert answer.status_code == 404


def test_tokens_survive_a_restart_and_a_key_rotation(cloud: TestCloud, demo: Client) -> None:
    claims.ring_of(cloud.env).rotate(keep=3)
    cloud.env.caches.clear()  # what a new process would have
    assert works(demo)


def test_a_password_change_ends_the_users_tokens(
    cloud: TestCloud, admin: Client, member: Any
) -> None:
    mine, user, _ = member
    body = {"user": {"original_password": PASSWORD, "password": "another-one"}}
    path = f"/users/{user['id']}/password"
    assert mine.post("identity", path, json=body).status_code == 204
    assert not works(mine)
    assert log_in(cloud, by_password("alice", PASSWORD)).status_code == 401
    again = log_in(cloud, by_password("alice", "another-one"))
    assert works(Client(cloud, again.headers["x-subject-token"]))
    assert works(admin)


@pytest.mark.parametrize("what", ["user", "project", "domain"])
def test_disabling_ends_tokens_and_those_of_a_user_for_good(
    cloud: TestCloud, admin: Client, what: str
) -> None:
    """As upstream, where those of a project or domain come back to life."""
    domain = admin.post("identity", "/domains", json={"domain": {"name": "d"}}).json()["domain"]
    user = make_user(admin, "bob", domain_id=domain["id"])
    project = make_project(admin, "bobs", domain_id=domain["id"])
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "member")
    identity = {
        "methods": ["password"],
        "password": {"user": {"id": user["id"], "password": PASSWORD}},
    }
    scope = {"project": {"id": project["id"]}}
    mine = Client(cloud, log_in(cloud, identity, scope).headers["x-subject-token"])
    assert works(mine)
    one = {"user": user, "project": project, "domain": domain}[what]
    path = f"/{what}s/{one['id']}"
    assert admin.patch("identity", path, json={what: {"enabled": False}}).status_code == 200
    assert not works(mine)
    assert log_in(cloud, identity, scope).status_code == 401
    assert admin.patch("identity", path, json={what: {"enabled": True}}).status_code == 200
    assert works(mine) == (what != "user")
    assert log_in(cloud, identity, scope).status_code == 201


@pytest.mark.parametrize("scope", ["unscoped", "domain", "elsewhere"])
def test_a_disabled_domain_ends_what_its_users_have_anywhere(
    cloud: TestCloud, admin: Client, scope: str
) -> None:
    domain = admin.post("identity", "/domains", json={"domain": {"name": "d"}}).json()["domain"]
    user = make_user(admin, "bob", domain_id=domain["id"])
    project = make_project(admin, "elsewhere")
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "member")
    grant(admin, f"domains/{domain['id']}", f"users/{user['id']}", "member")
    place: Any = {"domain": {"domain": {"id": domain["id"]}}, "unscoped": "unscoped"}
    identity = {
        "methods": ["password"],
        "password": {"user": {"id": user["id"], "password": PASSWORD}},
    }
    found = log_in(cloud, identity, place.get(scope, {"project": {"id": project["id"]}}))
    mine = Client(cloud, found.headers["x-subject-token"])
    for enabled in (True, False, True):
        body = {"domain": {"enabled": enabled}}
        assert admin.patch("identity", f"/domains/{domain['id']}", json=body).status_code == 200
        assert works(mine) == enabled


def test_losing_the_role_ends_the_token(admin: Client, member: Any) -> None:
    mine, user, project = member
    role = role_id(admin, "member")
    path = f"/projects/{project['id']}/users/{user['id']}/roles/{role}"
    assert admin.delete("identity", path).status_code == 204
    assert not works(mine)


def test_losing_a_group_ends_every_token(cloud: TestCloud, admin: Client, member: Any) -> None:
    mine, user, _ = member
    group, other = make_group(admin, "readers"), make_group(admin, "others")
    unscoped = cloud.client("alice", None, password=PASSWORD)
    for one in (group, other):
        assert admin.put("identity", f"/groups/{one['id']}/users/{user['id']}").status_code == 204
    assert admin.delete("identity", f"/groups/{other['id']}").status_code == 204
    assert works(mine)  # the end of a group is none for those in it
    assert works(unscoped)
    assert admin.delete("identity", f"/groups/{group['id']}/users/{user['id']}").status_code == 204
    assert not works(mine)
    assert not works(unscoped)


def test_losing_the_group_ends_the_token(cloud: TestCloud, admin: Client) -> None:
    user, project = make_user(admin, "carol"), make_project(admin, "carols")
    group = make_group(admin, "readers")
    grant(admin, f"projects/{project['id']}", f"groups/{group['id']}", "reader")
    within = f"/groups/{group['id']}/users/{user['id']}"
    assert admin.put("identity", within).status_code == 204
    mine = cloud.client("carol", "carols", password=PASSWORD)
    assert works(mine)
    assert admin.delete("identity", within).status_code == 204
    assert not works(mine)


def test_a_new_role_shows_in_tokens_that_exist(admin: Client, member: Any) -> None:
    mine, user, project = member
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "manager")
    answer = mine.get("identity", "/auth/tokens", headers={"X-Subject-Token": mine.token})
    assert "manager" in {role["name"] for role in answer.json()["token"]["roles"]}


@pytest.mark.parametrize("what", ["projects", "users"])
def test_deleting_the_project_or_the_user_ends_the_token(
    admin: Client, member: Any, what: str
) -> None:
    mine, user, project = member
    one = {"projects": project, "users": user}[what]
    assert admin.delete("identity", f"/{what}/{one['id']}").status_code == 204
    assert not works(mine)


# -- what a token may reach ------------------------------------------------------------------------


def test_auth_projects_domains_and_system(admin: Client, demo: Client) -> None:
    names = {p["name"] for p in admin.get("identity", "/auth/projects").json()["projects"]}
    assert names == {"admin", "demo"}
    assert [d["id"] for d in admin.get("identity", "/auth/domains").json()["domains"]] == [
        "default"
    ]
    assert admin.get("identity", "/auth/system").json()["system"] == [{"all": True}]
    names = {p["name"] for p in demo.get("identity", "/auth/projects").json()["projects"]}
    assert names == {"demo"}
    assert demo.get("identity", "/auth/domains").json()["domains"] == []
    assert demo.get("identity", "/auth/system").json()["system"] == []


def test_the_catalogue_follows_the_address_that_was_dialled(cloud: TestCloud) -> None:
    for host in ("cloud.test", "other.example:8700"):
        answer = cloud.http.post(
            "/identity/v3/auth/tokens",
            json={
                "auth": {
                    "identity": by_password("demo", "secret-of-the-tests"),
                    "scope": {"project": {"name": "demo", "domain": {"id": "default"}}},
                }
            },
            headers={"Host": host},
        )
        for service in answer.json()["token"]["catalog"]:
            assert {e["interface"] for e in service["endpoints"]} == {
                "public",
                "internal",
                "admin",
            }
            assert all(e["url"].startswith(f"http://{host}/") for e in service["endpoints"])


def test_without_a_token_everything_is_401(cloud: TestCloud) -> None:
    nobody = cloud.anonymous()
    for path in ("/users", "/auth/tokens", "/projects/x"):
        assert nobody.get("identity", path).status_code == 401
