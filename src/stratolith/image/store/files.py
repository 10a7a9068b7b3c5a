"""Paths and file operations of the stores; does not use the database."""

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
    """A store's directory, created if missing. Raises KeyError for an unknown store."""
    directory = _places(settings)[store]
    inner = directory / "staging" if store == NAME else directory
    inner.mkdir(parents=True, exist_ok=True, mode=0o750)
    return directory


def path(settings: Settings, image_id: str, store: str = NAME) -> Path:
    return folder(settings, store) / image_id


def paths(settings: Settings, image_id: str) -> list[Path]:
    """The possible paths of an image's data, one in each store."""
    return [path(settings, image_id, store) for store in names(settings)]


def copy(settings: Settings, source: Path, image_id: str, token: str, store: str) -> None:
    """Put a copy of ``source`` in another store; durable when this returns. Raises StorageFull."""
    check_room(settings, source.stat().st_size, store)
    staged_copy = staging_path(settings, image_id, f"{token}-{store}")
    if store != NAME:  # a rename works only within a file system
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
    places = {NAME: Path(chosen) if chosen else settings.state_dir / "images"}
    for entry in section.extra_stores:
        name, _, place = entry.partition("=")
        places[name] = Path(place) if place else settings.state_dir / f"images-{name}"
    return places


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
    """Make staged data the data of an image; durable when this returns; can be repeated."""
    try:
        os.rename(staged, final)
    except FileNotFoundError:
        if not final.exists():  # else an earlier attempt of the transaction renamed it
            raise
    descriptor = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(*paths: Path) -> None:
    for path in paths:
        if path.is_dir():  # the working directory of a conversion
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def stored(settings: Settings) -> Iterator[tuple[str, str, str, Path]]:
    """(store, image id, token, file) of all files in the stores; token "" for complete files."""
    for store in names(settings):
        with os.scandir(folder(settings, store)) as entries:
            for entry in entries:
                image_id, _, token = entry.name.partition(".")
                if is_uuid(image_id) and entry.is_file(follow_symlinks=False):
                    yield store, image_id, token, Path(entry.path)


def staged(settings: Settings) -> Iterator[tuple[str, str, Path]]:
    """(image id, token, path) of all staging files, and directories of conversions."""
    with os.scandir(folder(settings) / "staging") as entries:
        for entry in entries:
            image_id, _, token = entry.name.partition(".")
            if not entry.is_symlink():
                yield image_id, token, Path(entry.path)
