"""The image cache: files on the server, for data whose own place is slow or far away.

<cache_dir>/<image id>              a complete copy; its times tell when it was made and last read
<cache_dir>/<image id>.hits         one byte for each time it was read
<cache_dir>/queue/<image id>        somebody asked for a copy
<cache_dir>/incomplete/<image id>   a copy that is being made

Several processes may work on it: a file gets its name when it is complete.
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

from stratolith.image.settings import ImageSettings
from stratolith.image.store import files
from stratolith.kernel.config import Settings
from stratolith.kernel.http.streaming import in_thread
from stratolith.kernel.ids import is_uuid

LOG = logging.getLogger(__name__)
STALLED_SECONDS = 600.0  # an incomplete copy that nobody wrote to for so long is dead


@dataclass(frozen=True)
class Entry:
    """A cached image; times in seconds of the epoch, size in bytes."""

    image_id: str
    size: int
    hits: int
    last_accessed: float
    last_modified: float


def enabled(settings: Settings) -> bool:
    return settings.of(ImageSettings).cache_max_gb > 0


def folder(settings: Settings) -> Path:
    """The directory; made when it is missing."""
    chosen = settings.of(ImageSettings).cache_dir
    # not image-cache/: that is a host's own, and guests' disks are layers over its files
    found = Path(chosen) if chosen else settings.state_dir / "image-data-cache"
    for inner in ("queue", "incomplete"):
        (found / inner).mkdir(parents=True, exist_ok=True, mode=0o750)
    return found


def entries(settings: Settings) -> list[Entry]:
    """What is cached, least recently used first."""
    found = []
    place = folder(settings)
    for name in _names(place):
        with contextlib.suppress(FileNotFoundError):  # it went in the meantime
            about = (place / name).stat()
            found.append(
                Entry(name, about.st_size, _hits(place, name), about.st_atime, about.st_mtime)
            )
    return sorted(found, key=lambda one: one.last_accessed)


def read(settings: Settings, image_id: str) -> Path | None:
    """The copy of an image, counted as a hit; None when there is none."""
    if not enabled(settings):
        return None
    place = folder(settings)
    path = place / image_id
    try:
        os.utime(path, (time.time(), path.stat().st_mtime))
    except FileNotFoundError:
        return None
    with (place / f"{image_id}.hits").open("ab") as hits:
        hits.write(b".")
    return path


def has(settings: Settings, image_id: str) -> bool:
    return (folder(settings) / image_id).exists()


def queued(settings: Settings) -> list[str]:
    """Ids of the images of which a copy is wanted, oldest first."""
    place = folder(settings) / "queue"
    return sorted(_names(place), key=lambda name: _changed(place / name))


def queue(settings: Settings, image_id: str) -> None:
    if not has(settings, image_id):
        (folder(settings) / "queue" / image_id).touch()


def unqueue(settings: Settings, image_id: str) -> bool:
    """Whether it was queued."""
    try:
        (folder(settings) / "queue" / image_id).unlink()
    except FileNotFoundError:
        return False
    return True


def drop(settings: Settings, image_id: str) -> bool:
    """Remove a copy; whether there was one."""
    place = folder(settings)
    was_there = has(settings, image_id)
    files.remove(place / image_id, place / f"{image_id}.hits")
    return was_there


def paths(settings: Settings, image_id: str) -> list[Path]:
    """Everything that there may be of an image; nothing when there is no cache."""
    if not enabled(settings):
        return []
    place = folder(settings)
    return [place / image_id, place / f"{image_id}.hits", place / "queue" / image_id]


def adopt(settings: Settings, image_id: str, file: Path) -> None:
    """Cache what a file store has: by another name of the same file where that is possible."""
    place = folder(settings)
    target = place / "incomplete" / image_id
    files.remove(target)
    try:
        os.link(file, target)
    except OSError:  # another file system
        shutil.copyfile(file, target)
    target.rename(place / image_id)


class Filling:
    """A copy that is being made; of two at once the second is refused by begin()."""

    def __init__(self, settings: Settings, image_id: str, size: int) -> None:
        self._settings = settings
        self._place = folder(settings)
        self._part = self._place / "incomplete" / image_id
        self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        self._id, self._size, self._written = image_id, size, 0

    async def write(self, block: bytes) -> None:
        await in_thread(self.write_now, block)

    async def close(self, *, complete: bool) -> None:
        await in_thread(self.close_now, complete)

    def write_now(self, block: bytes) -> None:
        """A full disk ends the copy, not what it is a copy of."""
        if self._file < 0:
            return
        try:
            with memoryview(block) as rest:
                while self._written < self._size and rest:
                    done = os.write(self._file, rest)
                    self._written += done
                    rest = rest[done:]
        except OSError as error:
            LOG.warning("image cache: %s: %s", self._id, error)
            self._end()

    def close_now(self, complete: bool) -> None:
        """Keep the copy if everything was written."""
        if self._file < 0:
            return
        os.close(self._file)
        self._file = -1
        if complete and self._written == self._size:
            self._part.rename(self._place / self._id)
        else:
            files.remove(self._part)

    def _end(self) -> None:
        os.close(self._file)
        self._file = -1
        files.remove(self._part)


def begin(settings: Settings, image_id: str, size: int) -> Filling | None:
    """Start a copy of ``size`` bytes; None when it has no room or somebody makes it already."""
    if not enabled(settings) or has(settings, image_id) or not _make_room(settings, size):
        return None
    part = folder(settings) / "incomplete" / image_id
    if time.time() - _changed(part) > STALLED_SECONDS:
        files.remove(part)
    try:
        return Filling(settings, image_id, size)
    except FileExistsError:
        return None


def _make_room(settings: Settings, size: int) -> bool:
    """Drop what was not used for longest until ``size`` more bytes fit."""
    section = settings.of(ImageSettings)
    limit = section.cache_max_gb << 30
    if size > limit or shutil.disk_usage(folder(settings)).free - size < section.min_free_mb << 20:
        return False
    kept = entries(settings)
    while kept and sum(one.size for one in kept) + size > limit:
        drop(settings, kept.pop(0).image_id)
    return True


def _names(place: Path) -> Iterator[str]:
    with os.scandir(place) as found:
        for entry in found:
            if is_uuid(entry.name) and entry.is_file(follow_symlinks=False):
                yield entry.name


def _hits(place: Path, image_id: str) -> int:
    try:
        return (place / f"{image_id}.hits").stat().st_size
    except FileNotFoundError:
        return 0


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
