"""Keys in the database: rotated by any server, known to all, useless without the secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from stratolith import services
from stratolith.identity.managers.token_keys.keys import KeyRing
from stratolith.identity.managers.token_keys.shared_keys import SharedKeys, WrongSecret
from stratolith.identity.models import KeyRingRow
from stratolith.kernel.db import Base, Database


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    services.load()
    found = Database(url)
    Base.metadata.create_all(found.engine, tables=[Base.metadata.tables["identity_key_rings"]])
    yield found
    found.dispose()


def ring(db: Database, folder: Path) -> KeyRing:
    found = KeyRing(folder, SharedKeys(db, "fernet", "a secret"))
    found.CHECK_SECONDS = 0.0
    return found


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.name.isdigit()}


def test_servers_rotate_in_turn_and_open_each_others_tokens(db: Database, tmp_path: Path) -> None:
    rings = [ring(db, tmp_path / name) for name in "abc"]
    tokens = []
    for number in range(6):
        signer = rings[number % 3]
        tokens.append(signer.encrypt(b"token", 0))
        assert all(one.decrypt(tokens[-1]) == b"token" for one in rings)
        rings[(number + 1) % 3].rotate(keep=4)
    for one in rings:
        one.refresh()
        assert one.decrypt(tokens[-1]) == b"token"
        assert one.decrypt(tokens[0]) is None
        assert texts(one.folder) == texts(rings[0].folder)
        assert one.numbers() == [0, 5, 6, 7]


def test_a_new_server_takes_the_keys_that_are_there(db: Database, tmp_path: Path) -> None:
    token = ring(db, tmp_path / "a").encrypt(b"token", 0)
    stale = tmp_path / "b"
    KeyRing(stale).ensure()  # keys of another life
    assert ring(db, stale).decrypt(token) == b"token"
    assert texts(stale) == texts(tmp_path / "a")


def test_the_age_is_that_of_the_keys_not_of_the_copy(db: Database, tmp_path: Path) -> None:
    first, second = ring(db, tmp_path / "a"), ring(db, tmp_path / "b")
    first.ensure()
    second.ensure()
    moments = [(one.folder / "0").stat().st_mtime for one in (first, second)]
    assert moments[0] == pytest.approx(moments[1], abs=1e-5)


def test_without_the_secret_the_database_gives_no_key(db: Database, tmp_path: Path) -> None:
    ring(db, tmp_path / "a").ensure()
    with db.read() as session:
        sealed = session.scalars(select(KeyRingRow.sealed)).one()
    assert not any(text in sealed for text in texts(tmp_path / "a").values())
    with pytest.raises(WrongSecret, match=r"secrets\.json"):
        KeyRing(tmp_path / "b", SharedKeys(db, "fernet", "another")).ensure()
