"""The sample package, installed for tests, and packages that cannot be used."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.packages import NOT_OURS, ROOT, environment

SAMPLE = ROOT / "tests" / "sample_package"


def install_sample(place: Path) -> Path:
    """Have pip install the sample package into a directory of its own, which is returned."""
    copy = place / "sources"
    shutil.copytree(SAMPLE, copy, ignore=NOT_OURS)
    site = place / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-index", "--no-build-isolation", "--no-compile"]
    done = subprocess.run(
        [*command, "--target", str(site), str(copy)],
        capture_output=True, text=True, timeout=120, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return site


def install_broken(site: Path, group: str, name: str, value: str, module: str = "") -> None:
    """A package "broken-one 0.3" that offers ``name = value``; ``module``: text of broken_one.py,
    none: there is no such module."""
    folder = site / "broken_one-0.3.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-one\nVersion: 0.3\n")
    (folder / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
    if module:
        (site / "broken_one.py").write_text(module)
