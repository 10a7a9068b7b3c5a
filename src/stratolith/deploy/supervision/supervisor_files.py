"""Files of the supervisor, on a disk that may be full, broken or missing at any time.

Imports the standard library only, and little of it: the supervisor must stay small.
"""

from __future__ import annotations

import contextlib
import os
import time

LEAST_FREE_BYTES = 1 << 20  # with less a server cannot open its database


def has_room(path: str) -> bool:
    """Whether files can be made and grow in this directory."""
    try:
        disk = os.statvfs(path)
    except OSError:
        return False
    if disk.f_flag & os.ST_RDONLY or (disk.f_files and not disk.f_favail):
        return False
    return disk.f_bavail * disk.f_frsize >= LEAST_FREE_BYTES


def replace(path: str, text: str) -> None:
    """Write a file atomically: readers see the old or the new content; raises OSError."""
    part = path + ".part"
    try:
        with open(part, "w") as handle:
            handle.write(text)
        os.replace(part, path)
    except OSError:
        remove(part)
        raise


def remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def cap(log: str, limit: int) -> None:
    """Move a log that is too large to LOG.1; its writers continue, as they append."""
    try:
        if os.path.getsize(log) < limit:
            return
        with open(log, "rb") as old, open(log + ".1", "wb") as kept:
            while os.sendfile(kept.fileno(), old.fileno(), None, 1 << 20):
                pass
        os.truncate(log, 0)
    except OSError as error:
        remove(log + ".1")  # an incomplete copy would only take space
        say(f"cannot cap {log}: {error}")


def append(path: str, text: str) -> None:
    try:
        with open(path, "a") as handle:
            handle.write(text)
    except OSError as error:
        say(f"cannot write {path}: {error}")


def own_log() -> str:
    try:
        return os.readlink("/proc/self/fd/2")
    except OSError:
        return os.devnull


def say(text: str) -> None:
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    # A full disk must not end the process that keeps the others alive.
    with contextlib.suppress(OSError):
        os.write(2, f"{stamp} supervisor: {text}\n".encode())
