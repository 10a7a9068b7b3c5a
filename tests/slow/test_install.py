"""The wheel and the sdist, installed by pip from the package registry as a user does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import packages
from tests.installation import Installation, free_offset
from tests.packages import CleanEnvironment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return packages.build_ours(tmp_path_factory.mktemp("built"))


@pytest.fixture(params=["sdist", "wheel"])
def cloud(
    request: pytest.FixtureRequest, built: tuple[Path, Path], tmp_path: Path
) -> Iterator[Installation]:
    clean = CleanEnvironment(tmp_path / "venv")
    clean.install(str(built[0 if request.param == "sdist" else 1]))
    program = str(clean.place / "bin" / "stratolith")
    found = Installation(tmp_path, free_offset(), [program])
    yield found
    if found.layout.exists():
        found.run("destroy", "--yes")


def test_the_newest_libraries_it_allows_make_a_cloud_that_works(cloud: Installation) -> None:
    python = Path(cloud.program[0]).with_name("python")
    listed = subprocess.run(
        [python, "-c", "import stratolith; print(stratolith.__file__)"],
        capture_output=True, text=True, cwd="/", env=packages.environment(), check=True,
    )  # fmt: skip
    assert listed.stdout.startswith(str(python.parents[1]))
    cloud.up()
    assert "The cloud works" in cloud.run("verify").stderr
