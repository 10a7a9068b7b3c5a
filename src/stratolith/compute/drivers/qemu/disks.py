"""The disks of a guest: copy-on-write overlays, ephemeral disks, swap."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from stratolith.compute.drivers.base import (
    FILE_SYSTEMS,
    SWAP,
    Blank,
    DiskSpec,
    DriverError,
    GuestSpec,
    ImageRef,
    NotPossible,
)
from stratolith.kernel.disk_images import BadImage, conversion, leash
from stratolith.kernel.disk_images.leash import Limits

_QCOW2_MAGIC = b"QFI\xfb"
_EXTERNAL_DATA = 1 << 2  # incompatible feature bit of a qcow2 header


class DiskFile(NamedTuple):
    """One disk for QEMU."""

    path: Path
    format: str
    serial: str
    role: str = "root"


def layout(spec: GuestSpec, directory: Path) -> list[DiskFile]:
    """The files of the guest's disks, in the order of devices in the guest."""
    files: list[DiskFile] = []
    for number, disk in enumerate(spec.disks):
        if disk.role == "cdrom":
            files.append(DiskFile(_disc(disk), "raw", "", disk.role))
            continue
        kind = "qcow2" if disk.role == "root" else "raw"
        serial = disk.serial or f"{disk.role}{number}-{spec.id.replace('-', '')}"
        path = directory / f"disk{number}-{disk.role}.{kind}"
        files.append(DiskFile(path, kind, serial[:20], disk.role))
    return files


def _disc(disk: DiskSpec) -> Path:
    """The ISO image in the image cache; all guests share it, as it is only read."""
    if not isinstance(disk.source, ImageRef):
        raise NotPossible("A CD-ROM needs an image")
    return Path(disk.source.path)


def make(spec: GuestSpec, directory: Path) -> None:
    """Create all disks in ``directory``; raises DriverError, then some files may be left."""
    ephemerals = 0
    for disk, file in zip(spec.disks, layout(spec, directory), strict=True):
        match disk.role:
            case "root":
                _make_root(disk, file.path)
            case "ephemeral" | "swap":
                _make_blank(disk, file.path, f"ephemeral{ephemerals}")
                ephemerals += disk.role == "ephemeral"
            case "cdrom":
                if not file.path.is_file():
                    raise DriverError(f"The ISO {file.path.name} is not in the image cache")
            case other:
                raise DriverError(f"A disk cannot have the role {other!r}")


def _make_root(disk: DiskSpec, path: Path) -> None:
    size, backing, kind = disk.size_bytes, None, ""
    if isinstance(disk.source, ImageRef):
        needed = virtual_size(disk.source)
        _check(disk.source)
        if 0 < size < needed:
            raise NotPossible(
                f"The flavor's root disk of {_human(size)} is smaller than the image "
                f"{disk.source.image_id}, which is {_human(needed)}"
            )
        size = size or needed
        backing, kind = Path(disk.source.path), disk.source.format
    if size <= 0:
        raise NotPossible("A root disk without an image needs a size")
    with _as_driver_error("The root disk cannot be made"):
        conversion.layer(path, size, backing, kind)


def _make_blank(disk: DiskSpec, path: Path, label: str) -> None:
    """``label``: the label of a file system."""
    if not isinstance(disk.source, Blank):
        raise NotPossible("No disk but the root disk can be made from an image")
    form = disk.source.format
    arguments: list[str] = []
    if form == SWAP:
        arguments = ["mkswap", "--quiet"]
    elif form in FILE_SYSTEMS:
        # The guest's kernel initializes these parts later, so the file stays sparse.
        options = "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0"
        arguments = ["mkfs.ext4", "-q", "-t", form, "-F", "-m", "0", "-L", label, "-E", options]
    elif form:
        raise NotPossible(f"A blank disk cannot have the format {form!r}")
    _make_new(path, disk.size_bytes, arguments)


def _make_new(path: Path, size: int, arguments: list[str]) -> None:
    """A sparse disk; a program formats it. ``arguments``: its command without the disk's name."""
    if size <= 0:
        raise DriverError(f"The disk {path.name} needs a size")
    with _as_driver_error(f"The disk {path.name} cannot be made"), leash.lent(path.parent) as place:
        draft = place / "disk"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.truncate(size)
        leash.surrender(draft)
        if arguments:
            leash.run([*arguments, "disk"], place, Limits(file_size=size, seconds=60.0))
        leash.reclaim(draft)
        draft.rename(path)


@contextmanager
def _as_driver_error(what: str) -> Iterator[None]:
    """Convert failures of programs to DriverError."""
    try:
        yield
    except BadImage as error:
        raise DriverError(f"{what}: {error}") from None


def virtual_size(image: ImageRef) -> int:
    """The image's size for the guest, in bytes; raises DriverError for an unusable image."""
    try:
        if image.format == "raw":
            size = os.stat(image.path).st_size
        elif image.format == "qcow2":
            with open(image.path, "rb") as file:
                size = _qcow2_size(file.read(104), image.image_id)
        else:
            raise NotPossible(f"Image {image.image_id}: QEMU runs raw and qcow2 only")
    except OSError as error:
        raise DriverError(f"Image {image.image_id} cannot be read: {error.strerror}") from None
    if size <= 0:
        raise NotPossible(f"Image {image.image_id} is empty")
    return size


_checked: dict[str, tuple[int, int]] = {}


def _check(image: ImageRef) -> None:
    """Raise DriverError if parts of a qcow2 are missing: a guest would read zeros there.

    The result is remembered while the file is the same: files in the cache never change.
    """
    if image.format != "qcow2":
        return
    status = os.stat(image.path)
    key = (status.st_ino, status.st_size)
    if _checked.get(image.path) == key:
        return
    try:
        conversion.check(Path(image.path), image.format, is_ours=True)
    except BadImage as error:
        raise NotPossible(f"Image {image.image_id} is corrupt", _last_line(error)) from None
    _checked[image.path] = key


def _last_line(error: BadImage) -> str:
    return str(error).strip().splitlines()[-1]


def _qcow2_size(header: bytes, image_id: str) -> int:
    if len(header) < 72 or header[:4] != _QCOW2_MAGIC:
        raise NotPossible(f"Image {image_id} is corrupt: it has no qcow2 header")
    version, backing = struct.unpack_from(">IQ", header, 4)
    (size,) = struct.unpack_from(">Q", header, 24)
    features = struct.unpack_from(">Q", header, 72)[0] if version >= 3 and len(header) >= 80 else 0
    # The image service refuses these; the host refuses them again, because with the name in the
    # header a guest could read any file of the host.
    if backing or features & _EXTERNAL_DATA:
        raise NotPossible(f"Image {image_id} refers to another file, which is not allowed")
    return int(size)


def _human(size: int) -> str:
    return f"{size / 2**30:.2f} GiB ({size} bytes)"
