"""What `test` and `test --slow` run: every test file once, on the database it wants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stratolith.deploy import checkout_tests

ROOT = Path(__file__).resolve().parents[3]


def files(part: list[str]) -> Iterator[Path]:
    """The test files of one pytest run."""
    ignored = {part[at + 1] for at, word in enumerate(part) if word == "--ignore"}
    chosen = [one for at, one in enumerate(part) if part[at - 1 : at] != ["--ignore"]]
    for place in (ROOT / one for one in chosen if one.startswith("tests/")):
        found = sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
        yield from (one for one in found if str(one.relative_to(ROOT)) not in ignored)


def test_slow_runs_each_slow_file_once_and_with_the_arguments() -> None:
    parts = checkout_tests._slow_parts(["--exitfirst"])
    run = [file for part in parts for file in files(part)]
    assert len(run) == len(set(run))
    assert set(run) >= set((ROOT / "tests" / checkout_tests.SLOW_FOLDER).glob("test_*.py"))
    assert all(file.exists() for file in run)
    assert all(part[-1] == "--exitfirst" for part in parts)


def test_a_push_runs_every_other_file() -> None:
    run = {file for part in checkout_tests._parts(ROOT) for file in files(part)}
    slow = ROOT / "tests" / checkout_tests.SLOW_FOLDER
    assert run == {file for file in (ROOT / "tests").rglob("test_*.py") if slow not in file.parents}
