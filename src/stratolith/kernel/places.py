"""Whether a path means the same directory for another process as for this one.

Two mount namespaces of a machine can each have a cloud under the same path, and their processes
then have the same command lines. The directories behind the path distinguish them.
"""

from __future__ import annotations

import os
import re
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


def is_same_location(pid: int, path: Path) -> bool:
    """Whether ``path`` is in the same directory of the same file system for both.

    It need not exist: a process may still use a mounted directory that was deleted. False for a
    process that has ended.
    """
    theirs = _location(str(pid), path)
    return theirs is not None and theirs == _location("self", path)


def _location(process: str, path: Path) -> tuple[str, str] | None:
    """The device number of the file system, and the path in it."""
    try:
        lines = Path(f"/proc/{process}/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return None
    location, deepest = None, -1
    for line in lines:
        _, _, device, root, point = line.split(" ", 5)[:5]
        mounted = Path(_unescaped(point))
        if len(mounted.parts) >= deepest and path.is_relative_to(mounted):  # a later mount is above
            deepest = len(mounted.parts)
            inside = Path(_unescaped(root).removesuffix("//deleted")) / path.relative_to(mounted)
            location = device, str(inside)
    return location


def _unescaped(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), word)
