"""An agent process needs nothing of the server's files: its machine got all when it joined."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.kernel.environment import Environment
from stratolith.kernel.hosts import records
from stratolith.kernel.hosts.records import HostRecord
from tests.api.kernel.joining import Served, free_port, served
from tests.installation import clean_environment
from tests.testcloud import TestCloud


@pytest.fixture
def door(cloud: TestCloud, tmp_path: Path) -> Iterator[Served]:
    with served(cloud.env, tmp_path) as found:
        yield found


def host(door: Served) -> HostRecord | None:
    with door.env.db.read() as session:
        found = records.named(session, "host-a")
        session.expunge_all()
    return found


def test_an_agent_works_with_an_empty_state_directory(door: Served, tmp_path: Path) -> None:
    folder = tmp_path / "second-machine"
    door.join(folder, "host-a")
    assert [path.name for path in folder.iterdir()] == ["host"]
    settings = {
        "STRATOLITH_CLOUD_FAKE": "true",
        "STRATOLITH_CLOUD_RUN_DIR": str(folder / "run"),
        "STRATOLITH_HOSTS_SERVER": door.address,
        "STRATOLITH_API_PORT": str(free_port() - 1),
    }
    command = [sys.executable, "-m", "stratolith", "agent", "--state-dir", str(folder)]
    agent = subprocess.Popen(command, env=clean_environment() | settings)
    try:
        end = time.monotonic() + 30
        while (found := host(door)) is None or found.state != records.ACTIVE:
            assert agent.poll() is None and time.monotonic() < end
            time.sleep(0.1)
        boss = door.env
        while not known(boss):
            assert agent.poll() is None and time.monotonic() < end
            time.sleep(0.1)
    finally:
        agent.terminate()
        assert agent.wait(20) == 0
    assert found.drivers == {"guests": "fake", "network": "fake"}
    assert found.tunnel_address == "127.0.0.1"  # by which it reaches the server
    made = {path.name for path in folder.iterdir()}
    assert not made & {"secrets.json", "seed.json", "stratolith.db", "keys", "authority.pem"}


def known(env: Environment) -> bool:
    """Whether compute knows the host, with what it measured."""
    from sqlalchemy import text

    with env.db.read() as session:
        found = session.execute(text("SELECT host FROM compute_hosts")).scalars().all()
    return "host-a" in found
