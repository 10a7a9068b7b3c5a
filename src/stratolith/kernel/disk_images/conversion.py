"""Turns a disk of one format into one of another: qemu-img on a leash.

The format is always told, never guessed from the data, and backing files are switched off: what
qemu-img opens besides the source is nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stratolith.kernel.disk_images import BadImage, NoRoom, leash
from stratolith.kernel.disk_images.headers import MAX_VIRTUAL_SIZE
from stratolith.kernel.disk_images.leash import Limits

# qemu-img's names of formats that the image API calls otherwise; an ISO is a disk as it is
DRIVERS = {
    "raw": "raw",
    "iso": "raw",
    "ami": "raw",
    "qcow2": "qcow2",
    "vhd": "vpc",
    "vhdx": "vhdx",
    "vmdk": "vmdk",
    "vdi": "vdi",
    "ploop": "parallels",
}
RESERVE = 256 << 20  # bytes of a disk that a conversion leaves free
_SLACK = 64 << 20  # tables that a measurement may not count
_WORK = ".work"
_MEASURED = ("raw", "qcow2")

Progress = Callable[[float], None]


def convert(
    source: Path,
    source_format: str,
    target: Path,
    target_format: str,
    *,
    progress: Progress | None = None,
    reserve: int = RESERVE,
) -> None:
    """Make ``target`` from ``source``, durable and whole or not at all.

    ``source`` changes its owner for the time of the work when root converts and not everybody
    may read it. ``progress`` is
    called with percentages. Raises BadImage, NoRoom, OSError.
    """
    with _workplace(source, target) as place:
        described = _describe(source_format)
        size = _measure(place, described, target_format)
        _check_room(target.parent, size, reserve)
        words = ["qemu-img", "convert", "-p", "-O", DRIVERS[target_format], described, "target"]
        leash.run(words, place, Limits(file_size=size + _SLACK), progress)
        made = place / "target"
        _sync(made)
        leash.reclaim(made)
        made.chmod(0o640)
        made.rename(target)


def leftovers(folder: Path) -> Iterator[Path]:
    """Working directories of conversions that died."""
    for path in folder.glob(f"*{_WORK}"):
        if path.is_dir():
            yield path


@contextmanager
def _workplace(source: Path, target: Path) -> Iterator[Path]:
    """A directory beside the target that holds nothing but the source."""
    place = target.with_name(target.name + _WORK)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700)
    inside = place / "source"
    before = source.stat()
    try:
        _put(source, inside)
        leash.surrender(place)
        if not before.st_mode & stat.S_IROTH:
            leash.surrender(inside)
        yield place
    finally:
        if inside.exists() and inside.stat().st_uid != before.st_uid:
            os.chown(inside, before.st_uid, before.st_gid)
        shutil.rmtree(place, ignore_errors=True)


def _put(source: Path, inside: Path) -> None:
    try:
        os.link(source, inside)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, inside)


def _describe(source_format: str) -> str:
    driver = DRIVERS.get(source_format)
    if driver is None:
        raise BadImage(f"Disks of the format {source_format} cannot be converted")
    described: dict[str, object] = {
        "driver": driver,
        "file": {"driver": "file", "filename": "source", "read-only": True},
        "read-only": True,
    }
    if driver == "qcow2":
        described["backing"] = None
    return f"json:{json.dumps(described)}"


def _measure(place: Path, described: str, target_format: str) -> int:
    """Bytes that the target may take at most."""
    # what cannot be measured is no larger than a raw disk
    driver = DRIVERS[target_format] if target_format in _MEASURED else "raw"
    words = ["qemu-img", "measure", "--output=json", "-O", driver, described]
    limits = Limits(file_size=0, cpu_seconds=120, seconds=300.0)
    try:
        found = json.loads(leash.run(words, place, limits))
        size = int(found["required"])
    except (ValueError, KeyError, TypeError):
        raise BadImage("qemu-img cannot tell how large the disk is") from None
    if size > MAX_VIRTUAL_SIZE:
        raise BadImage(f"The disk is too large to be converted: {size} bytes")
    return size


def _check_room(folder: Path, size: int, reserve: int) -> None:
    free = shutil.disk_usage(folder).free
    if free - size < reserve:
        raise NoRoom(
            f"no space left for the converted image under {folder}: it may take {size >> 20} MiB, "
            f"{free >> 20} MiB are free, {reserve >> 20} MiB are kept in reserve"
        )


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
