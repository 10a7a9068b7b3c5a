"""The serial console log of a guest: read its last lines, and limit its size."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from stratolith.compute.drivers.base import last_lines

CAP = 512 * 1024  # bytes of the current log; one older file of the same size is kept


def rotate(log: Path) -> None:
    """Move the content of a long log to ``<log>.1`` and continue with an empty log.

    QEMU keeps the file open for appending, so it is copied and truncated, not renamed.
    """
    try:
        if log.stat().st_size <= CAP:
            return
    except FileNotFoundError:
        return
    with open(log, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - CAP))
        older = log.with_name(log.name + ".1")
        descriptor = os.open(older, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as copy:
            copy.write(file.read())
        file.truncate(0)


def tail(log: Path, lines: int | None) -> str:
    """The last ``lines`` lines (None: the whole log) as text; "" if the log is empty."""
    content = b""
    for path in (log.with_name(log.name + ".1"), log):
        with contextlib.suppress(FileNotFoundError):
            content += path.read_bytes()[-CAP:]
    text = content.decode("utf-8", "replace")
    return last_lines(text, lines)
