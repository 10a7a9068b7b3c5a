"""One-time passcodes, rules of several factors, and receipts between them."""

from __future__ import annotations

import base64
from typing import Any

import httpx2 as httpx
import pytest

from stratolith.identity.managers.login import passwords, totp
from stratolith.kernel.clock import SimulatedClock
from stratolith.kernel.db import Database
from tests.api.identity.people import PASSWORD, grant, make_project, make_user
from tests.testcloud import Client, TestCloud

SECRET = base64.b32encode(b"12345678901234567890").decode()
RECEIPT = "Openstack-Auth-Receipt"


@pytest.fixture
def clock(cloud: TestCloud) -> SimulatedClock:
    found = SimulatedClock(cloud.env.clock.now())
    cloud.env.clock = found
    return found


@pytest.fixture
def alice(admin: Client, clock: SimulatedClock) -> dict[str, Any]:
    """A user with a password, a one-time secret and a rule that asks for both."""
    rules = [["password", "totp"]]
    options = {"multi_factor_auth_rules": rules, "multi_factor_auth_enabled": True}
    user, project = make_user(admin, "alice", options=options), make_project(admin, "alices")
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "member")
    body = {"credential": {"user_id": user["id"], "type": "totp", "blob": SECRET}}
    assert admin.post("identity", "/credentials", json=body).status_code == 201
    return user


def identity(cloud: TestCloud, *methods: str, password: str = PASSWORD) -> dict[str, Any]:
    who = {"name": "alice", "domain": {"id": "default"}}
    code = totp.passcode(SECRET, cloud.env.clock.now().timestamp())
    every = {
        "password": {"user": {**who, "password": password}},
        "totp": {"user": {**who, "passcode": code}},
    }
    return {"methods": list(methods), **{name: every[name] for name in methods}}


def log_in(cloud: TestCloud, who: dict[str, Any], **headers: str) -> httpx.Response:
    scope = {"project": {"name": "alices", "domain": {"id": "default"}}}
    body = {"auth": {"identity": who, "scope": scope}}
    answer: httpx.Response = cloud.http.post("/identity/v3/auth/tokens", json=body, headers=headers)
    return answer


def test_both_factors_at_once_give_a_token(cloud: TestCloud, alice: dict[str, Any]) -> None:
    answer = log_in(cloud, identity(cloud, "password", "totp"))
    assert answer.status_code == 201, answer.text
    assert answer.json()["token"]["methods"] == ["password", "totp"]


def test_one_factor_gives_a_receipt_and_the_other_a_token(
    cloud: TestCloud, alice: dict[str, Any]
) -> None:
    answer = log_in(cloud, identity(cloud, "password"))
    assert answer.status_code == 401
    assert "x-subject-token" not in answer.headers
    found = answer.json()
    assert found["required_auth_methods"] == [["password", "totp"]]
    assert found["receipt"]["methods"] == ["password"]
    assert found["receipt"]["user"]["id"] == alice["id"]
    receipt = answer.headers[RECEIPT]
    second = log_in(cloud, identity(cloud, "totp"), **{RECEIPT: receipt})
    assert second.status_code == 201
    assert second.json()["token"]["methods"] == ["password", "totp"]


def test_a_token_of_all_factors_is_exchanged_for_another(
    cloud: TestCloud, alice: dict[str, Any]
) -> None:
    token = log_in(cloud, identity(cloud, "password", "totp")).headers["x-subject-token"]
    again = log_in(cloud, {"methods": ["token"], "token": {"id": token}})
    assert again.status_code == 201


def test_a_receipt_is_no_token_and_a_token_no_receipt(
    cloud: TestCloud, demo: Client, alice: dict[str, Any]
) -> None:
    receipt = log_in(cloud, identity(cloud, "password")).headers[RECEIPT]
    assert Client(cloud, receipt).get("identity", "/auth/catalog").status_code == 401
    exchanged = log_in(cloud, {"methods": ["token"], "token": {"id": receipt}})
    assert exchanged.status_code == 404
    token = log_in(cloud, identity(cloud, "password", "totp")).headers["x-subject-token"]
    for wrong in (token, demo.token, "junk", "gAAAA" * 20):
        answer = log_in(cloud, identity(cloud, "totp"), **{RECEIPT: wrong})
        assert answer.status_code == 401


def test_a_receipt_of_somebody_else_does_not_help(
    cloud: TestCloud, admin: Client, alice: dict[str, Any]
) -> None:
    options = {"multi_factor_auth_rules": [["password", "totp"]]}
    make_user(admin, "mallory", options=options)
    who = {"name": "mallory", "domain": {"id": "default"}, "password": PASSWORD}
    own = log_in(cloud, {"methods": ["password"], "password": {"user": who}})
    assert own.status_code == 401
    answer = log_in(cloud, identity(cloud, "totp"), **{RECEIPT: own.headers[RECEIPT]})
    assert answer.status_code == 401
    assert "x-subject-token" not in answer.headers


