"""Processes and ports of this machine, read from /proc."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
LISTEN = "0A"  # the TCP state as /proc/net/tcp has it


def command_line(pid: int) -> str:
    """The command of a process, as `ps` shows it; empty when it is gone or a kernel thread."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def stop(pid: int, seconds: float = 10.0) -> None:
    """End a process by TERM, then by KILL if it still runs after ``seconds``."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                signal.pidfd_send_signal(pidfd, number)
            except ProcessLookupError:
                return
            waiting = select.poll()
            waiting.register(pidfd, select.POLLIN)
            if waiting.poll(seconds * 1000):
                return
    finally:
        os.close(pidfd)


def proportional_kib(pid: int) -> int:
    """PSS of a process in KiB: its own pages plus its share of the common ones; 0 if gone."""
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def children(pids: Iterable[int]) -> set[int]:
    """These processes and all their descendants."""
    parents: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parent = int(stat.rsplit(")", 1)[1].split()[1])
            parents.setdefault(parent, []).append(int(entry.name))
    collected: set[int] = set()
    todo = list(pids)
    while todo:
        pid = todo.pop()
        if pid not in collected:
            collected.add(pid)
            todo += parents.get(pid, [])
    return collected


def is_bindable(address: str, port: int) -> bool:
    """Whether a server may listen there now; raises OSError for an address not of this host."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            # Binding alone misses a listener that set SO_REUSEADDR as well.
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def port_owner(port: int) -> tuple[int, str] | None:
    """(pid, command) of the process that listens on a TCP port; None if it is not visible."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and _has_open(entry, wanted):
            pid = int(entry.name)
            return pid, command_line(pid)
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == LISTEN and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(fields[9])
    return inodes


def _has_open(process: Path, targets: set[str]) -> bool:
    try:
        return any(os.readlink(link) in targets for link in (process / "fd").iterdir())
    except OSError:
        return False
