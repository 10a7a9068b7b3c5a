"""What `test` and `test --slow` run: every test file once, on the database it wants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from stratolith.deploy import checkout_tests

ROOT = Path(__file__).resolve().parents[3]


def files(part: list[str]) -> Iterator[Path]:
    """The test files of one pytest run."""
    ignored = [ROOT / part[at + 1] for at, word in enumerate(part) if word == "--ignore"]
    chosen = [one for at, one in enumerate(part) if part[at - 1 : at] != ["--ignore"]]
    for place in (ROOT / one for one in chosen if one.startswith("tests/")):
        found = sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
        yield from (one for one in found if not {one, *one.parents} & {*ignored})


def test_slow_runs_each_slow_file_once_and_with_the_arguments() -> None:
    parts = checkout_tests._slow_parts(["--exitfirst"])
    run = [file for part in parts for file in files(part)]
    assert len(run) == len(set(run))
    assert set(run) >= set((ROOT / "tests" / checkout_tests.SLOW_FOLDER).glob("test_*.py"))
    assert all(file.exists() for file in run)
    assert all(part[-1] == "--exitfirst" for part in parts)


def test_a_push_runs_every_other_file_once() -> None:
    again = ["--database", "postgresql"]
    parts = [part for part in checkout_tests._parts(ROOT) if part[-2:] != again]
    run = [file for part in parts for file in files(part)]
    slow = ROOT / "tests" / checkout_tests.SLOW_FOLDER
    assert len(run) == len(set(run))
    found = {file for file in (ROOT / "tests").rglob("test_*.py") if slow not in file.parents}
    assert set(run) == found


def test_pre_commit_runs_the_checks_of_a_push() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    entries = [hook["entry"] for repository in config["repos"] for hook in repository["hooks"]]
    for _, command in checkout_tests.CHECKS:
        asked = " ".join(word for word in command if word != ".")
        assert any(entry.startswith(f".venv/bin/{asked}") for entry in entries), command


def test_branches_are_measured_when_asked_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """By the settings of this checkout, of a small package in its place."""
    settings = (ROOT / "pyproject.toml").read_text()
    assert 'source_pkgs = ["stratolith"]' in settings
    settings = settings.replace('source_pkgs = ["stratolith"]', 'source_pkgs = ["measured"]')
    (tmp_path / "pyproject.toml").write_text(settings)
    (tmp_path / "measured.py").write_text(
        "def sign(n):\n    if n:\n        return 1\n    return 0\n"
    )
    test = "import measured\n\n\ndef test_it():\n    assert measured.sign(2)\n"
    (tmp_path / "test_it.py").write_text(test)
    checkout_tests._coverage(tmp_path, "erase")
    counts, status = checkout_tests._pytest(tmp_path, [".", *checkout_tests.COVERAGE])
    checkout_tests._coverage(tmp_path, "report")
    told = capfd.readouterr().out
    assert (counts["passed"], status) == (1, 0), told
    assert re.search(r"Stmts +Miss +Branch +BrPart +Cover", told), told
    assert re.search(r"measured.py +4 +1 +2 +1 ", told), told
