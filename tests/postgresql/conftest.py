"""Fixtures: one PostgreSQL server for the session, and pairs of Stratolith servers on it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.postgresql.servers import Server
from tests.testcloud.postgresql import Cluster

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with Cluster() as found:
        yield found


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    """A new, empty database."""
    name = f"test_{next(_NUMBERS)}"
    yield cluster.create(name)
    cluster.drop(name)


@pytest.fixture(scope="module")
def pair(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Two servers started at once on an empty database; the first one simulates a host."""
    name = f"pair_{next(_NUMBERS)}"
    place = Path(tmp_path_factory.mktemp("pair"))
    address = cluster.create(name)
    found = [Server(place / letter, address, fake=letter == "a") for letter in "ab"]
    try:
        for server in found:
            server.start()
        for server in found:
            server.wait_ready()
        yield found
    finally:
        for server in found:
            server.end()
            server.http.close()
        cluster.drop(name)
