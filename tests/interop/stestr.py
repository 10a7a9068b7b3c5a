"""Suites of other people, run by stestr in virtual environments of their own.

A suite's environment lives in .cache/NAME, since suites pin libraries that the package does not
want. It is installed once, from NAME-requirements.txt.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
Outcome = dict[str, str]  # test name -> passed, failed or skipped


def installed(name: str) -> Path:
    """The environment's bin directory, made when it is missing or old."""
    cache, requirements = FOLDER.parents[1] / ".cache" / name, FOLDER / f"{name}-requirements.txt"
    cache.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = cache / "stamp"
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            base = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
            subprocess.run([base, "-m", "venv", "--clear", cache / "venv"], check=True)
            pip: list[str | Path] = [cache / "venv/bin/python", "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, "-r", requirements], check=True)
            stamp.write_text(wanted)
    return cache / "venv" / "bin"


@dataclass(frozen=True)
class Suite:
    """Tests below a package of an environment.

    tools:   the environment's bin directory.
    package: imported name of the package that holds the tests, such as ``openstack``.
    tests:   path of the tests below the package.
    top:     path below the package that test names are counted from, ".." for the package's name.
    commands: a folder whose commands are found before those of the environment.
    """

    tools: Path
    package: str
    tests: str
    top: str
    commands: Path | None = None

    def run(
        self, names: Sequence[str], workspace: Path, env: Mapping[str, str], workers: int
    ) -> Outcome:
        """Run the named tests; what did not report counts as failed.

        The output of the run is left in ``workspace``/output.txt.
        """
        shell = self._prepare(workspace, env)
        known = self._known(workspace, shell)
        wanted = workspace / "wanted.txt"
        wanted.write_text("".join(known[name] + "\n" for name in names if name in known))
        command: list[str | Path] = [self.tools / "stestr", "run", "--load-list", wanted]
        command += ["--concurrency", str(workers)]
        with open(workspace / "output.txt", "w") as output:
            subprocess.run(
                command, cwd=workspace, env=shell, stdout=output, stderr=subprocess.STDOUT
            )
        return self._outcomes(workspace, shell, names)

    def names(self, workspace: Path, env: Mapping[str, str]) -> list[str]:
        """Every test of the suite."""
        return sorted(self._known(workspace, self._prepare(workspace, env)))

    def _prepare(self, workspace: Path, env: Mapping[str, str]) -> dict[str, str]:
        shell = {
            **env,
            "PATH": f"{self.commands or self.tools}:{self.tools}:{env.get('PATH', os.defpath)}",
            "PYTHON": str(self.tools / "python"),
            "OS_TEST_TIMEOUT": "300",
        }
        workspace.mkdir(exist_ok=True)
        place = subprocess.run(
            [self.tools / "python", "-c", f"import {self.package} as p; print(p.__path__[0])"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        top = os.path.normpath(f"{place}/{self.top}")
        (workspace / ".stestr.conf").write_text(
            f"[DEFAULT]\ntest_path={place}/{self.tests}\ntop_dir={top}\ngroup_regex=([^\\.]*\\.)*\n"
        )
        if not (workspace / ".stestr").exists():
            subprocess.run([self.tools / "stestr", "init"], cwd=workspace, env=shell, check=True)
        return shell

    def _known(self, workspace: Path, shell: dict[str, str]) -> dict[str, str]:
        """Plain name -> the suite's own id of the test."""
        listed = subprocess.run(
            [self.tools / "stestr", "list"],
            cwd=workspace,
            env=shell,
            capture_output=True,
            text=True,
        ).stdout.split("\n")
        return {plain(one): one for one in listed if re.match(r"\w+\.\S", one)}

    def _outcomes(self, workspace: Path, shell: dict[str, str], names: Sequence[str]) -> Outcome:
        stream = subprocess.run(
            [self.tools / "stestr", "last", "--subunit"],
            cwd=workspace,
            env=shell,
            capture_output=True,
        ).stdout
        text = subprocess.run(
            [self.tools / "python", "-c", READ], input=stream, capture_output=True, check=True
        ).stdout
        reported = json.loads(text)
        by_name = {plain(test_id): status for test_id, status in reported.items()}
        classes = {
            match[1]: status
            for test_id, status in reported.items()
            if (match := re.match(r"setUpClass \((.+?)\)", test_id))
        }
        return {
            name: by_name.get(name, classes.get(name.rpartition(".")[0], "failed"))
            for name in names
        }


def plain(test_id: str) -> str:
    """tempest.x.Class.test_y[id-...,smoke] -> tempest.x.Class.test_y"""
    name, bracket, rest = test_id.partition("[")
    return name + rest.partition("]")[2] if bracket else name


READ = """
import json, subprocess, sys
import subunit, testtools
found = {}
def take(test):
    status = {"success": "passed", "skip": "skipped"}.get(test["status"], "failed")
    if test["status"] not in ("exists", "inprogress"):
        found[test["id"]] = status
sink = testtools.StreamToDict(take)
sink.startTestRun()
subunit.ByteStreamToStreamResult(sys.stdin.buffer, non_subunit_name="stdout").run(sink)
sink.stopTestRun()
print(json.dumps(found))
"""
