"""The lock files by which a process owns a role of a cloud (server, agent, supervisor).

Imports the standard library only, and little of it: the supervisor must stay small.
"""

from __future__ import annotations

import contextlib
import fcntl
import os

WIDTH = 15  # the pid is padded: writing it over an older one needs no new block of a full disk


def lock_holder(path: str) -> int | None:
    """The pid of the process that holds this lock file; None when it is free."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _kernel_says(descriptor) or _file_says(descriptor)
    except OSError:
        return None
    else:
        return None
    finally:
        os.close(descriptor)


def take_lock(path: str) -> int | None:
    """Hold a lock file until this process ends, with the pid in it; None when it is held.

    The descriptor is returned and must stay open; it is not inherited by child processes.
    Raises OSError when there is no such file and none can be made.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    # On a full disk this may fail; the kernel's own list still tells who holds it.
    with contextlib.suppress(OSError):
        os.pwrite(descriptor, f"{os.getpid()}".ljust(WIDTH).encode() + b"\n", 0)
    return descriptor


def _kernel_says(descriptor: int) -> int | None:
    """The pid of the holder from /proc/locks; None where the kernel does not show it."""
    status = os.fstat(descriptor)
    number = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        with open("/proc/locks") as lines:
            for line in lines:  # 7: FLOCK  ADVISORY  WRITE 2719 fe:00:1835041 0 EOF
                fields = line.split()
                if fields[1] == "FLOCK" and fields[5] == number:
                    return int(fields[4]) if int(fields[4]) > 0 else None
    except (OSError, ValueError, IndexError):
        return None
    return None


def _file_says(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).split(b"\n")[0].strip()
    return int(text) if text.isdigit() else None
