"""Helper processes that outlive the agent: recognise and end them."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
from collections.abc import Set
from pathlib import Path

from stratolith.kernel import places

log = logging.getLogger(__name__)

_STOP_SECONDS = 2.0
_STOPPED = "T"  # by a signal, not by a debugger


def command_line(pid: int) -> list[str]:
    """The words of its command; empty when it does not run."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def having(word: str) -> list[int]:
    """All processes with this word in their command: ours among them that lost their pid files."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if word in command_line(pid)]


def stop(pid: int, seconds: float = _STOP_SECONDS) -> None:
    """End the process, by KILL when TERM does not within these seconds, and wait as long again."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        poller = select.poll()
        poller.register(handle, select.POLLIN)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
            if poller.poll(seconds * 1000):
                return
    finally:
        os.close(handle)


class Helpers:
    """The processes of one program, each for an owner, which has a directory in ``directory``.

    A process is an owner's when its command line names the file ``pid`` in the owner's directory.
    The file tells the process at once; without it, ``look`` finds the process by its command line.
    """

    def __init__(self, program: str, directory: Path) -> None:
        self.program, self.directory = program, directory
        self.namespaces: Set[int] = frozenset()  # inodes of those that are ours
        self._present: dict[str, list[int]] | None = None  # owner -> processes, at the last look

    def owners(self) -> list[str]:
        """Those that have a directory, or a process according to the last look."""
        owners = set(self._present or ())
        with contextlib.suppress(OSError):
            owners |= {entry.name for entry in self.directory.iterdir()}
        return sorted(owners)

    def named(self, owner: str) -> int | None:
        """The running process that the owner's file names."""
        try:
            pid = int((self.directory / owner / "pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if self._owner(pid) == owner else None

    def of(self, owner: str) -> list[int]:
        """All processes of the owner; first the one that its file names.

        Further ones are those of the last look. Looks when the owner has a directory whose file
        names no process.
        """
        pid = self.named(owner)
        if pid is None and self._present is None and (self.directory / owner).is_dir():
            self.look()
        further = (self._present or {}).get(owner, [])
        pids = [pid] if pid is not None else []
        return pids + [pid for pid in further if pid not in pids and self._owner(pid) == owner]

    def end(self, owner: str) -> None:
        """End all processes of the owner."""
        for pid in self.of(owner):
            stop(pid)

    def forget(self) -> None:
        """Discard the result of the last look."""
        self._present = None

    def look(self) -> None:
        """Find the processes of all owners by their command lines; wake those that are stopped."""
        owners = {
            pid: owner
            for pid in (int(name) for name in os.listdir("/proc") if name.isdigit())
            if (owner := self._owner(pid)) is not None
        }
        present: dict[str, list[int]] = {}
        for pid, owner in owners.items():
            if pid != self.named(owner) and not self._is_here(pid, owner):
                continue
            state, parent = _state(pid)
            if state == _STOPPED:
                log.warning("%s of %s was stopped: it goes on", self.program, owner)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            if owners.get(parent) != owner:  # a child ends with its parent
                present.setdefault(owner, []).append(pid)
        self._present = present

    def _is_here(self, pid: int, owner: str) -> bool:
        """Whether it is not of a cloud under the same path in another mount namespace."""
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{pid}/ns/net").st_ino in self.namespaces:
                return True
        return places.is_same_location(pid, self.directory / owner)

    def _owner(self, pid: int) -> str | None:
        """The owner of this process; None when it is not one of ours."""
        program, *words = command_line(pid) or [""]
        if os.path.basename(program) != self.program:
            return None
        for word in words:
            path = Path(word if word.startswith("/") else word.partition("=")[2])
            if path.name == "pid" and path.parent.parent == self.directory:
                return path.parent.name
        return None


def _state(pid: int) -> tuple[str, int]:
    """(state as in proc(5), parent); of a process that is gone ("", 0)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return "", 0
    state, parent = stat.rpartition(")")[2].split()[:2]
    return state, int(parent)
