"""Everything that the clients' own functional tests ever passed, against a fresh cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.installation import Installation, free_offset
from tests.interop import clients


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_what_passed_passes(tmp_path: Path) -> None:
    found = Installation(tmp_path / "cloud", free_offset())
    found.up()
    try:
        found.wait_host()
        assert clients.lost(found, clients.listed("clients-pass.txt"), tmp_path) == {}
    finally:
        found.run("destroy", "--yes")
