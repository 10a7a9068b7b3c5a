"""What the clients' own functional tests ever passed, they pass again.

The quick part (clients-fast.txt) runs here; tests/slow runs the whole list.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.installation import Installation

from . import clients


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_quick_part_of_what_passed_passes(fake_cloud: Installation, tmp_path: Path) -> None:
    assert clients.lost(fake_cloud, clients.listed("clients-fast.txt"), tmp_path) == {}


def test_the_quick_part_is_of_what_passed() -> None:
    assert set(clients.listed("clients-fast.txt")) <= set(clients.listed("clients-pass.txt"))
