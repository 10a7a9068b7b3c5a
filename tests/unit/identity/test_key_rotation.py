"""Keys rotate by age, and no token outlives its key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stratolith.identity.managers import tokens
from stratolith.identity.managers.token_keys import claims
from stratolith.identity.reconcilers.key_rotation import DAY, keys_kept
from stratolith.identity.settings import IdentitySettings
from tests.testcloud import TestCloud


def grow_older(folder: Path, days: float) -> None:
    for path in folder.iterdir():
        stat = path.stat()
        os.utime(path, (stat.st_atime, stat.st_mtime - days * DAY))


def test_old_keys_rotate_and_tokens_live_on(cloud: TestCloud) -> None:
    demo, ring = cloud.client("demo"), claims.ring_of(cloud.env)
    cloud.settle()
    assert ring.numbers() == [0, 1]
    grow_older(ring.folder, 8)
    cloud.settle()
    assert ring.numbers() == [0, 1, 2]
    cloud.settle()
    assert ring.numbers() == [0, 1, 2]
    tokens.CACHE.forget(cloud.env)
    assert demo.get("identity", "/auth/catalog").status_code == 200


def test_with_two_keys_tokens_live_on_as_well(tmp_path: Path) -> None:
    cloud = TestCloud(tmp_path / "c", identity={"active_keys": 2, "rotation_days": 1})
    try:
        demo, ring = cloud.client("demo"), claims.ring_of(cloud.env)
        grow_older(ring.folder, 1.5)
        cloud.settle()
        tokens.CACHE.forget(cloud.env)
        assert max(ring.numbers()) == 2
        assert demo.get("identity", "/auth/catalog").status_code == 200
    finally:
        cloud.close()


def test_by_hand_only(tmp_path: Path) -> None:
    cloud = TestCloud(tmp_path / "c", identity={"rotation_days": 0})
    try:
        ring = claims.ring_of(cloud.env)
        grow_older(ring.folder, 900)
        cloud.settle()
        assert ring.numbers() == [0, 1]
    finally:
        cloud.close()


@pytest.mark.parametrize(
    ("active", "days", "seconds", "kept"),
    [(3, 7, 86400, 3), (2, 7, 86400, 3), (3, 1, DAY, 5), (3, 1, 3 * DAY, 7), (9, 1, 3600, 9)],
)
def test_as_many_keys_as_tokens_need(active: int, days: int, seconds: int, kept: int) -> None:
    settings = IdentitySettings(active_keys=active, rotation_days=days, token_seconds=seconds)
    assert keys_kept(settings) == kept
