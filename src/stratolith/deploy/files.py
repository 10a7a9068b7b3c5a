"""Writing files so that a crash leaves the old or the new one, never half of one."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace a file atomically; the file has this mode before anything is written to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as handle:
        os.fchmod(descriptor, mode)
        handle.write(text)
        handle.flush()
        os.fsync(descriptor)
    part.replace(path)


def write_if_changed(path: Path, text: str, *, mode: int = 0o644) -> bool:
    """Write only when the content or the mode differs; returns whether it was written."""
    try:
        if path.read_text() == text and path.stat().st_mode & 0o777 == mode:
            return False
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    write(path, text, mode=mode)
    return True


def is_written(path: Path, text: str, *, mode: int = 0o644) -> bool:
    """Whether the file already has this content and mode."""
    try:
        return path.read_text() == text and path.stat().st_mode & 0o777 == mode
    except (FileNotFoundError, UnicodeDecodeError):
        return False
