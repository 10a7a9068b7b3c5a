"""One setting switches the database of a cloud that `up` makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.installation import Installation, free_offset
from tests.postgresql.servers import Server


@pytest.fixture
def installation(tmp_path: Path, url: str) -> Iterator[Installation]:
    found = Installation(tmp_path, free_offset())
    found.environment["STRATOLITH_DATABASE_URL"] = url
    yield found
    found.run("destroy", "--yes")


def test_a_cloud_in_postgresql(installation: Installation, url: str) -> None:
    installation.up()
    installation.wait_host()
    assert not list(installation.state_dir.rglob("*.db"))
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM kernel_cloud").fetchone()
    assert row == (1,)


def test_a_server_with_other_secrets_is_told_what_to_do(tmp_path: Path, url: str) -> None:
    first = Server(tmp_path / "first", url, fake=False)
    second = Server(tmp_path / "second", url, fake=False)
    secrets = json.loads((second.place / "secrets.json").read_text())
    (second.place / "secrets.json").write_text(json.dumps({**secrets, "database_key": "other"}))
    try:
        first.start()
        first.wait_ready()
        second.start()
        assert second.wait_end() == 1
        said = (second.place / "output").read_text()
        assert "copy the file from a server that works" in said
        assert "Traceback" not in said
    finally:
        first.end()
        second.end()


def test_a_server_without_its_database_says_where_it_should_be(tmp_path: Path) -> None:
    nowhere = "postgresql://stratolith:hidden@127.0.0.1:1/cloud?connect_timeout=1"
    server = Server(tmp_path / "s", nowhere, fake=False)
    server.environment["STRATOLITH_DATABASE_WAIT_SECONDS"] = "0"
    try:
        server.start()
        assert server.wait_end() == 1
        said = (server.place / "output").read_text()
        assert "127.0.0.1:1/cloud" in said and "does not answer" in said
        assert "hidden" not in said
        assert "Traceback" not in said
    finally:
        server.end()
