"""Fixtures of all tests: a whole cloud in process, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.kernel.testing import Client, TestCloud


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[TestCloud]:
    """A fresh cloud with the premade objects; no host runs until start_hosts()."""
    found = TestCloud(tmp_path / "cloud")
    yield found
    found.close()


@pytest.fixture
def admin(cloud: TestCloud) -> Client:
    return cloud.client("admin")


@pytest.fixture
def demo(cloud: TestCloud) -> Client:
    return cloud.client("demo")
