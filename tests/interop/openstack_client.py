"""The unmodified openstack client, run as a user of a cloud."""

from __future__ import annotations

import atexit
import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.installation import Installation

# Commands that print nothing, and know no output format.
SILENT = {"delete", "add", "remove", "set", "unset", "stop", "start", "reboot", "revoke"}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


class ClientProcess:
    """A process with the client loaded, which forks itself for every command."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._place = tempfile.TemporaryDirectory(prefix="openstack-client-")
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("client_process.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, words: list[str], env: Mapping[str, str]) -> Done:
        out, err = Path(self._place.name, "out"), Path(self._place.name, "err")
        request = {"words": words, "env": dict(env), "out": str(out), "err": str(err)}
        with self._lock:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            status = int(self._process.stdout.readline())
            return Done(status, out.read_text(), err.read_text())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._place.cleanup()


@cache
def client_process() -> ClientProcess:
    """The one of this test run."""
    found = ClientProcess()
    atexit.register(found.close)
    return found


def outside() -> dict[str, str]:
    """The environment of a shell in which nobody set up a cloud."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OS_")}


def of_user(cloud: Installation, user: str) -> dict[str, str]:
    """The environment of a user who picked an entry of the cloud's clouds.yaml."""
    name = "stratolith" if user == "demo" else "stratolith-admin"
    config = str(cloud.state_dir / "clouds.yaml")
    return {**outside(), "OS_CLIENT_CONFIG_FILE": config, "OS_CLOUD": name}


def attempt(line: str, env: Mapping[str, str]) -> Done:
    """Run a line of the client, however it ends."""
    return client_process().run(shlex.split(line), env)


def perform(line: str, env: Mapping[str, str]) -> Any:
    """Run a line of the client that must succeed; its JSON output."""
    machine = not SILENT & set(shlex.split(line))
    done = attempt(f"{line} -f json" if machine else line, env)
    assert done.status == 0, f"{line}: {done.err or done.out}"
    return json.loads(done.out) if machine and done.out.strip() else None


def openstack(cloud: Installation, line: str, user: str = "demo") -> Any:
    """Run a line of the client as a user; its JSON output."""
    return perform(line, of_user(cloud, user))


@dataclass(frozen=True)
class Shell:
    """A shell in which somebody set up the client: its environment."""

    env: Mapping[str, str]

    def __call__(self, line: str) -> Any:
        """Run a line that must succeed; its JSON output."""
        return perform(line, self.env)

    def silent(self, line: str) -> None:
        """Run a line of a command that knows no output format."""
        done = attempt(line, self.env)
        assert done.status == 0, f"{line}: {done.err or done.out}"

    def refused(self, line: str) -> str:
        """Run a line that must fail; what the client complains of."""
        done = attempt(line, self.env)
        assert done.status != 0, f"{line}: went well: {done.out}"
        assert "Traceback" not in done.err, done.err
        return done.err

    def names(self, line: str, column: str = "Name") -> set[str]:
        """One column of a list."""
        return {row[column] for row in self(line)}

    def has(self, **variables: str) -> Shell:
        """The same shell with other variables set."""
        return Shell({**self.env, **variables})