def test_a_receipt_ends_by_time_and_by_a_new_password(
    cloud: TestCloud, admin: Client, clock: SimulatedClock, alice: dict[str, Any]
) -> None:
    receipt = log_in(cloud, identity(cloud, "password")).headers[RECEIPT]
    clock.advance(301)
    assert log_in(cloud, identity(cloud, "totp"), **{RECEIPT: receipt}).status_code == 401
    receipt = log_in(cloud, identity(cloud, "password")).headers[RECEIPT]
    clock.advance(1)
    path = f"/users/{alice['id']}"
    token = cloud.client("admin", "demo").token
    changed = Client(cloud, token).patch(
        "identity", path, json={"user": {"password": "another-password"}}
    )
    assert changed.status_code == 200
    assert log_in(cloud, identity(cloud, "totp"), **{RECEIPT: receipt}).status_code == 401


def test_a_passcode_is_right_now_and_one_window_later(
    cloud: TestCloud, clock: SimulatedClock, alice: dict[str, Any]
) -> None:
    both = identity(cloud, "password", "totp")
    clock.advance(30)
    assert log_in(cloud, both).status_code == 201
    clock.advance(30)
    assert log_in(cloud, both).status_code == 401


def test_a_passcode_is_accepted_once(
    cloud: TestCloud, clock: SimulatedClock, alice: dict[str, Any]
) -> None:
    """RFC 6238, 5.2; nor is one of a window before the one that was used."""
    earlier = identity(cloud, "password", "totp")
    clock.advance(30)
    now = identity(cloud, "password", "totp")
    assert log_in(cloud, now).status_code == 201
    assert log_in(cloud, now).status_code == 401
    assert log_in(cloud, earlier).status_code == 401
    clock.advance(30)
    assert log_in(cloud, identity(cloud, "password", "totp")).status_code == 201


@pytest.mark.parametrize(("windows", "late", "status"), [(0, 30, 401), (0, 0, 201), (3, 90, 201)])
def test_the_number_of_windows_is_a_setting(
    tmp_path: Any, windows: int, late: int, status: int
) -> None:
    cloud = TestCloud(tmp_path / "c", identity={"totp_previous_windows": windows})
    try:
        clock = SimulatedClock(cloud.env.clock.now())
        cloud.env.clock = clock
        admin = cloud.client("admin")
        user = make_user(admin, "alice")
        body = {"credential": {"user_id": user["id"], "type": "totp", "blob": SECRET}}
        admin.post("identity", "/credentials", json=body)
        auth = {"identity": identity(cloud, "totp"), "scope": "unscoped"}
        clock.advance(late)
        answer = cloud.http.post("/identity/v3/auth/tokens", json={"auth": auth})
        assert answer.status_code == status
    finally:
        cloud.close()


def test_rules_that_are_off_or_of_unknown_methods_do_not_lock_out(
    cloud: TestCloud, admin: Client, alice: dict[str, Any]
) -> None:
    path = f"/users/{alice['id']}"
    for options in (
        {"multi_factor_auth_enabled": False},
        {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["retina"]]},
    ):
        admin.patch("identity", path, json={"user": {"options": options}})
        assert log_in(cloud, identity(cloud, "password")).status_code == 201


def test_wrong_passcodes_lock_like_wrong_passwords(tmp_path: Any) -> None:
    cloud = TestCloud(tmp_path / "c", identity={"lockout_failure_attempts": 3})
    try:
        admin = cloud.client("admin")
        user = make_user(admin, "alice")
        body = {"credential": {"user_id": user["id"], "type": "totp", "blob": SECRET}}
        admin.post("identity", "/credentials", json=body)
        wrong = identity(cloud, "totp")
        wrong["totp"]["user"]["passcode"] = "nothing"
        for _ in range(3):
            assert log_in(cloud, wrong).status_code == 401
        unscoped = {"auth": {"identity": identity(cloud, "totp"), "scope": "unscoped"}}
        assert cloud.http.post("/identity/v3/auth/tokens", json=unscoped).status_code == 401
        admin.patch("identity", f"/users/{user['id']}", json={"user": {"enabled": True}})
        assert cloud.http.post("/identity/v3/auth/tokens", json=unscoped).status_code == 201
    finally:
        cloud.close()


@pytest.fixture
def locking(tmp_path: Any) -> Any:
    """A cloud that locks after three wrong tries; alice needs password and passcode."""
    cloud = TestCloud(tmp_path / "locking", identity={"lockout_failure_attempts": 3})
    cloud.env.clock = SimulatedClock(cloud.env.clock.now())
    admin = cloud.client("admin")
    options = {"multi_factor_auth_rules": [["password", "totp"]]}
    user, project = make_user(admin, "alice", options=options), make_project(admin, "alices")
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "member")
    body = {"credential": {"user_id": user["id"], "type": "totp", "blob": SECRET}}
    admin.post("identity", "/credentials", json=body)
    yield cloud, user["id"]
    cloud.close()


def with_wrong_passcode(cloud: TestCloud, *methods: str) -> dict[str, Any]:
    who = identity(cloud, *methods)
    who["totp"]["user"]["passcode"] = "nothing"
    return who


