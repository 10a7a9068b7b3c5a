"""How many statements the frequent requests take: a bound, so that they do not creep up."""

from __future__ import annotations

from typing import Any

from stratolith.identity.models import User
from tests.api.identity.people import PASSWORD, make_user
from tests.testcloud import Client, TestCloud, statements


def test_a_login_reads_the_account_the_project_and_the_roles(cloud: TestCloud) -> None:
    user = {"name": "demo", "domain": {"name": "Default"}, "password": "secret-of-the-tests"}
    scope = {"project": {"name": "demo", "domain": {"name": "Default"}}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": scope}}

    def log_in() -> None:
        answer = cloud.http.post("/identity/v3/auth/tokens", json=body)
        assert answer.status_code == 201

    log_in()  # notes the day of the login, fills the caches
    assert len(statements(cloud.env, log_in)) == 3


def test_a_validation_reads_nothing_the_second_time(admin: Client, demo: Client) -> None:
    def validate() -> None:
        headers = {"X-Subject-Token": demo.token}
        assert admin.get("identity", "/auth/tokens", headers=headers).status_code == 200

    validate()
    assert statements(admin.cloud.env, validate) == []


def test_a_project_is_one_look_and_one_row(admin: Client) -> None:
    def create() -> None:
        body = {"project": {"name": "quick", "domain_id": "default"}}
        assert admin.post("identity", "/projects", json=body).status_code == 201

    admin.get("identity", "/auth/catalog")  # the token is known from here on
    assert len(statements(admin.cloud.env, create)) == 2


def test_a_list_of_users_is_one_query_and_shows_what_one_user_shows(admin: Client) -> None:
    made = make_user(admin, "alice", email="a@example.org", options={"lock_password": True})
    with admin.cloud.env.db.write() as session:
        session.add_all(User(name=f"u{n}", domain_id="default") for n in range(20))
    found: list[Any] = []

    def listed() -> None:
        found.append(admin.get("identity", "/users?limit=10&sort_key=name").json())
        found.append(admin.get("identity", "/users").json())

    assert len(statements(admin.cloud.env, listed)) == 2
    [shown] = [one for one in found[1]["users"] if one["name"] == "alice"]
    assert shown == admin.get("identity", f"/users/{made['id']}").json()["user"] == made
    assert len(found[0]["users"]) == 10
    rest = admin.get("raw", found[0]["links"]["next"]).json()["users"]
    names = [one["name"] for one in [*found[0]["users"], *rest]]
    assert names == sorted(names)


def test_the_list_knows_when_passwords_expire(tmp_path: Any) -> None:
    cloud = TestCloud(tmp_path / "c", identity={"password_expires_days": 5})
    try:
        admin = cloud.client("admin")
        made = make_user(admin, "alice")
        assert made["password_expires_at"]
        admin.patch("identity", f"/users/{made['id']}", json={"user": {"password": PASSWORD}})
        one = admin.get("identity", f"/users/{made['id']}").json()["user"]
        listed = admin.get("identity", "/users?name=alice").json()["users"]
        assert listed == [one]
        assert one["password_expires_at"] > made["password_expires_at"]
    finally:
        cloud.close()
