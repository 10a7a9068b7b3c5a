"""Checks an image that the user provides, before it is stored."""

from __future__ import annotations

import stat
from pathlib import Path

from stratolith.kernel.disk_images import BadImage, NoRoom, conversion
from stratolith.kernel.disk_images.inspection import STRUCTURED, Inspection

from .errors import GuestImageError

# Formats that servers can boot from; any other format is treated as raw.
BOOTABLE = ("raw", "qcow2", "iso", "vhd", "vhdx", "vmdk", "vdi", "ploop")
_MAGICS = (b"QFI\xfb", b"KDMV", b"vhdxfile", b"conectix")
_BLOCK = 4 << 20


def judge(file: Path, folder: Path) -> str:
    """The format of a disk; the checks are those of the image service for uploads.

    A file that other users may not read is copied to ``folder`` during the check.
    Raises GuestImageError for a file that is not regular, is empty or truncated, refers to other
    files, is encrypted, or has an inconsistent header.
    """
    require_file(file)
    try:
        disk_format = _inspect(file)
        conversion.check(file, disk_format, folder=folder)
    except BadImage as error:
        raise GuestImageError(f"image {file} is refused: {error}") from None
    except NoRoom as error:
        raise GuestImageError(f"image {file}: {error}") from None
    except OSError as error:
        raise GuestImageError(f"image {file}: {error.strerror or error}") from None
    return disk_format


def require_file(file: Path) -> None:
    """Raises GuestImageError unless this is a regular file that is not empty.

    Checked before it is opened: reading a pipe may block for ever and works only once.
    """
    try:
        status = file.stat()
    except OSError as error:
        raise GuestImageError(f"image {file} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        kind = "a directory" if stat.S_ISDIR(status.st_mode) else "a pipe or a device"
        raise GuestImageError(f"image {file} is {kind}, not a file: give the image as a file")
    if status.st_size == 0:
        raise GuestImageError(f"image {file}: the file is empty")


def require_whole(file: Path, disk_format: str) -> None:
    """Raises BadImage for a file that is truncated within the header of its format."""
    with file.open("rb") as opened:
        if disk_format == "raw" and opened.read(8).startswith(_MAGICS):
            raise BadImage("it begins like a disk of another format and ends in its header")


def _inspect(file: Path) -> str:
    inspection = Inspection("raw", "bare", enforce=False)
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            inspection.feed(block)
    name = inspection.format
    require_whole(file, name)
    if name not in STRUCTURED and inspection.is_fixed_vhd:
        name = "vhd"
    inspection.disk_format = name if name in BOOTABLE else "raw"
    inspection.verdict()
    return inspection.disk_format
