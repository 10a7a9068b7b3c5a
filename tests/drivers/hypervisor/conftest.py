"""Hosts for the driver tests; each test has its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.hypervisor.hosts import ChosenHost, FakeHost, Host, QemuHost


@pytest.fixture(
    params=["fake", "plug-in", pytest.param("qemu", marks=[pytest.mark.guest, pytest.mark.root])]
)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """One host of every kind of driver: the contract holds for all."""
    made: Host
    if request.param == "plug-in":
        request.getfixturevalue("installed")
        made = ChosenHost(tmp_path)
    else:
        made = FakeHost(tmp_path) if request.param == "fake" else QemuHost(tmp_path)
    yield made
    made.close()


@pytest.fixture
def qemu(tmp_path: Path) -> Iterator[QemuHost]:
    made = QemuHost(tmp_path)
    yield made
    made.close()
