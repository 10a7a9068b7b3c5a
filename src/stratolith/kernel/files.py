"""Atomic writes: after a crash a file has its old or its new content, never a mix."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE = 0o600


def write(path: Path, text: str, *, mode: int = PRIVATE) -> None:
    """Replace a file atomically; the file has this mode before anything is written to it."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as handle:
        os.fchmod(descriptor, mode)
        handle.write(text)
        handle.flush()
        os.fsync(descriptor)
    part.replace(path)
