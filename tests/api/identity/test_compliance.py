"""Rules for accounts: inactivity, and hashes that are renewed at login."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bcrypt
import pytest
from sqlalchemy import select, update

from stratolith.identity.models import Password, User
from stratolith.kernel.clock import SimulatedClock
from tests.api.identity.people import PASSWORD, make_user
from tests.testcloud import TestCloud

DAY = 86400


def log_in(cloud: TestCloud, name: str) -> int:
    user = {"name": name, "domain": {"id": "default"}, "password": PASSWORD}
    identity = {"methods": ["password"], "password": {"user": user}}
    answer = cloud.http.post("/identity/v3/auth/tokens", json={"auth": {"identity": identity}})
    return int(answer.status_code)


@pytest.fixture
def quiet(tmp_path: Path) -> Any:
    """A cloud that disables users after ten days."""
    days = {"disable_user_account_days_inactive": 10}
    cloud = TestCloud(tmp_path / "quiet", identity=days)
    cloud.env.clock = SimulatedClock(cloud.env.clock.now())
    yield cloud
    cloud.close()


def test_users_who_stay_away_are_disabled_until_enabled_again(quiet: TestCloud) -> None:
    admin = quiet.client("admin")
    user = make_user(admin, "alice")
    make_user(admin, "robot", options={"ignore_user_inactivity": True})
    clock: Any = quiet.env.clock
    clock.advance(9 * DAY)
    assert log_in(quiet, "alice") == 201
    clock.advance(9 * DAY)
    assert log_in(quiet, "alice") == 201  # counted from the latest login
    clock.advance(10 * DAY)
    assert log_in(quiet, "alice") == 401
    assert log_in(quiet, "robot") == 201
    # no administrator logged in either: let one back in as the cloud itself would
    with quiet.env.db.write() as session:
        session.execute(update(User).where(User.name == "admin").values(last_active_at=None))
    quiet._tokens.clear()
    admin = quiet.client("admin")
    path = f"/users/{user['id']}"
    assert admin.get("identity", path).json()["user"]["enabled"] is False
    change = {"user": {"enabled": True}}
    assert admin.patch("identity", path, json=change).json()["user"]["enabled"] is True
    assert log_in(quiet, "alice") == 201


def test_a_login_is_noted_once_a_day(quiet: TestCloud) -> None:
    make_user(quiet.client("admin"), "alice")
    clock: Any = quiet.env.clock
    clock.advance(DAY)
    assert log_in(quiet, "alice") == 201
    before = quiet.env.db.commits
    assert log_in(quiet, "alice") == 201
    assert quiet.env.db.commits == before
    with quiet.env.db.read() as session:
        user = session.scalars(select(User).where(User.name == "alice")).one()
        assert user.last_active_at is not None
        assert user.last_active_at.date() == clock.now().date()


def test_a_weak_hash_is_renewed_by_a_login_and_only_by_a_right_one(cloud: TestCloud) -> None:
    user = make_user(cloud.client("admin"), "alice")
    weak = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    mine = Password.user_id == user["id"]
    with cloud.env.db.write() as session:
        session.execute(update(Password).where(mine).values(hash=weak))

    def kept() -> str:
        with cloud.env.db.read() as session:
            return session.scalars(select(Password.hash).where(mine)).one()

    wrong = {"name": "alice", "domain": {"id": "default"}, "password": "wrong"}
    identity = {"methods": ["password"], "password": {"user": wrong}}
    cloud.http.post("/identity/v3/auth/tokens", json={"auth": {"identity": identity}})
    assert kept() == weak
    assert log_in(cloud, "alice") == 201
    renewed = kept()
    assert renewed.startswith("$argon2id$")
    assert log_in(cloud, "alice") == 201
    assert kept() == renewed
