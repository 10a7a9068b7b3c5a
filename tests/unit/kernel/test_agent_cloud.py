"""A host serves one cloud only: the server of another database is refused."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import uvicorn

from stratolith.kernel.agent.client import HttpTransport, Refused, by_socket
from stratolith.kernel.agent.door import AgentDoor
from stratolith.kernel.clock import utcnow
from stratolith.kernel.http.local_socket import LocalSocket
from stratolith.kernel.http.turns import Turns
from tests.testcloud import TestCloud

HERE = socket.gethostname()


@contextmanager
def served(cloud: TestCloud, path: Path) -> Iterator[Path]:
    """The agent API of this cloud on a unix socket."""
    local = LocalSocket(path)
    listening = local.open()
    turns = Turns(2)
    door = AgentDoor(cloud.env, turns)
    server = uvicorn.Server(uvicorn.Config(door, lifespan="off", log_config=None))
    local.keep(server)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    try:
        yield path
    finally:
        server.should_exit = True
        thread.join()
        turns.shutdown(wait=True)


@pytest.fixture
def hub_id(cloud: TestCloud) -> str:
    assert cloud.env.agents is not None
    assert cloud.env.agents.cloud_id
    return cloud.env.agents.cloud_id


def test_the_first_contact_tells_a_host_where_it_belongs(
    cloud: TestCloud, hub_id: str, tmp_path: Path
) -> None:
    remembered = tmp_path / "cloud-id"
    with served(cloud, tmp_path / "agent.sock") as path:
        with closing(HttpTransport(by_socket(path), remembered)) as first:
            first.hints(HERE, "", 0, 0.0)
        assert remembered.read_text().strip() == hub_id
        with closing(HttpTransport(by_socket(path), remembered)) as again:  # as after a restart
            again.seen(HERE, "1", ["guests"], utcnow())
            assert again.view(HERE, "guests", None)


def test_the_server_of_another_database_gets_nothing_done(
    cloud: TestCloud, hub_id: str, tmp_path: Path
) -> None:
    remembered = tmp_path / "cloud-id"
    remembered.write_text("0b5f8a53-7d6f-4f6e-8f0a-2f2f0a6f3c11\n")
    with (
        served(cloud, tmp_path / "agent.sock") as path,
        closing(HttpTransport(by_socket(path), remembered)) as agent,
    ):
        for ask in (
            lambda: agent.hints(HERE, "", 0, 0.0),
            lambda: agent.seen(HERE, "1", ["guests"], utcnow()),
            lambda: agent.view(HERE, "guests", None),
            lambda: agent.report(HERE, "guests", {"unknown": ["some-guest"]}),
        ):
            with pytest.raises(Refused, match="0b5f8a53") as refused:
                ask()
            assert hub_id in str(refused.value)
    assert "0b5f8a53" in remembered.read_text()  # kept, not learned anew


def test_agents_connect_again_after_the_socket_was_removed(
    cloud: TestCloud, tmp_path: Path
) -> None:
    with served(cloud, tmp_path / "run" / "agent.sock") as path:
        for takes_away in (path.unlink, lambda: shutil.rmtree(path.parent)):
            takes_away()
            end = time.monotonic() + 20
            while not path.exists() and time.monotonic() < end:
                time.sleep(0.1)
            assert path.stat().st_mode & 0o777 == 0o600
            with closing(HttpTransport(by_socket(path), tmp_path / "cloud-id")) as agent:
                agent.hints(HERE, "", 0, 0.0)
