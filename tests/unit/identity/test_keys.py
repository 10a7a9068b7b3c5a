"""Token keys: rotation logs nobody out, files are private, junk is refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from stratolith.identity.managers.token_keys.keys import KeyRing


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys")


def test_the_first_use_makes_two_private_keys(ring: KeyRing) -> None:
    ring.encrypt(b"x", 0)
    assert ring.numbers() == [0, 1]
    for path in ring.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_tokens_survive_rotations_as_long_as_their_key_is_kept(ring: KeyRing) -> None:
    token = ring.encrypt(b"payload", 1000)
    ring.rotate(keep=3)
    assert ring.decrypt(token) == b"payload"
    ring.rotate(keep=3)
    assert ring.numbers() == [0, 2, 3]
    assert ring.decrypt(token) is None


def test_another_process_verifies_what_a_rotated_one_signs(ring: KeyRing) -> None:
    ring.ensure()
    other = KeyRing(ring.folder)
    other.encrypt(b"x", 0)  # has read the keys before the rotation
    ring.rotate(keep=3)
    assert other.decrypt(ring.encrypt(b"after", 0)) == b"after"


@pytest.mark.parametrize("token", ["", "x", "gAAAA", "ü", "a" * 5000, "\x00"])
def test_junk_is_no_token(ring: KeyRing, token: str) -> None:
    assert ring.decrypt(token) is None


def test_a_changed_token_is_no_token(ring: KeyRing) -> None:
    token = ring.encrypt(b"payload", 1000)
    spoilt = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    assert ring.decrypt(spoilt) is None
