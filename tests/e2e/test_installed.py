"""The wheel and the sdist: whole, and a cloud comes up from them with no checkout around."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import stratolith
from tests import packages
from tests.installation import Installation, free_offset
from tests.packages import ROOT, CleanEnvironment

Built = tuple[Path, Path]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """(sdist, wheel)"""
    return packages.build_ours(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def clean(built: Built, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """An environment with the wheel and what it asks for, and nothing else."""
    found = CleanEnvironment(tmp_path_factory.mktemp("clean") / "venv")
    found.install("--no-deps", "--no-index", str(built[1]))
    found.borrow_dependencies("stratolith")
    return found


@pytest.fixture
def cloud(clean: CleanEnvironment, tmp_path: Path) -> Iterator[Installation]:
    """A cloud that does not exist yet, run by the installed command from another directory."""
    found = Installation(tmp_path, free_offset(), [str(clean.place / "bin" / "stratolith")])
    yield found
    if found.layout.exists():
        found.run("destroy", "--yes")


def ours() -> set[str]:
    """Every file below src/ that a checkout has."""
    return {
        str(path.relative_to(ROOT / "src"))
        for path in (ROOT / "src" / "stratolith").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_every_file_of_the_package(built: Built) -> None:
    with zipfile.ZipFile(built[1]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == ours()
    assert "stratolith/py.typed" in names


def test_scripts_of_the_guest_image_stay_executable(clean: CleanEnvironment) -> None:
    for name in sorted(ours()):
        there = (clean.packages / name).stat().st_mode & 0o111
        assert bool(there) == bool((ROOT / "src" / name).stat().st_mode & 0o111), name


def test_the_sdist_has_what_a_contributor_needs(built: Built) -> None:
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {f"src/{name}" for name in ours()}
    wanted |= {"stratolith", "requirements.lock", "requirements-test.lock", "LICENSE", ".ci/run"}
    wanted |= {"CHANGELOG.md", "SECURITY.md", "tests/conftest.py", "tools/lock", "docs/README.md"}
    assert wanted - names == set()


def test_the_version_is_said_in_one_place(built: Built, clean: CleanEnvironment) -> None:
    assert f"stratolith-{stratolith.__version__}-" in built[1].name
    command = [str(clean.place / "bin" / "stratolith"), "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60)
    assert answer.stdout == f"stratolith {stratolith.__version__}\n"


def test_a_cloud_comes_up_works_and_goes(cloud: Installation) -> None:
    cloud.up()
    answer = cloud.run("verify")
    assert "The cloud works" in answer.stderr
    assert "nothing was changed" in cloud.up().stderr
    cloud.run("down")
    cloud.run("destroy", "--yes")
    assert not cloud.state_dir.exists()


def test_the_tests_of_a_checkout_are_not_there(cloud: Installation) -> None:
    command = [*cloud.program, "test"]
    answer = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60)
    assert answer.returncode == 1
    assert "no checkout around this program" in answer.stderr
