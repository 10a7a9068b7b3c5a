"""Fixtures of the slow tests: a real cloud for each file, as a machine can have only one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.drivers.network.conftest import driver, guest, linux, sandbox
from tests.e2e.conftest import admin, demo, installed
from tests.e2e.test_recovery import server
from tests.installation import Installation

__all__ = ["admin", "demo", "driver", "guest", "linux", "sandbox", "server"]  # fixtures


@pytest.fixture(scope="module")
def real_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    yield from installed(tmp_path_factory)
