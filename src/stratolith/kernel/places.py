"""Whether another process means the same place by a path as this one.

Two mount namespaces of one machine can have a cloud each under the same path, and their processes
the same words in their commands. The directories behind the path tell them apart.
"""

from __future__ import annotations

import os
from pathlib import Path


def means_ours(pid: int, path: Path, top: Path) -> bool:
    """Whether ``path``, which is at or below the directory ``top``, is the same place for both.

    Judged by the deepest directory that both have; what is deleted can still be in use by a
    process that was started there. False for a process that is gone.
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
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
