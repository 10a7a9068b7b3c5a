"""The programs of Open vSwitch and OVN as processes of our own: sockets, files and logs of theirs
are in one directory of ours, so that an Open vSwitch of somebody else is never touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from stratolith.kernel import places
from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux.host_kernel.processes import command_line, having, stop

START_SECONDS = 30.0
TOOL_SECONDS = 10.0
STOP_SECONDS = 5.0
PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROGRAMS = {
    "ovsdb-server": "openvswitch-switch",
    "ovsdb-tool": "openvswitch-common",
    "ovs-vswitchd": "openvswitch-switch",
    "ovs-appctl": "openvswitch-common",
    "ovs-ofctl": "openvswitch-common",
    "ovn-controller": "ovn-host",
}
CENTRAL_PROGRAMS = {
    "ovsdb-server": "openvswitch-switch",
    "ovsdb-tool": "openvswitch-common",
    "ovn-northd": "ovn-central",
}


def program(name: str) -> str:
    """The path of a program; raises ``NetworkDriverError`` when it is not installed."""
    path = shutil.which(name, path=PATHS)
    if path is None:
        package = {**PROGRAMS, **CENTRAL_PROGRAMS}[name]
        raise NetworkDriverError(f"The program {name} is missing: install the package {package}.")
    return path


def missing(programs: Mapping[str, str]) -> list[str]:
    """A sentence for each of these programs (name -> package) that is not installed."""
    return [
        f"The program {name} is missing: install the package {package}."
        for name, package in programs.items()
        if shutil.which(name, path=PATHS) is None
    ]


def environment(directory: Path) -> dict[str, str]:
    """The variables with which the programs look for files in this directory only."""
    names = ("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR",
             "OVN_RUNDIR", "OVN_LOGDIR", "OVN_DBDIR", "OVN_SYSCONFDIR")  # fmt: skip
    return {"PATH": PATHS, "LC_ALL": "C.UTF-8", **dict.fromkeys(names, str(directory))}


def create_database(path: Path, schema: str) -> None:
    """Make an empty database, unless it exists; raises ``NetworkDriverError``."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    _run([program("ovsdb-tool"), "create", str(part), schema], path.parent)
    part.rename(path)


class Daemon(msgspec.Struct, frozen=True, kw_only=True):
    """A program that runs in the background; ``name`` is that of its files in ``directory``."""

    name: str
    directory: Path
    program: str
    arguments: Sequence[str] = ()

    @property
    def pid_file(self) -> Path:
        return self.directory / f"{self.name}.pid"

    def pid(self) -> int | None:
        """The process, if it runs.

        A pid file that others deleted or changed is written again: a second process would be
        refused by the database of the first one.
        """
        with contextlib.suppress(OSError, ValueError):
            pid = int(self.pid_file.read_text())
            if self._is_ours(pid):
                return pid
        for pid in having(self._word):
            if self._is_ours(pid) and places.is_same_location(pid, self.directory):
                with contextlib.suppress(OSError):
                    self.pid_file.write_text(f"{pid}\n")
                return pid
        return None

    @property
    def _word(self) -> str:
        return f"--pidfile={self.pid_file}"

    def _is_ours(self, pid: int) -> bool:
        """Whether it is this program with our pid file: others may name the file, too."""
        words = command_line(pid) or [""]
        return os.path.basename(words[0]) == self.program and self._word in words

    def start(self) -> bool:
        """Start it unless it runs; whether it was started. Raises ``NetworkDriverError``."""
        if self.pid() is not None:
            return False
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.pid_file.unlink(missing_ok=True)
        _run(self.command(), self.directory)
        return True

    def command(self, *, detach: bool = True) -> list[str]:
        common = [self._word, f"--log-file={self.directory / self.name}.log"]
        quiet = ["-vconsole:off", "-vsyslog:off", "-vfile:warn"]
        detached = ["--detach", "--no-chdir"] if detach else []
        return [program(self.program), *self.arguments, *common, *quiet, *detached]

    def stop(self) -> None:
        """End it, by KILL when TERM does not end it."""
        pid = self.pid()
        if pid is None:
            return
        stop(pid, STOP_SECONDS)
        self.pid_file.unlink(missing_ok=True)


def run_tool(name: str, directory: Path, *arguments: str, text: str = "") -> str:
    """What a command prints that is given to a running program; raises ``NetworkDriverError``."""
    try:
        done = subprocess.run(
            [program(name), *arguments], input=text, capture_output=True, text=True,
            timeout=TOOL_SECONDS, check=False, env=environment(directory),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NetworkDriverError(f"cannot run {name}: {error}") from error
    if done.returncode != 0:
        raise NetworkDriverError(f"{name}: {done.stderr.strip() or 'failed'}")
    return done.stdout


def _run(command: Sequence[str], directory: Path) -> None:
    try:
        result = subprocess.run(
            command, env=environment(directory), capture_output=True, text=True, check=False,
            timeout=START_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NetworkDriverError(f"cannot run {command[0]}: {error}") from error
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or ["no message"]
        raise NetworkDriverError(f"{Path(command[0]).name} failed: {lines[-1]}")
