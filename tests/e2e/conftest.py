"""Fixtures of the end-to-end tests: one real cloud with real guests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.guests import User, host_state
from tests.installation import Installation, free_offset


def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """`stratolith up` with the real drivers; `destroy` must leave the host as it was."""
    before = host_state()
    found = Installation(tmp_path_factory.mktemp("real"), free_offset())
    found.up_real()
    found.wait_host()
    yield found
    found.run("destroy", "--yes")
    after = host_state()
    for kind, was in before.items():
        assert after[kind] == was, (kind, set(was) ^ set(after[kind]))


@pytest.fixture(scope="package")
def real_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    yield from installed(tmp_path_factory)


@pytest.fixture
def demo(real_cloud: Installation) -> User:
    return User(real_cloud, "demo")


@pytest.fixture
def admin(real_cloud: Installation) -> User:
    return User(real_cloud, "admin")
