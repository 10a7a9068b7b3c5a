"""Paths and plain file operations of the store; knows no database."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from stratolith.image.exceptions import ImageTooLarge, StorageFull
from stratolith.image.settings import ImageSettings
from stratolith.kernel.config import Settings
from stratolith.kernel.ids import is_uuid

NAME = "file"  # id of the default store


def names(settings: Settings) -> list[str]:
    """Ids of all stores, the default one first."""
    further = settings.of(ImageSettings).extra_stores
    return [NAME, *(entry.partition("=")[0] for entry in further)]


def folder(settings: Settings, store: str = NAME) -> Path:
    """A store's directory; made when it is missing. KeyError for unknown stores."""
    found = _places(settings)[store]
    inner = found / "staging" if store == NAME else found
    inner.mkdir(parents=True, exist_ok=True, mode=0o750)
    return found


def path(settings: Settings, image_id: str, store: str = NAME) -> Path:
    return folder(settings, store) / image_id


def paths(settings: Settings, image_id: str) -> list[Path]:
    """Where the data of an image may lie, in every store."""
    return [path(settings, image_id, store) for store in names(settings)]


def copy(settings: Settings, source: Path, image_id: str, token: str, store: str) -> None:
    """Put a copy of ``source`` in another store; durable when this returns. Raises StorageFull."""
    check_room(settings, source.stat().st_size, store)
    staged_copy = staging_path(settings, image_id, f"{token}-{store}")
    if store != NAME:  # a rename must not leave the file system
        staged_copy = folder(settings, store) / f"{image_id}.{token}"
    try:
        _copy(source, staged_copy)
        accept(staged_copy, path(settings, image_id, store))
    finally:
        remove(staged_copy)


def _copy(source: Path, target: Path) -> None:
    try:
        with source.open("rb") as reader, target.open("wb") as writer:
            shutil.copyfileobj(reader, writer, 4 << 20)
            writer.flush()
            os.fdatasync(writer.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(free=0, reserve=0) from None
        raise


def _places(settings: Settings) -> dict[str, Path]:
    section = settings.of(ImageSettings)
    chosen = section.store_dir
    found = {NAME: Path(chosen) if chosen else settings.state_dir / "images"}
    for entry in section.extra_stores:
        name, _, place = entry.partition("=")
        found[name] = Path(place) if place else settings.state_dir / f"images-{name}"
    return found


def staging_path(settings: Settings, image_id: str, token: str) -> Path:
    return folder(settings) / "staging" / f"{image_id}.{token}"


def check_size(settings: Settings, size: int) -> None:
    """Raise ImageTooLarge when an image of ``size`` bytes is more than the limit."""
    limit = settings.of(ImageSettings).max_size_gb << 30
    if size > limit:
        raise ImageTooLarge(limit=limit)


def check_room(settings: Settings, size: int, store: str = NAME) -> None:
    """Raise StorageFull unless ``size`` more bytes leave the reserve untouched."""
    free = shutil.disk_usage(folder(settings, store)).free
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
        if one.is_dir():  # where a conversion worked
            shutil.rmtree(one, ignore_errors=True)
        else:
            one.unlink(missing_ok=True)


def stored(settings: Settings) -> Iterator[tuple[str, str, str, Path]]:
    """(store, image id, token, file) of everything in the stores; token "" for finished files."""
    for store in names(settings):
        with os.scandir(folder(settings, store)) as entries:
            for entry in entries:
                image_id, _, token = entry.name.partition(".")
                if is_uuid(image_id) and entry.is_file(follow_symlinks=False):
                    yield store, image_id, token, Path(entry.path)


def staged(settings: Settings) -> Iterator[tuple[str, str, Path]]:
    """(image id, token, path) of everything in the staging folder; conversions have directories."""
    with os.scandir(folder(settings) / "staging") as entries:
        for entry in entries:
            image_id, _, token = entry.name.partition(".")
            if not entry.is_symlink():
                yield image_id, token, Path(entry.path)
