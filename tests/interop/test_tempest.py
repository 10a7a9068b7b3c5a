"""The regression net: every Tempest test that ever passed passes again.

CI runs the fast part (tempest-fast.txt); the whole list runs with STRATOLITH_TEMPEST=all.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.installation import Installation

from . import tempest

PASSING = Path(__file__).with_name("tempest-pass.txt")


def wanted() -> list[str]:
    names = [line.strip() for line in PASSING.read_text().splitlines()]
    names = [name for name in names if name and not name.startswith("#")]
    if os.environ.get("STRATOLITH_TEMPEST") == "all":
        return names
    smoke = Path(__file__).with_name("tempest-fast.txt").read_text().split()
    return [name for name in names if name in set(smoke)]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_what_passed_passes(fake_cloud: Installation, tmp_path: Path) -> None:
    names = wanted()
    assert names
    cloud = tempest.Cloud(fake_cloud.auth_url, fake_cloud.password("admin"))
    outcome = tempest.run(cloud, names, tmp_path)
    lost = {name: result for name, result in outcome.items() if result != "passed"}
    if lost:
        print((tmp_path / "output.txt").read_text()[-20000:])
    assert not lost
