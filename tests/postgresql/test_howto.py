"""docs/howto/postgresql.md, step by step: an existing cloud, a second server, the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import yaml

from tests.installation import READY_SECONDS, Installation, free_offset

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "postgresql.md"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Installation]:
    """A cloud that has worked on SQLite."""
    found = Installation(tmp_path / "first", free_offset())
    found.up()
    yield found
    found.run("destroy", "--yes")


def token(cloud: Installation, port: int) -> str:
    user = {"name": "demo", "password": cloud.password("demo"), "domain": {"id": "default"}}
    scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    answer = httpx.post(
        f"http://127.0.0.1:{port}/identity/v3/auth/tokens",
        json={"auth": {**body["auth"], "scope": scope}},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["x-subject-token"]


def networks(token: str, port: int) -> int:
    address = f"http://127.0.0.1:{port}/networking/v2.0/networks"
    return httpx.get(address, headers={"X-Auth-Token": token}, timeout=30).status_code


def point_to(cloud: Installation, url: str) -> None:
    """What the page says: the URL in the configuration, the password among the secrets."""
    assert "database_password" in PAGE.read_text()
    parts = urlsplit(url)
    extra = cloud.layout.config.parent / "conf.d" / "database.yaml"
    extra.parent.mkdir(exist_ok=True)
    plain = url.replace(f":{parts.password}@", "@") if parts.password else url
    extra.write_text(yaml.safe_dump({"database": {"url": plain}}))
    secrets = json.loads(cloud.layout.secrets.read_text())
    cloud.layout.secrets.write_text(
        json.dumps({**secrets, "database_password": parts.password or ""})
    )


def tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchone()
    assert row is not None
    return int(row[0])


class Second:
    """A second server on the same machine, with a configuration of its own."""

    def __init__(self, first: Installation, place: Path) -> None:
        self.offset = free_offset()
        self.port = 8700 + self.offset
        state, run = place / "state", place / "run"
        state.mkdir(parents=True)
        (state / "secrets.json").write_text(first.layout.secrets.read_text())
        settings = yaml.safe_load(
            (first.layout.config.parent / "conf.d" / "database.yaml").read_text()
        )
        settings["cloud"] = {"state_dir": str(state), "run_dir": str(run)}
        settings["api"] = {"port": self.port, "port_offset": self.offset}
        settings["image"] = {"store_dir": str(first.state_dir / "images")}
        config = place / "2.yaml"
        config.write_text(yaml.safe_dump(settings))
        self.output = place / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stratolith", "server", "--config", str(config)],
                env={**os.environ, "STRATOLITH_CLOUD_STATE_DIR": str(state)},
                stdout=output,
                stderr=output,
            )

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def test_an_existing_cloud_moves_and_a_second_server_joins(
    cloud: Installation, url: str, tmp_path: Path
) -> None:
    old_token = token(cloud, 8700 + cloud.offset)
    point_to(cloud, url)
    cloud.up()
    assert tables(url) > 50
    first_port = 8700 + cloud.offset
    second = Second(cloud, tmp_path / "second")
    try:
        second.wait_ready()
        of_first, of_second = token(cloud, first_port), token(cloud, second.port)
        for one in (of_first, of_second):
            assert [networks(one, port) for port in (first_port, second.port)] == [200, 200]
        assert networks(old_token, first_port) == 401, "users of the old database are gone"
    finally:
        second.end()


def test_the_end_says_what_stays_and_a_new_cloud_there_is_told(
    cloud: Installation, url: str, tmp_path: Path
) -> None:
    point_to(cloud, url)
    cloud.up()
    secrets = cloud.layout.secrets.read_text()
    said = cloud.run("destroy", "--yes").stderr
    assert "keeps its tables" in said
    assert "password" in said
    assert tables(url) > 50

    stranger = Installation(tmp_path / "stranger", free_offset())
    stranger.environment["STRATOLITH_DATABASE_URL"] = url
    refused = stranger.up(expect=1).stderr
    assert "already holds a cloud" in refused
    assert "secrets.json" in refused
    assert not stranger.state_dir.exists()

    stranger.state_dir.mkdir()
    stranger.layout.secrets.write_text(secrets)
    stranger.layout.secrets.chmod(0o600)
    stranger.up()
    assert "tables removed" in stranger.run("destroy", "--yes", "--database").stderr
    assert tables(url) == 0
    stranger.up()
    stranger.run("destroy", "--yes", "--database")


def test_tables_of_others_stay(cloud: Installation, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE payroll (id int)")
    point_to(cloud, url)
    cloud.up()
    cloud.run("destroy", "--yes", "--database")
    assert tables(url) == 1


def test_a_cloud_without_postgresql_has_no_tables_to_remove(cloud: Installation) -> None:
    assert "no PostgreSQL" in cloud.run("destroy", "--yes", "--database", expect=1).stderr
    assert cloud.pids()
    cloud.run("destroy", "--yes")
