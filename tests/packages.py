"""Our own distributions and the environments they are installed in, for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
# What a checkout has beside its files: environments, caches, results of earlier builds.
NOT_OURS = shutil.ignore_patterns(
    ".git", ".venv", ".*cache*", ".hypothesis", "__pycache__", "build", "dist", "*.egg-info"
)


def environment() -> dict[str, str]:
    """The variables of somebody who never saw this checkout."""
    ours = ("PYTHON", "STRATOLITH_", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def build(sources: Path, kind: str, place: Path) -> Path:
    """The "sdist" or "wheel" of a source tree, made in ``place`` without a network."""
    place.mkdir(parents=True, exist_ok=True)
    code = (
        "import sys, setuptools.build_meta as backend; "
        f"open(sys.argv[2], 'w').write(backend.build_{kind}(sys.argv[1]))"
    )
    name = place / f"{kind}.name"
    command = [sys.executable, "-c", code, str(place), str(name)]
    done = subprocess.run(
        command, cwd=sources, env=environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place / name.read_text()


def build_ours(place: Path) -> tuple[Path, Path]:
    """(sdist, wheel) of this checkout; the wheel is made from the sdist, so that has it all."""
    copy = place / "checkout"
    shutil.copytree(ROOT, copy, ignore=NOT_OURS, symlinks=True)
    sdist = build(copy, "sdist", place / "dist")
    subprocess.run(["tar", "-xf", str(sdist), "-C", str(place)], check=True, timeout=60)
    wheel = build(place / sdist.name.removesuffix(".tar.gz"), "wheel", place / "dist")
    return sdist, wheel


class CleanEnvironment:
    """A virtual environment that has nothing of this checkout and of its environment."""

    def __init__(self, place: Path) -> None:
        self.place = place
        command = [sys.executable, "-m", "venv", "--without-pip", str(place)]
        subprocess.run(command, check=True, timeout=120, env=environment())

    @property
    def python(self) -> Path:
        return self.place / "bin" / "python"

    @property
    def packages(self) -> Path:
        [found] = (self.place / "lib").glob("python3.*/site-packages")
        return found

    def install(self, *arguments: str) -> None:
        """Run ``pip install`` for this environment."""
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "install"]
        command += ["--quiet", "--disable-pip-version-check", "--no-compile", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=600, env=environment(), cwd="/"
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def borrow_dependencies(self, name: str) -> list[str]:
        """Link what the installed distribution asks for, and what that asks for, from the
        environment of the tests: as pip would install it, without a network. Their names."""
        [found] = Distribution.discover(name=name, path=[str(self.packages)])
        wanted, seen = list(found.requires or ()), set[str]()
        while wanted:
            asked = Requirement(wanted.pop())
            key = canonicalize_name(asked.name)
            applies = asked.marker is None or any(
                asked.marker.evaluate({"extra": extra}) for extra in ("", *asked.extras)
            )
            if not applies or key in seen:
                continue
            seen.add(key)
            installed = distribution(asked.name)
            assert asked.specifier.contains(installed.version, prereleases=True), asked
            self._link(installed)
            wanted += _with_extras(installed, asked.extras)
        return sorted(seen)

    def _link(self, installed: Distribution) -> None:
        for file in installed.files or ():
            if file.parts[0] in ("..", "__pycache__") or file.suffix == ".pyc":
                continue
            target = self.packages / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(Path(str(installed.locate_file(file))))


def _with_extras(installed: Distribution, extras: set[str]) -> list[str]:
    """The requirements that apply when the distribution is asked for with these extras."""
    found = []
    for line in installed.requires or ():
        marker = Requirement(line).marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            found.append(line.partition(";")[0])
    return found