@pytest.mark.parametrize("way", ["together", "after the receipt", "between good passwords"])
def test_a_right_password_forgives_no_wrong_passcodes(locking: Any, way: str) -> None:
    cloud, _ = locking
    for number in range(3):
        headers = {}
        if way == "after the receipt":
            first = log_in(cloud, identity(cloud, "password"))
            headers[RECEIPT] = first.headers[RECEIPT]
            wrong = with_wrong_passcode(cloud, "totp")
        else:
            wrong = with_wrong_passcode(cloud, "password", "totp")
        assert log_in(cloud, wrong, **headers).status_code == 401
        if way == "between good passwords" and number < 2:
            assert RECEIPT in log_in(cloud, identity(cloud, "password")).headers
    cloud.env.clock.advance(60)
    assert log_in(cloud, identity(cloud, "password", "totp")).status_code == 401
    assert RECEIPT not in log_in(cloud, identity(cloud, "password")).headers  # locked as a whole


def test_changing_the_password_forgives_no_wrong_passcodes(locking: Any) -> None:
    cloud, user_id = locking
    old = PASSWORD
    for number in range(3):
        wrong = with_wrong_passcode(cloud, "totp")
        assert log_in(cloud, wrong).status_code == 401
        new = f"another-password-{number}"
        body = {"user": {"original_password": old, "password": new}}
        path = f"/users/{user_id}/password"
        status = cloud.anonymous().post("identity", path, json=body).status_code
        assert status == (204 if number < 2 else 401)
        old = new


def test_all_factors_right_forgive(locking: Any) -> None:
    cloud, _ = locking
    for _ in range(2):
        for _ in range(2):
            wrong = with_wrong_passcode(cloud, "password", "totp")
            assert log_in(cloud, wrong).status_code == 401
        cloud.env.clock.advance(60)
        assert log_in(cloud, identity(cloud, "password", "totp")).status_code == 201


def test_a_passcode_counts_once_though_two_credentials_give_it(
    cloud: TestCloud, admin: Client, alice: dict[str, Any]
) -> None:
    body = {"credential": {"user_id": alice["id"], "type": "totp", "blob": SECRET}}
    assert admin.post("identity", "/credentials", json=body).status_code == 201
    assert log_in(cloud, identity(cloud, "password", "totp")).status_code == 201
    assert log_in(cloud, identity(cloud, "password", "totp")).status_code == 401
    # nor by a credential that is added afterwards
    admin.post("identity", "/credentials", json=body)
    assert log_in(cloud, identity(cloud, "password", "totp")).status_code == 401


def test_a_passcode_stays_used_when_its_credential_is_made_again(
    cloud: TestCloud, admin: Client, alice: dict[str, Any], clock: SimulatedClock
) -> None:
    assert log_in(cloud, identity(cloud, "password", "totp")).status_code == 201
    for one in admin.get("identity", f"/credentials?user_id={alice['id']}").json()["credentials"]:
        assert admin.delete("identity", f"/credentials/{one['id']}").status_code == 204
    body = {"credential": {"user_id": alice["id"], "type": "totp", "blob": SECRET}}
    assert admin.post("identity", "/credentials", json=body).status_code == 201
    assert log_in(cloud, identity(cloud, "password", "totp")).status_code == 401
    clock.advance(30)
    assert log_in(cloud, identity(cloud, "password", "totp")).status_code == 201


@pytest.mark.parametrize("method", ["totp", "password"])
def test_nobody_learns_which_users_exist(locking: Any, method: str, monkeypatch: Any) -> None:
    """The same text, and the same work: hashes, passcodes and writes are counted."""
    cloud, user_id = locking
    admin = cloud.client("admin")
    make_user(admin, "without-a-secret")
    make_user(admin, "exempt", options={"ignore_lockout_failure_attempts": True})
    work: list[str] = []
    for module, name in ((totp, "passcode"), (passwords.Hasher, "verify"), (Database, "run")):
        real = getattr(module, name)

        def counted(*args: Any, real: Any = real, name: str = name, **named: Any) -> Any:
            work.append(name)
            return real(*args, **named)

        monkeypatch.setattr(module, name, counted)
    seen = []
    for who in (
        {"name": "alice", "domain": {"id": "default"}},
        {"name": "nobody", "domain": {"id": "default"}},
        {"name": "alice", "domain": {"name": "no such domain"}},
        {"name": "without-a-secret", "domain": {"id": "default"}},
        {"name": "exempt", "domain": {"id": "default"}},
        {"id": user_id},
        {"id": "f" * 32},
        {"name": "alice", "domain": {"id": "default"}},
        {"name": "alice", "domain": {"id": "default"}},  # locked by now
    ):
        work.clear()
        wrong = {"totp": {"passcode": "000000"}, "password": {"password": "wrong"}}[method]
        auth = {"methods": [method], method: {"user": {**who, **wrong}}}
        answer = cloud.http.post("/identity/v3/auth/tokens", json={"auth": {"identity": auth}})
        seen.append((answer.status_code, answer.json()["error"], sorted(work)))
    assert all(one == seen[0] for one in seen), seen
    assert len(seen[0][2]) >= 2
