"""Paths and plain file operations of the store; knows no database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from stratolith.image.exceptions import ImageTooLarge, StorageFull
from stratolith.image.settings import ImageSettings
from stratolith.kernel.config import Settings
from stratolith.kernel.ids import is_uuid

NAME = "file"  # the store's id in the API


def folder(settings: Settings) -> Path:
    """The store's directory; made when it is missing."""
    chosen = settings.of(ImageSettings).store_dir
    found = Path(chosen) if chosen else settings.state_dir / "images"
    (found / "staging").mkdir(parents=True, exist_ok=True, mode=0o750)
    return found


def path(settings: Settings, image_id: str) -> Path:
    return folder(settings) / image_id


def staging_path(settings: Settings, image_id: str, token: str) -> Path:
    return folder(settings) / "staging" / f"{image_id}.{token}"


def check_size(settings: Settings, size: int) -> None:
    """Raise ImageTooLarge when an image of ``size`` bytes is more than the limit."""
    limit = settings.of(ImageSettings).max_size_gb << 30
    if size > limit:
        raise ImageTooLarge(limit=limit)


def check_room(settings: Settings, size: int) -> None:
    """Raise StorageFull unless ``size`` more bytes leave the reserve untouched."""
    free = shutil.disk_usage(folder(settings)).free
    reserve = settings.of(ImageSettings).min_free_mb << 20
    if free - size < reserve:
        raise StorageFull(free=free, reserve=reserve)


def accept(staged: Path, final: Path) -> None:
    """Make staged data the data of an image; durable once this returns, may be repeated."""
    try:
        os.rename(staged, final)
    except FileNotFoundError:
        if not final.exists():  # else: an earlier try of the same transaction did it
            raise
    descriptor = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(*paths: Path) -> None:
    for one in paths:
        one.unlink(missing_ok=True)


def stored(settings: Settings) -> Iterator[tuple[str, Path]]:
    """(image id, file) of everything that lies in the store."""
    with os.scandir(folder(settings)) as entries:
        for entry in entries:
            if is_uuid(entry.name) and entry.is_file(follow_symlinks=False):
                yield entry.name, Path(entry.path)


def staged(settings: Settings) -> Iterator[tuple[str, str, Path]]:
    """(image id, token, file) of everything in the staging folder."""
    with os.scandir(folder(settings) / "staging") as entries:
        for entry in entries:
            image_id, _, token = entry.name.partition(".")
            if entry.is_file(follow_symlinks=False):
                yield image_id, token, Path(entry.path)
