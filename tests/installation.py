"""A cloud set up by the real command line in a directory of its own, for tests."""

from __future__ import annotations

import json
import os
import random
import re
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stratolith.deploy.layout import Layout, locate
from stratolith.deploy.supervision import processes, running

READY_SECONDS = 60.0
TOLD_LINES = 60  # of each log, when a test fails


# A line of a request that was answered with 1xx to 3xx.
WENT_WELL = re.compile(r"stratolith\.access .* [A-Z]+ [123]\d\d ")
# What others may read below a state directory: it is no secret, and named one by one here.
OPEN_FILES = ("keys/mykey.pub", "etc", "etc/stratolith.yaml", "run/started-with")


def open_to_others(state_dir: Path) -> list[str]:
    """Everything below that another user of the machine could read, list or write."""
    found = []
    for folder, folders, files in os.walk(state_dir):
        for name in [".", *folders, *files]:
            path = Path(os.path.normpath(Path(folder) / name))
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:
                continue  # a process made and removed it meanwhile
            local = str(path.relative_to(state_dir))
            if mode & 0o006 and not stat.S_ISLNK(mode) and local not in OPEN_FILES:
                found.append(f"{stat.S_IMODE(mode):o} {local}")
    return sorted(set(found))


class Installation:
    """One fake cloud in a directory and home of its own, on ports of its own.

    ``program``: the first words of every command.
    """

    def __init__(
        self,
        place: Path,
        offset: int,
        program: Sequence[str] = (sys.executable, "-m", "stratolith"),
    ) -> None:
        MADE.append(self)
        self.program = list(program)
        self.home = place / "home"
        self.home.mkdir(parents=True)
        self.state_dir = place / "state"
        self.offset = offset
        self.environment: dict[str, str] = {}  # settings of this cloud, beside its file

    @property
    def layout(self) -> Layout:
        return locate(str(self.state_dir))

    def run(self, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        env = clean_environment() | {
            **self.environment,
            "HOME": str(self.home),
            "SUDO_USER": "root",
        }
        with_action = ("token", "host", "diagnose", "network")
        first = 2 if arguments[0] in with_action else 1  # words of the command itself
        place = ["--state-dir", str(self.state_dir)]
        words = [*arguments[:first], *place, *arguments[first:]]
        answer = subprocess.run(
            [*self.program, *words],
            cwd=self.home,
            capture_output=True,
            text=True,
            env=env,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        assert "Traceback" not in answer.stderr, answer.stderr
        assert answer.returncode == expect, answer.stderr + answer.stdout
        return answer

    def up(self, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run(
            "up", "--fake", "--port-offset", str(self.offset), *arguments, expect=expect
        )

    def up_real(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Bring up a cloud with the real drivers."""
        return self.run("up", "--port-offset", str(self.offset), *arguments)

    @property
    def auth_url(self) -> str:
        return f"http://127.0.0.1:{5000 + self.offset}/v3"

    def password(self, user: str) -> str:
        return str(json.loads(self.layout.secrets.read_text())[f"{user}_password"])

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return found

    def wait_host(self) -> None:
        """Wait until a host has reported what it has."""
        end = time.monotonic() + READY_SECONDS
        while not self.status()["hosts"]:
            assert time.monotonic() < end, "no host reported"
            time.sleep(0.1)

    def pids(self) -> dict[str, int]:
        return running.pids(self.layout)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        settings = self.layout.settings()
        while not running.is_running(self.layout, settings):
            assert time.monotonic() < deadline, running.missing_doors(settings)
            time.sleep(0.05)


MADE: list[Installation] = []  # by this process


def logs() -> dict[str, str]:
    """The end of each log that a cloud of this test run has now, without requests that went well.

    By path; what a test cannot tell of a failure on a machine that is gone afterwards.
    """
    found = {}
    for cloud in MADE:
        for path in sorted((cloud.state_dir / "log").glob("*.log")):
            lines = path.read_text(errors="replace").splitlines()
            told = [line for line in lines if not WENT_WELL.search(line)]
            found[str(path)] = "\n".join(told[-TOLD_LINES:])
    return found


def clean_environment() -> dict[str, str]:
    """This one without settings of clouds and of the tests, which no command of ours knows."""
    foreign = ("EXT_NET", "STRATOLITH_", "OS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


_TAKEN: list[socket.socket] = []


def _take(offset: int) -> bool:
    """Whether no other process of this network namespace has taken the offset."""
    sign = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sign.bind(f"\0stratolith-tests-{offset}")  # a name that is no file, gone with the process
    except OSError:
        sign.close()
        return False
    _TAKEN.append(sign)
    return True


def free_offset() -> int:
    """An offset at which every port of a cloud is free now.

    It is this process's until it ends, so that tests may run beside others on one machine.
    """
    offsets = range(11000, 22900, 137)  # below the ports that outgoing connections take
    for offset in random.sample(offsets, len(offsets)):
        if not _take(offset):
            continue
        wanted = [port + offset for port in (8700, 8701, 8702, *running.classic_ports())]
        if all(processes.is_bindable("127.0.0.1", port) for port in wanted):
            return offset
    raise AssertionError("no free ports")
