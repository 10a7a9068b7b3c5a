"""Helper processes that outlive the agent: recognise and end them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from pathlib import Path

_STOP_SECONDS = 2.0


def command_line(pid: int) -> list[str]:
    """The words of its command; empty when it does not run."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def having(word: str) -> list[int]:
    """All processes with this word in their command, as one of ours has that lost its pid file."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if word in command_line(pid)]


def stop(pid: int) -> None:
    """End the process and wait until it has ended, at most for a few seconds."""
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
            if poller.poll(_STOP_SECONDS * 1000):
                return
    finally:
        os.close(handle)
