"""Whether a path means the same directory for another process as for this one.

Two mount namespaces of a machine can each have a cloud under the same path, and their processes
then have the same command lines. The directories behind the path distinguish them.
"""

from __future__ import annotations

import os
from pathlib import Path


def is_same_place(pid: int, path: Path, top: Path) -> bool:
    """Whether ``path``, which is at or below the directory ``top``, is the same for both.

    Compares the deepest directory that both have, because a process can still use a directory that
    was deleted. False for a process that has ended.
    """
    root = f"/proc/{pid}/root"
    below = True  # at or below top
    for folder in (path, *path.parents):
        ours, theirs = _identity(str(folder)), _identity(f"{root}{folder}")
        if ours is not None and ours == theirs:
            return True
        if ours is not None and theirs is not None and not below:
            return False
        if folder == top:
            if ours is not None and theirs is not None:
                return False
            below = False
    return False


def _identity(path: str) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_dev, info.st_ino
