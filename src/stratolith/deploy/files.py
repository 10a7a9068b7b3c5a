"""Writing the files that commands make, only where something changes."""

from __future__ import annotations

from pathlib import Path

from stratolith.kernel import files


def write(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace a file atomically, and make its directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, text, mode=mode)


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
