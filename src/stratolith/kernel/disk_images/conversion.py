"""All that qemu-img does for us, on a leash: convert a disk, check it, make a layer over it.

The format is always told, never guessed from the data, and backing files are switched off: what
qemu-img opens besides the source is nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
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
) -> None:
    """Make ``target`` from ``source``, durable and whole or not at all.

    ``source`` changes its owner for the time of the work when root converts and not everybody
    may read it. ``progress`` is
    called with percentages; ``options`` are qemu-img's words for how the target is written.
    Raises BadImage, NoRoom, OSError.
    """
    with _workplace(source, target.with_name(target.name + _WORK)) as place:
        described = _describe(source_format)
        size = _measure(place, described, target_format)
        _check_room(target.parent, size, reserve)
        kind = ["-O", DRIVERS[target_format], *options]
        words = ["qemu-img", "convert", "-p", *kind, described, "target"]
        leash.run(words, place, Limits(file_size=size + _SLACK), progress)
        made = place / "target"
        leash.reclaim(made)
        _sync(made)
        made.chmod(0o640)
        made.rename(target)


def check(
    source: Path, source_format: str, *, folder: Path | None = None, seconds: float = 120.0
) -> None:
    """Raises BadImage when parts of a disk are missing or its tables are damaged, or OSError.

    The work is done in ``folder``, beside the disk when that is None.
    Reads the tables, not the data (milliseconds to seconds). Raw disks have none.
    """
    if DRIVERS.get(source_format) not in _CHECKED:
        return
    limits = Limits(file_size=0, cpu_seconds=int(seconds), seconds=seconds)
    # a name of its own: several guests may be made of one image at once
    work = tempfile.mkdtemp(dir=folder or source.parent, prefix=f"{source.name}.", suffix=_WORK)
    with _workplace(source, Path(work)) as place:
        # 3: clusters nobody uses, which harms nothing
        words = ["qemu-img", "check", "-q", _describe(source_format)]
        leash.run(words, place, limits, accept=(0, 3))


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


def leftovers(folder: Path) -> Iterator[Path]:
    """Working directories of conversions that died."""
    for path in folder.glob(f"*{_WORK}"):
        if path.is_dir():
            yield path


@contextmanager
def _workplace(source: Path, place: Path) -> Iterator[Path]:
    """The new directory ``place``, which holds nothing but the source."""
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
