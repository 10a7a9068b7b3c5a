"""The log of a guest's QMP events, which QEMU itself writes.

No process waits for a guest's process: the agent may be down when a guest powers itself off. So
each QEMU has a second monitor whose output is the plain file ``events.out``. Its input is a FIFO
that contains the command that enables events; QEMU itself holds the FIFO's writing end, so the
monitor never reads an end of file and records events until the process ends.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

_TAIL = 64 * 1024  # bytes at the end of the log: they have all events that matter
_CAP = 1 << 20  # bytes on disk; a guest causes few events, but they add up
_GREETING = b'{"execute":"qmp_capabilities"}\n'


class History(msgspec.Struct, frozen=True):
    """The summary of the log: the latest events that matter."""

    answered: bool = False  # the main loop runs: the start is complete
    ended_by_guest: bool = False
    ending: str = ""  # QEMU's reason of SHUTDOWN
    paused: bool = False
    no_space: bool = False  # paused because the host's disk is full
    io_error: bool = False


def prepare(directory: Path) -> int:
    """Create both files for a new process; returns the FIFO's file descriptor.

    QEMU's pipe character device with the path ``<directory>/events`` opens ``events.in`` and
    ``events.out``. Keep the descriptor open until QEMU has opened its own.
    """
    fifo, log = directory / "events.in", directory / "events.out"
    with contextlib.suppress(FileNotFoundError):
        fifo.unlink()
    os.mkfifo(fifo, 0o600)
    log.write_bytes(b"")
    descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    os.write(descriptor, _GREETING)
    return descriptor


def read(log: Path) -> History:
    """The summary of the log; an empty one if there is no log."""
    try:
        with open(log, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            return _digest(file.read())
    except FileNotFoundError:
        return History()


def shorten(log: Path) -> None:
    """Free the disk blocks of old events. QEMU continues to write at its own offset."""
    with contextlib.suppress(FileNotFoundError), open(log, "r+b") as file:
        status = os.fstat(file.fileno())
        if status.st_blocks * 512 <= _CAP:
            return
        start = max(0, status.st_size - _TAIL)
        recent = os.pread(file.fileno(), _TAIL, start)
        os.ftruncate(file.fileno(), 0)
        os.pwrite(file.fileno(), recent, start)  # the hole before it reads as zeros


def _digest(text: bytes) -> History:
    seen = History()
    for record in _records(text):
        seen = _after(seen, record)
    return seen


def _records(text: bytes) -> Iterator[dict[str, object]]:
    for line in text.split(b"\n"):
        try:
            record = json.loads(line.strip(b"\0\r "))
        except ValueError:
            continue  # the first line may be cut, the last one may be incomplete
        if isinstance(record, dict):
            yield record


def _after(seen: History, record: dict[str, object]) -> History:
    data = record.get("data")
    details: dict[str, object] = data if isinstance(data, dict) else {}
    replace = msgspec.structs.replace
    match record.get("event"):
        case "SHUTDOWN":
            reason = str(details.get("reason", ""))
            return replace(
                seen, ending=reason or "unknown", ended_by_guest=reason == "guest-shutdown"
            )
        case "STOP":
            return replace(seen, paused=True)
        case "RESUME":
            return replace(seen, paused=False, no_space=False, io_error=False)
        case "BLOCK_IO_ERROR" if details.get("action") == "stop":
            return replace(seen, io_error=True, no_space=bool(details.get("nospace")))
    return replace(seen, answered=True) if "return" in record else seen
