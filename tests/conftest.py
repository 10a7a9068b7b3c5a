"""Fixtures of all tests: a whole cloud in process, and clients of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from stratolith.kernel.testing import Client, TestCloud, databases

# A push is judged by the same examples each time; run without CI set to look for new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        help="the database of in-process clouds; PostgreSQL is started by the tests",
    )


def pytest_configure(config: pytest.Config) -> None:
    chosen = config.getoption("--database")
    if chosen:
        os.environ[databases.VARIABLE] = chosen  # also for the processes that xdist starts


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
