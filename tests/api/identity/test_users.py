"""Users and groups: attributes, passwords, lockout, membership."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stratolith.kernel.clock import SimulatedClock
from tests.api.identity.people import PASSWORD, make_domain, make_group, make_user
from tests.api.identity.tokens.test_tokens import by_password, log_in
from tests.testcloud import Client, TestCloud


def test_extra_attributes_are_kept_and_the_password_never_shown(admin: Client) -> None:
    user = make_user(admin, "u", email="u@example.org", floor=3, description="about")
    assert (user["email"], user["floor"], user["description"]) == ("u@example.org", 3, "about")
    path = f"/users/{user['id']}"
    assert admin.get("identity", path).json()["user"] == user
    body = {"user": {"email": "new@example.org", "password": "another-password"}}
    changed = admin.patch("identity", path, json=body).json()["user"]
    extra = changed.pop("extra")  # once more below "extra", as upstream
    assert extra == {"email": "new@example.org", "floor": 3, "description": "about"}
    assert changed == {**user, "email": "new@example.org"}
    assert "password" not in str(changed).replace("password_expires_at", "")


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({}, 400),
        ({"name": 5}, 400),
        ({"name": ""}, 400),
        ({"name": "x" * 256}, 400),
        ({"name": "x", "enabled": "perhaps"}, 400),
        ({"name": "x", "domain_id": "nowhere"}, 404),
        ({"name": "x", "password": "p" * 129}, 400),
        ({"name": "x", "default_project_id": "default"}, 400),
        ({"name": "admin"}, 409),
        ({"name": "x", "options": {"lock_password": "yes"}}, 400),
    ],
)
def test_bad_users_are_refused(admin: Client, attributes: Any, status: int) -> None:
    answer = admin.post("identity", "/users", json={"user": attributes})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_list_filters(admin: Client) -> None:
    domain = make_domain(admin, "d")
    make_user(admin, "eve", domain_id=domain["id"], enabled=False)
    listed = admin.get("identity", f"/users?domain_id={domain['id']}").json()["users"]
    assert [u["name"] for u in listed] == ["eve"]
    listed = admin.get("identity", "/users?enabled=False").json()["users"]
    assert [u["name"] for u in listed] == ["eve"]
    query = "/users?password_expires_at=lt:2030-01-01T00:00:00Z"
    assert admin.get("identity", query).json()["users"] == []
    assert admin.get("identity", "/users?password_expires_at=oops").status_code == 400


def test_an_id_in_the_body_cannot_change_it(admin: Client) -> None:
    user = make_user(admin, "u")
    answer = admin.patch("identity", f"/users/{user['id']}", json={"user": {"id": "other"}})
    assert answer.status_code == 400


# -- passwords -------------------------------------------------------------------------------------


@pytest.fixture
def strict(tmp_path: Path) -> Any:
    """A cloud with the compliance settings of the documented test profile and more."""
    found = TestCloud(
        tmp_path / "strict",
        identity={
            "lockout_failure_attempts": 2,
            "lockout_duration": 5,
            "unique_last_password_count": 2,
            "password_regex": r"^.{8,}$",
            "password_regex_description": "eight characters at least",
            "password_expires_days": 90,
        },
    )
    found.env.clock = SimulatedClock(found.env.clock.now())
    yield found
    found.close()


def change(cloud: TestCloud, user_id: str, old: str, new: str) -> int:
    body = {"user": {"original_password": old, "password": new}}
    answer = cloud.anonymous().post("identity", f"/users/{user_id}/password", json=body)
    return int(answer.status_code)


def test_an_account_is_locked_after_wrong_passwords_and_opens_again(strict: TestCloud) -> None:
    make_user(strict.client("admin"), "u")
    assert [log_in(strict, by_password("u", "wrong")).status_code for _ in range(2)] == [401, 401]
    assert log_in(strict, by_password("u", PASSWORD)).status_code == 401
    strict.env.clock.advance(6)  # type: ignore[attr-defined]
    assert log_in(strict, by_password("u", PASSWORD)).status_code == 201
    assert log_in(strict, by_password("u", "wrong")).status_code == 401
    assert log_in(strict, by_password("u", PASSWORD)).status_code == 201


def test_an_exempt_account_is_never_locked(strict: TestCloud) -> None:
    options = {"ignore_lockout_failure_attempts": True}
    make_user(strict.client("admin"), "u", options=options)
    for _ in range(3):
        log_in(strict, by_password("u", "wrong"))
    assert log_in(strict, by_password("u", PASSWORD)).status_code == 201


def test_the_latest_passwords_cannot_be_had_again(strict: TestCloud) -> None:
    user = make_user(strict.client("admin"), "u")
    assert change(strict, user["id"], PASSWORD, PASSWORD) == 400
    assert change(strict, user["id"], PASSWORD, "second-password") == 204
    assert change(strict, user["id"], "second-password", PASSWORD) == 400
    assert change(strict, user["id"], "second-password", "third-password") == 204
    assert change(strict, user["id"], "third-password", PASSWORD) == 204


def test_a_new_password_must_match_the_expression(strict: TestCloud) -> None:
    admin = strict.client("admin")
    body = {"user": {"name": "u", "password": "short"}}
    answer = admin.post("identity", "/users", json=body)
    assert answer.status_code == 400
    assert "eight characters" in answer.json()["error"]["message"]
    user = make_user(admin, "u")
    assert change(strict, user["id"], PASSWORD, "short") == 400


def test_an_expired_password_can_only_be_changed(strict: TestCloud) -> None:
    user = make_user(strict.client("admin"), "u")
    assert user["password_expires_at"].endswith("Z")
    strict.env.clock.advance(91 * 86400)  # type: ignore[attr-defined]
    answer = log_in(strict, by_password("u", PASSWORD))
    assert answer.status_code == 401
    assert user["id"] in answer.json()["error"]["message"]
    assert change(strict, user["id"], PASSWORD, "second-password") == 204
    strict.env.clock.advance(1)  # type: ignore[attr-defined]
    assert log_in(strict, by_password("u", "second-password")).status_code == 201


def test_the_old_password_is_the_authorisation(cloud: TestCloud, admin: Client) -> None:
    user = make_user(admin, "u")
    assert change(cloud, user["id"], "wrong", "another-password") == 401
    assert change(cloud, "0" * 32, "wrong", "another-password") == 401
    admin.patch("identity", f"/users/{user['id']}", json={"user": {"enabled": False}})
    assert change(cloud, user["id"], PASSWORD, "another-password") == 401


def test_a_user_with_a_locked_password_cannot_change_it(cloud: TestCloud, admin: Client) -> None:
    user = make_user(admin, "u", options={"lock_password": True})
    assert change(cloud, user["id"], PASSWORD, "another-password") == 400


# -- groups ----------------------------------------------------------------------------------------


def test_groups_and_their_members(admin: Client) -> None:
    group, user = make_group(admin, "g", description="d"), make_user(admin, "u")
    path = f"/groups/{group['id']}/users/{user['id']}"
    assert admin.head("identity", path).status_code == 404
    assert admin.put("identity", path).status_code == 204
    assert admin.put("identity", path).status_code == 204
    assert admin.head("identity", path).status_code == 204
    members = admin.get("identity", f"/groups/{group['id']}/users").json()["users"]
    assert [u["id"] for u in members] == [user["id"]]
    groups = admin.get("identity", f"/users/{user['id']}/groups").json()["groups"]
    assert [g["id"] for g in groups] == [group["id"]]
    assert admin.delete("identity", path).status_code == 204
    assert admin.delete("identity", path).status_code == 404
    body = {"group": {"name": "h"}}
    changed = admin.patch("identity", f"/groups/{group['id']}", json=body).json()["group"]
    assert (changed["name"], changed["description"]) == ("h", "d")
    assert admin.delete("identity", f"/groups/{group['id']}").status_code == 204
    assert admin.get("identity", f"/groups/{group['id']}").status_code == 404
    missing = f"/groups/{group['id']}/users/{user['id']}"
    assert admin.put("identity", missing).status_code == 404


def test_one_old_password_is_changed_once(cloud: TestCloud, admin: Client) -> None:
    path = f"/users/{make_user(admin, 'u')['id']}/password"

    def change(number: int) -> int:
        body = {"user": {"original_password": PASSWORD, "password": f"new-password-{number}"}}
        status: int = cloud.anonymous().post("identity", path, json=body).status_code
        return status

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(change, range(8)))
    assert sorted(found) == [204] + [401] * 7
    new = f"new-password-{found.index(204)}"
    assert log_in(cloud, by_password("u", new)).status_code == 201
