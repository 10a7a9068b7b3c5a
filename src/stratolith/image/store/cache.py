"""The image cache: files on the server, for data whose location is slow or far away.

<cache_dir>/<image id>.<generation>              a complete copy; its times are those of its
                                                 creation and last access
<cache_dir>/<image id>.<generation>.hits         one byte for each access
<cache_dir>/queue/<image id>                     a copy was requested
<cache_dir>/incomplete/<image id>.<generation>   a copy in progress

The generation (managers/generations.py) identifies the owner and the data: a copy is used only for
requests of exactly these data. Several processes may use the cache: a file gets its final name when
it is complete.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stratolith.image.settings import ImageSettings
from stratolith.image.store import files
from stratolith.kernel.config import Settings
from stratolith.kernel.http.streaming import in_thread
from stratolith.kernel.ids import is_uuid

LOG = logging.getLogger(__name__)
STALLED_SECONDS = 600.0  # an incomplete copy is abandoned when it was not written for so long


class Copied(NamedTuple):
    """The image and generation of a copy."""

    image_id: str
    generation: str

    @property
    def name(self) -> str:
        return f"{self.image_id}.{self.generation}"


@dataclass(frozen=True)
class Entry:
    """A cached image; times in seconds of the epoch, size in bytes."""

    of: Copied
    size: int
    hits: int
    last_accessed: float
    last_modified: float

    @property
    def image_id(self) -> str:
        return self.of.image_id


def enabled(settings: Settings) -> bool:
    return settings.of(ImageSettings).cache_max_gb > 0


def folder(settings: Settings) -> Path:
    """The directory; created when missing."""
    chosen = settings.of(ImageSettings).cache_dir
    # not image-cache/: that belongs to an agent, and guests' disks are layers over its files
    path = Path(chosen) if chosen else settings.state_dir / "image-data-cache"
    for inner in ("queue", "incomplete"):
        (path / inner).mkdir(parents=True, exist_ok=True, mode=0o750)
    return path


def entries(settings: Settings) -> list[Entry]:
    """The cached images, least recently used first."""
    cached = []
    place = folder(settings)
    for name in _names(place):
        of = _parse(name)
        if of is None:
            continue
        with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
            info = (place / name).stat()
            cached.append(Entry(of, info.st_size, _hits(place, name), info.st_atime, info.st_mtime))
    return sorted(cached, key=lambda entry: entry.last_accessed)


def read(settings: Settings, of: Copied) -> Path | None:
    """The copy of exactly these data, counted as a hit; None when there is no copy."""
    if not enabled(settings):
        return None
    place = folder(settings)
    path = place / of.name
    try:
        os.utime(path, (time.time(), path.stat().st_mtime))
    except FileNotFoundError:
        return None
    with (place / f"{of.name}.hits").open("ab") as hits:
        hits.write(b".")
    return path


def has(settings: Settings, of: Copied) -> bool:
    return (folder(settings) / of.name).exists()


def queued(settings: Settings) -> list[str]:
    """Ids of the images in the queue, oldest first."""
    place = folder(settings) / "queue"
    return sorted(filter(is_uuid, _names(place)), key=lambda name: _changed(place / name))


def queue(settings: Settings, of: Copied) -> None:
    if not has(settings, of):
        (folder(settings) / "queue" / of.image_id).touch()


def unqueue(settings: Settings, image_id: str) -> bool:
    """Remove an image from the queue; returns whether it was queued."""
    try:
        (folder(settings) / "queue" / image_id).unlink()
    except FileNotFoundError:
        return False
    return True


def drop(settings: Settings, image_id: str) -> bool:
    """Remove all copies of an image; returns whether there was one."""
    kept = _copies(settings, image_id)
    files.remove(*kept)
    return bool(kept)


def drop_copy(settings: Settings, of: Copied) -> None:
    """Remove one copy and its count of hits."""
    place = folder(settings)
    files.remove(place / of.name, place / f"{of.name}.hits")


def drop_stalled(settings: Settings) -> None:
    """Remove abandoned incomplete copies, and hit counts without a copy."""
    place = folder(settings)
    for name in _names(place / "incomplete"):
        _drop_if_stalled(place / "incomplete" / name)
    for name in _names(place):
        copy, _, ending = name.rpartition(".")
        if ending == "hits" and not (place / copy).exists():
            files.remove(place / name)


def _drop_if_stalled(part: Path) -> None:
    if time.time() - _changed(part) > STALLED_SECONDS:
        files.remove(part)


def drop_others(settings: Settings, of: Copied) -> None:
    """Remove copies of earlier data of an image."""
    files.remove(
        *(path for path in _copies(settings, of.image_id) if not path.name.startswith(of.name))
    )


def paths(settings: Settings, image_id: str) -> list[Path]:
    """All files that an image may have in the cache; empty when the cache is disabled."""
    if not enabled(settings):
        return []
    return [*_copies(settings, image_id), folder(settings) / "queue" / image_id]


def adopt(settings: Settings, of: Copied, file: Path) -> None:
    """Cache the file of a file store, as a hard link if possible."""
    place = folder(settings)
    target = place / "incomplete" / of.name
    files.remove(target)
    try:
        os.link(file, target)
    except OSError:  # another file system
        shutil.copyfile(file, target)
    target.rename(place / of.name)


class Filling:
    """A copy in progress; begin() refuses a second copy of the same data."""

    def __init__(self, settings: Settings, of: Copied, size: int) -> None:
        self._settings = settings
        self._place = folder(settings)
        self._part = self._place / "incomplete" / of.name
        self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        self._name, self._size, self._written = of.name, size, 0

    async def write(self, block: bytes) -> None:
        await in_thread(self.write_now, block)

    async def close(self, *, complete: bool) -> None:
        await in_thread(self.close_now, complete)

    def write_now(self, block: bytes) -> None:
        """Write a block; a full disk ends only the copy, not the transfer of the data."""
        if self._file < 0:
            return
        try:
            with memoryview(block) as rest:
                while self._written < self._size and rest:
                    done = os.write(self._file, rest)
                    self._written += done
                    rest = rest[done:]
        except OSError as error:
            LOG.warning("image cache: %s: %s", self._name, error)
            self._end()

    def close_now(self, complete: bool) -> None:
        """Keep the copy if all data were written."""
        if self._file < 0:
            return
        os.close(self._file)
        self._file = -1
        if complete and self._written == self._size:
            self._part.rename(self._place / self._name)
        else:
            files.remove(self._part)

    def _end(self) -> None:
        os.close(self._file)
        self._file = -1
        files.remove(self._part)


def begin(settings: Settings, of: Copied, size: int) -> Filling | None:
    """Start a copy of ``size`` bytes; None without free space or when it is already in progress."""
    if not enabled(settings) or has(settings, of) or not _make_room(settings, size):
        return None
    part = folder(settings) / "incomplete" / of.name
    _drop_if_stalled(part)
    try:
        return Filling(settings, of, size)
    except FileExistsError:
        return None


def _make_room(settings: Settings, size: int) -> bool:
    """Free space for ``size`` more bytes by removing the least recently used copies; returns
    whether they fit.
    """
    section = settings.of(ImageSettings)
    if (
        size > section.cache_max_gb << 30
        or shutil.disk_usage(folder(settings)).free - size < section.min_free_mb << 20
    ):
        return False
    prune(settings, size)
    return True


def prune(settings: Settings, size: int = 0) -> list[Entry]:
    """Remove the least recently used copies until ``size`` more bytes fit; returns the removed
    copies.
    """
    kept, dropped = entries(settings), []
    over = (
        sum(entry.size for entry in kept) + size - (settings.of(ImageSettings).cache_max_gb << 30)
    )
    for entry in kept:
        if over <= 0:
            break
        drop_copy(settings, entry.of)
        dropped.append(entry)
        over -= entry.size
    return dropped


def _names(place: Path) -> Iterator[str]:
    with os.scandir(place) as directory:
        for entry in directory:
            if entry.is_file(follow_symlinks=False):
                yield entry.name


def _parse(name: str) -> Copied | None:
    """The image and generation in the name of a copy; None for any other name."""
    image_id, _, generation = name.partition(".")
    return Copied(image_id, generation) if is_uuid(image_id) and generation.isalnum() else None


def _copies(settings: Settings, image_id: str) -> list[Path]:
    """All copies of an image and their hit counts."""
    place = folder(settings)
    return [place / name for name in _names(place) if name.partition(".")[0] == image_id]


def _hits(place: Path, name: str) -> int:
    try:
        return (place / f"{name}.hits").stat().st_size
    except FileNotFoundError:
        return 0


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
