"""Atomic writes: after a crash a file has its old or its new content, never a mix.

And bounded reads of files that people write.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o600
MAX_BYTES = 1024 * 1024


def write(path: Path, text: str, *, mode: int = PRIVATE) -> None:
    """Replace a file atomically; the file has this mode before anything is written to it.

    Threads and processes that write into the same folder wait for each other: they would take away
    each other's unfinished file.
    """
    with _locked(path.parent):
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w") as handle:
            os.fchmod(descriptor, mode)
            handle.write(text)
            handle.flush()
            os.fsync(descriptor)
        part.replace(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def read(path: Path) -> str:
    """The text of a file that people write.

    Raises OSError for what is no regular file, without waiting for a FIFO's writer, and for a file
    of more than MAX_BYTES.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as handle:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        content = handle.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(errno.EFBIG, f"The file is larger than {MAX_BYTES} bytes", str(path))
    return content.decode()
