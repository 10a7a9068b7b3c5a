"""Runs qemu-img in a sandbox (leash.py): convert a disk, check it, make a layer over it.

The format is always given, never detected by qemu-img, and backing files are disabled, so qemu-img
opens no file but the source. The source is passed as an open file: its owner, mode, links and
times do not change, also when the processes are killed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from stratolith.kernel.disk_images import BadImage, NoRoom, leash
from stratolith.kernel.disk_images.headers import MAX_VIRTUAL_SIZE
from stratolith.kernel.disk_images.leash import Limits

# image API format -> qemu-img driver; an ISO is a raw disk
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
_SLACK = 64 << 20  # for tables that `qemu-img measure` may not count
_WORK = ".work"
_BLOCK = 4 << 20
_CHECKED = ("qcow2", "vdi", "vhdx", "vmdk", "parallels")
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
    options: Sequence[str] = (),
    is_ours: bool = False,
) -> None:
    """Convert ``source`` to ``target``, atomically and flushed to the disk.

    ``progress`` is called with percentages; ``options`` are arguments of qemu-img for the target.
    A source that the sandbox user may not read is copied temporarily beside the target, or made
    readable for the sandbox permanently if it ``is_ours``.
    Raises BadImage, NoRoom, OSError.
    """
    described = _describe(source_format)
    work = target.with_name(target.name + _WORK)
    with _handed(source, target.parent, reserve, is_ours) as file, _workplace(work) as place:
        size = _measure(file, place, described, target_format)
        _check_room(target.parent, size, reserve)
        kind = ["-O", DRIVERS[target_format], *options]
        words = ["qemu-img", "convert", "-p", *kind, described, "target"]
        leash.run(words, place, Limits(file_size=size + _SLACK), progress, source=file)
        made = place / "target"
        leash.reclaim(made)
        _sync(made)
        made.chmod(0o640)
        made.rename(target)


def check(
    source: Path,
    source_format: str,
    *,
    folder: Path | None = None,
    seconds: float = 120.0,
    is_ours: bool = False,
) -> None:
    """Raises BadImage when parts of a disk are missing or its tables are damaged, NoRoom, OSError.

    Reads the tables, not the data (milliseconds to seconds); raw disks have none. A disk that the
    sandbox user may not read is copied temporarily to ``folder`` (None: beside the disk), or made
    readable for the sandbox permanently if it ``is_ours``.
    """
    if DRIVERS.get(source_format) not in _CHECKED:
        return
    limits = Limits(file_size=0, cpu_seconds=int(seconds), seconds=seconds)
    with _handed(source, folder or source.parent, RESERVE, is_ours) as file:
        # exit status 3: leaked clusters, which are harmless
        words = ["qemu-img", "check", "-q", _describe(source_format)]
        leash.run(words, Path("/"), limits, accept=(0, 3), source=file)


def layer(target: Path, size: int, backing: Path | None = None, backing_format: str = "") -> None:
    """Make a qcow2 of ``size`` bytes, empty or over the disk ``backing``, which is not opened.

    Raises BadImage, OSError.
    """
    words = ["qemu-img", "create", "-q", "-u", "-f", "qcow2"]
    if backing is not None:
        words += ["-b", str(backing), "-F", backing_format]
    with leash.lent(target.parent) as place:
        leash.run([*words, "made", str(size)], place, Limits(file_size=_SLACK, seconds=60.0))
        made = place / "made"
        leash.reclaim(made)
        made.rename(target)


def copy(source: Path, target: Path, *, reserve: int = RESERVE) -> None:
    """Copy another user's disk to a new file of this process. Raises NoRoom, OSError."""
    with source.open("rb") as original, target.open("xb") as made:
        _copy(original, made, target.parent, reserve)
        leash.share(made)


def may_read(source: Path) -> bool:
    """Whether the sandbox user may read the disk without a copy. Raises OSError."""
    with source.open("rb") as original:
        return leash.may_read(original)


def leftovers(folder: Path) -> Iterator[Path]:
    """Working directories of conversions that were killed."""
    for path in folder.glob(f"*{_WORK}"):
        if path.is_dir():
            yield path


@contextmanager
def _workplace(place: Path) -> Iterator[Path]:
    """Make the directory ``place`` for the result; removed afterwards."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700)
    try:
        leash.surrender(place)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _handed(source: Path, folder: Path, reserve: int, is_ours: bool) -> Iterator[IO[bytes]]:
    """The disk or a copy of it, opened so that a sandboxed program may read it.

    The copy is an unnamed file in ``folder``, so it disappears with this process.
    """
    with source.open("rb") as original:
        if is_ours:
            leash.share(original)
        if leash.may_read(original):
            yield original
            return
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, prefix=_WORK) as copy:
            _copy(original, copy, folder, reserve)
            leash.share(copy)
            yield copy


def _copy(original: IO[bytes], copy: IO[bytes], folder: Path, reserve: int) -> None:
    """Copy a file with its holes; blocks are shared where the file system supports it."""
    source, target = original.fileno(), copy.fileno()
    _check_room(folder, os.fstat(source).st_blocks * 512, reserve)
    size = os.fstat(source).st_size
    os.ftruncate(target, size)
    at = 0
    while at < size:
        try:
            at = os.lseek(source, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole remains
                return
            raise
        end = os.lseek(source, at, os.SEEK_HOLE)
        while at < end and (done := _copy_part(source, target, end - at, at)):
            at += done


def _copy_part(source: int, target: int, length: int, at: int) -> int:
    """The number of bytes copied; 0 at the end of a file that became shorter."""
    with suppress(OSError):  # different file systems, or not supported
        return os.copy_file_range(source, target, length, at, at)
    return os.pwrite(target, os.pread(source, min(length, _BLOCK), at), at)


def _describe(source_format: str) -> str:
    driver = DRIVERS.get(source_format)
    if driver is None:
        raise BadImage(f"Disks of the format {source_format} cannot be converted")
    described: dict[str, object] = {
        "driver": driver,
        "file": {"driver": "file", "filename": leash.SOURCE, "read-only": True},
        "read-only": True,
    }
    if driver == "qcow2":
        described["backing"] = None
    return f"json:{json.dumps(described)}"


def _measure(file: IO[bytes], place: Path, described: str, target_format: str) -> int:
    """The maximum size of the target in bytes."""
    # formats that qemu-img cannot measure are not larger than raw
    driver = DRIVERS[target_format] if target_format in _MEASURED else "raw"
    words = ["qemu-img", "measure", "--output=json", "-O", driver, described]
    limits = Limits(file_size=0, cpu_seconds=120, seconds=300.0)
    try:
        measured = json.loads(leash.run(words, place, limits, source=file))
        size = int(measured["required"])
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
