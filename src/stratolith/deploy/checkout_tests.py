"""`test`: everything that must hold for the checkout: style, types, import law, tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stratolith.deploy import prepare
from stratolith.deploy.errors import DeployError
from stratolith.deploy.supervision.running import SOURCES

CHECKS = [
    ("style", ["ruff", "check", "."]),
    ("types", ["mypy"]),
    ("import law", ["lint-imports"]),
]
# Tests that keep to their process and a directory of their own run side by side, a file on one
# processor; what runs real clouds on this machine, or sets them up, runs one after the other:
# it looks for what a cloud leaves on the machine.
IN_PROCESS = ["api", "architecture", "fuzz", "parity", "reconcile", "unit", "upgrades"]
# Clients of simulated clouds: each process has a cloud of its own, on ports of its own.
WITH_CLIENTS = ["interop"]
# Hosts in network namespaces of their own, guests without a cloud, and simulated clouds on
# databases of their own: they wait more than they compute, or compute on one processor each.
APART = ["drivers", "postgresql"]
# What measures rates runs alone too.
MEASURED = ["tests/drivers/network/test_qos.py"]
# These run again on PostgreSQL: all tests that call the API of a cloud in the same process
ON_POSTGRESQL = ["api", "parity", "reconcile"]
# Tests too slow for every push: `test --slow` runs only these. The settings extend
# tests that every push runs in part: all of Tempest's list, 100,000 requests over all routes.
SLOW_IN_PROCESS = [
    "tests/fuzz/test_routes.py",
    "tests/api/test_parameter_walls.py",
]
SLOW_ALONE = ["tests/slow", "tests/interop/test_tempest.py"]
SLOW_FOLDER = "slow"
SLOW_SETTINGS = {
    "STRATOLITH_TEMPEST": "all",
    "STRATOLITH_FUZZ_REQUESTS": "100000",
    "STRATOLITH_WALLS": "all",
}
SIDE_BY_SIDE = ["--numprocesses", "2", "--dist", "loadfile", "--quiet"]
# A single file takes very long: distribute groups and ungrouped tests instead of files.
SLOW_SIDE_BY_SIDE = ["--numprocesses", "2", "--dist", "loadgroup", "--quiet"]
# Each part ends with its slowest tests, so that it is clear why a run is slow.
DURATIONS = ["--durations", "15", "--durations-min", "1"]
# Branch coverage makes tests 50 % slower, so it is measured on request only.
COVERAGE = ["--cov", "--cov-append", "--cov-report="]
NOTHING_FOUND = 5  # pytest's status where the arguments choose no test
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)")


def run(arguments: Sequence[str]) -> int:
    """Run the checks, then pytest with these arguments; ends with the counts on one line.

    With arguments only pytest runs: the user is working on some tests. A check counts as one test.
    ``--slow``, before other arguments or alone, runs the tests that are too slow for every push;
    ``--coverage``, before everything else, measures line and branch coverage.
    """
    coverage = list(arguments[:1]) == ["--coverage"]
    arguments = arguments[1:] if coverage else arguments
    slow = list(arguments[:1]) == ["--slow"]
    if slow:
        arguments = arguments[1:]
        os.environ.update(SLOW_SETTINGS)
    root = SOURCES.parent
    if not (root / "pyproject.toml").exists():
        raise DeployError("There is no checkout around this program, so nothing to test.")
    prepare.prepare(root, system=False, test=True, slow=slow)
    passed = failed = 0
    for title, command in [] if slow or arguments else CHECKS:
        print(f"== {title}: {' '.join(command)}", flush=True)
        status = subprocess.run([_tool(command[0]), *command[1:]], cwd=root).returncode
        passed, failed = passed + (status == 0), failed + (status != 0)
    skipped = 0
    if slow or not arguments:
        _prepare_guest_images(root)
    if coverage:
        _coverage(root, "erase")
    for part in _slow_parts(arguments) if slow else [arguments] if arguments else _parts(root):
        counts, status = _pytest(root, [*part, *DURATIONS, *(COVERAGE if coverage else [])])
        passed, skipped = passed + counts["passed"], skipped + counts["skipped"]
        failed += counts["failed"]
        known = (0, 1, NOTHING_FOUND) if slow and arguments else (0, 1)
        if status not in known and not counts["failed"]:
            failed += 1  # pytest itself could not work: interrupted, broken, or no test at all
    if coverage:
        _coverage(root, "report")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


def _coverage(root: Path, act: str) -> None:
    """Delete the data of earlier runs ("erase"), or print those of this run ("report")."""
    (root / ".cache" / "coverage").mkdir(parents=True, exist_ok=True)
    print(f"== coverage: {act}", flush=True)
    subprocess.run([_tool("coverage"), act], cwd=root, check=False)


def _prepare_guest_images(root: Path) -> None:
    """Build the guest images that tests boot, unless the checkout has them."""
    from stratolith.deploy import guest_image

    def say(text: str) -> None:
        print(f"   {text}", flush=True)

    cache = root / ".cache" / "guest-image"
    cache.mkdir(parents=True, exist_ok=True)
    try:
        for name in guest_image.ARCHITECTURES:
            guest_image.prepare_built(name, cache, say)
    except guest_image.GuestImageError as error:
        raise DeployError(f"No guest image: {error}") from None


def _parts(root: Path) -> list[list[str]]:
    """The arguments of one pytest run after the other: all of the tests, some on two databases."""
    together = [f"tests/{name}" for name in IN_PROCESS]
    again = [f"tests/{name}" for name in ON_POSTGRESQL]
    clients = [f"tests/{name}" for name in WITH_CLIENTS]
    apart = [f"tests/{name}" for name in APART]
    elsewhere = [*IN_PROCESS, *WITH_CLIENTS, *APART, SLOW_FOLDER]
    alone = sorted(
        f"tests/{folder.name}"
        for folder in (root / "tests").iterdir()
        if any(folder.rglob("test_*.py")) and folder.name not in elsewhere
    )
    return [
        [*together, *SIDE_BY_SIDE],
        [*again, *SIDE_BY_SIDE, "--database", "postgresql"],
        [*clients, *SIDE_BY_SIDE],
        [*apart, *SIDE_BY_SIDE, *_ignored(MEASURED)],
        [*MEASURED],
        alone,
    ]


def _ignored(places: Sequence[str]) -> list[str]:
    return [word for place in places for word in ("--ignore", place)]


def _slow_parts(arguments: Sequence[str]) -> list[list[str]]:
    """The arguments of each pytest run of `test --slow`; ``arguments`` select some tests."""
    return [
        [*SLOW_IN_PROCESS, *SLOW_SIDE_BY_SIDE, *arguments],
        [*SLOW_ALONE, *_ignored(SLOW_IN_PROCESS), *arguments],
    ]


def _pytest(root: Path, arguments: Sequence[str]) -> tuple[dict[str, int], int]:
    """Run pytest with its output passed on; (counts, exit status)."""
    print(f"== tests: pytest {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "pytest", *arguments]
    last = ""
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, text=True, env=_environment()
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if COUNT.search(line):
                last = line
    return counts_of(last), process.returncode


def counts_of(line: str) -> dict[str, int]:
    """passed, failed, skipped from pytest's closing line."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for number, word in COUNT.findall(line):
        kind = {"error": "failed", "errors": "failed", "xpassed": "passed", "xfailed": "skipped"}
        counts[kind.get(word, word)] += int(number)
    return counts


def _environment() -> dict[str, str]:
    scripts = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": f"{scripts}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)
