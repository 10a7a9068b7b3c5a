"""Looks at an image that somebody gives, before anything is kept of it."""

from __future__ import annotations

import stat
from pathlib import Path

from stratolith.kernel.disk_images import BadImage, NoRoom, conversion
from stratolith.kernel.disk_images.inspection import STRUCTURED, Inspection

from .errors import GuestImageError

# What servers can be made of; of an own disk in another format nothing else would be known.
BOOTABLE = ("raw", "qcow2", "iso", "vhd", "vhdx", "vmdk", "vdi", "ploop")
_MAGICS = (b"QFI\xfb", b"KDMV", b"vhdxfile", b"conectix")
_BLOCK = 4 << 20


def judge(file: Path, folder: Path) -> str:
    """The format of a disk; it is as strict as the image service with what tenants upload.

    A file that not everybody may read is copied to ``folder`` for the time of the check.
    Raises GuestImageError for what is no regular file, is empty or cut off, refers to other
    files, is encrypted, or has a header that lies.
    """
    require_file(file)
    try:
        found = _inspect(file)
        conversion.check(file, found, folder=folder)
    except BadImage as error:
        raise GuestImageError(f"image {file} is refused: {error}") from None
    except NoRoom as error:
        raise GuestImageError(f"image {file}: {error}") from None
    except OSError as error:
        raise GuestImageError(f"image {file}: {error.strerror or error}") from None
    return found


def require_file(file: Path) -> None:
    """Raises GuestImageError unless this is a file with something in it.

    Asked before it is opened: a pipe may give nothing for ever, and can be read once only.
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


def require_whole(file: Path, found: str) -> None:
    """Raises BadImage for a file that begins as a disk of a format and ends in its header."""
    with file.open("rb") as opened:
        if found == "raw" and opened.read(8).startswith(_MAGICS):
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
