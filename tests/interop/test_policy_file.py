"""policy.yaml of a running cloud: changed, broken, taken away, without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from tests.installation import Installation

RULE = "identity:list_users"


def token(cloud: Installation) -> str:
    user = {"name": "demo", "domain": {"id": "default"}, "password": cloud.password("demo")}
    scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": scope}}
    answer = httpx.post(f"{cloud.auth_url}/auth/tokens", json=body)
    return answer.headers["x-subject-token"]


def becomes_true(check: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30  # two seconds, on a machine with time for us
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def test_rules_of_a_running_cloud(fake_cloud: Installation) -> None:
    file = fake_cloud.state_dir / "policy.yaml"
    headers = {"X-Auth-Token": token(fake_cloud)}

    def status() -> int:
        return httpx.get(f"{fake_cloud.auth_url}/users", headers=headers).status_code

    assert status() == 403
    try:
        file.write_text(f"'{RULE}': role:member\n")
        assert becomes_true(lambda: status() == 200)
        assert fake_cloud.run("policy", "check", "demo", RULE).stdout.startswith("allowed")
        file.write_text(f"'{RULE}': 'role:member or'\n")
        shown = fake_cloud.run("status").stdout
        assert "not in use" in shown and RULE in shown
        refused = fake_cloud.run("policy", "check", "demo", RULE, expect=1)
        assert RULE in refused.stderr
        time.sleep(2)
        assert status() == 200
        file.unlink()
        assert becomes_true(lambda: status() == 403)
    finally:
        file.unlink(missing_ok=True)
