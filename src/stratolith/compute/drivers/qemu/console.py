"""The serial console's log of a guest: its last lines, and its size kept in bounds."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from stratolith.compute.drivers.base import last_lines

CAP = 512 * 1024  # bytes of the current log; one older piece of the same size is kept


def rotate(log: Path) -> None:
    """Move a long log to ``<log>.1`` and go on with an empty one.

    QEMU keeps the file open for appending, so the content is copied and cut, not renamed.
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
    """The last ``lines`` lines (None: all that is kept) as text; "" when nothing was said."""
    content = b""
    for path in (log.with_name(log.name + ".1"), log):
        with contextlib.suppress(FileNotFoundError):
            content += path.read_bytes()[-CAP:]
    text = content.decode("utf-8", "replace")
    return last_lines(text, lines)
