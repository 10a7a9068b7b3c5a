"""Fixtures of all tests: a whole cloud in process, and clients of it."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import installation
from tests.testcloud import Client, TestCloud, databases

# A push is judged by the same examples each time; run without CI set to look for new ones.
# How long an example takes says more about the machine than about the code.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", _PATIENT, derandomize=True)
settings.register_profile("patient", _PATIENT)
settings.load_profile("ci" if os.environ.get("CI") else "patient")


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


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Long data as its argument's name: packed data holds the time it was packed at, and processes
    that share out tests must collect the same ones.
    """
    return argname if isinstance(val, bytes) and len(val) > 16 else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the clouds of the test run wrote to their logs."""
    report = yield
    if report.failed:
        report.sections += [(path, text) for path, text in installation.logs().items() if text]
    return report


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
