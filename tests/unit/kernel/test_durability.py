"""Commits on SQLite: on the disk before anybody is told, many by one flush."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from stratolith.kernel.db import Database
from stratolith.kernel.exceptions import Unavailable


@pytest.fixture
def db(tmp_path: Path) -> Database:
    found = Database(f"sqlite:///{tmp_path}/some.db")
    with found.write() as session:
        session.execute(text("CREATE TABLE things (id INTEGER PRIMARY KEY)"))
    return found


def add(db: Database, number: int) -> None:
    with db.write() as session:
        session.execute(text("INSERT INTO things VALUES (:id)"), {"id": number})


def there(db: Database) -> set[int]:
    with db.read() as session:
        return set(session.scalars(text("SELECT id FROM things")))


def test_no_write_returns_before_a_flush_that_began_after_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: set[int] = set()
    flushes = []
    real = os.fdatasync

    def flush(descriptor: int) -> None:
        assert os.readlink(f"/proc/self/fd/{descriptor}").endswith("some.db-wal")
        before = there(db)
        real(descriptor)
        flushed.update(before)
        flushes.append(len(before))

    monkeypatch.setattr(os, "fdatasync", flush)
    missing: list[int] = []

    def work(first: int) -> None:
        for number in range(first, first + 40):
            add(db, number)
            if number not in flushed:
                missing.append(number)

    threads = [threading.Thread(target=work, args=(base * 100,)) for base in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not missing
    assert len(there(db)) == 320
    assert len(flushes) < 320  # several commits by one flush


def test_reading_flushes_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: pytest.fail("flushed"))
    assert there(db) == set()
    with pytest.raises(ZeroDivisionError), db.write() as session:
        session.execute(text("INSERT INTO things VALUES (1)"))
        raise ZeroDivisionError
    assert there(db) == set()


def test_a_disk_that_fails_is_told_and_blocks_nobody(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", broken)
        with pytest.raises(Unavailable, match="Input/output error"):
            add(db, 1)
    add(db, 2)
    assert 2 in there(db)


def test_a_new_log_is_noticed(db: Database) -> None:
    add(db, 1)
    db.engine.dispose()  # the last connection: SQLite moves the log into the database
    add(db, 2)
    db.dispose()
    assert there(Database(db.url)) == {1, 2}
