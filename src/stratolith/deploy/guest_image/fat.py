"""Writer of small FAT16 file systems: the EFI system partition, without mount or mkfs.

Names are 8.3 in upper case, every file is contiguous, all times are the format's earliest, so
the result is reproducible. Format: Microsoft's FAT specification, 1.03.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import GuestImageError

_SECTOR = 512
_CLUSTER = 2048
_ROOT_ENTRIES = 512
_FATS = 2
_LEAST, _MOST = 4101, 65508  # clusters: clear of FAT12 (under 4085) and FAT32 (from 65525)
_ENTRY = struct.Struct("<11sBBBHHHHHHHI")
_DIRECTORY, _ARCHIVE, _VOLUME = 0x10, 0x20, 0x08
_FIRST_DAY = 0x0021  # 1980-01-01


@dataclass
class _Folder:
    files: dict[str, bytes] = field(default_factory=dict)
    folders: dict[str, "_Folder"] = field(default_factory=dict)


class _Clusters:
    """The data area and the file allocation table, both growing."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.table = [0xFFF8, 0xFFFF]

    def add(self, content: bytes) -> int:
        """Store contiguously; returns the first cluster, 0 for empty content."""
        count = -(-len(content) // _CLUSTER)
        first = len(self.table)
        self.table += [*range(first + 1, first + count), 0xFFFF] if count else []
        self.data += content + bytes(count * _CLUSTER - len(content))
        return first if count else 0


def file_system(files: Mapping[str, bytes], label: str, hidden_sectors: int) -> bytes:
    """A FAT16 file system with these files (path -> content), as small as they allow.

    ``hidden_sectors``: where its partition starts. Raises GuestImageError.
    """
    top = _Folder()
    for path, content in sorted(files.items()):
        *parents, name = path.split("/")
        folder = top
        for parent in parents:
            folder = folder.folders.setdefault(parent, _Folder())
        folder.files[name] = content
    clusters = _Clusters()
    entries = _entry(label.ljust(11).encode(), _VOLUME, 0, 0) + _add(top, clusters, 0)
    count = max(_LEAST, len(clusters.table) - 2)
    if count > _MOST or len(entries) > _ROOT_ENTRIES * _ENTRY.size:
        raise GuestImageError("too much for a FAT16 file system")
    table = struct.pack(f"<{len(clusters.table)}H", *clusters.table)
    table_sectors = -(-2 * (count + 2) // _SECTOR)
    head = _boot_sector(count, table_sectors, label, hidden_sectors)
    table = table.ljust(table_sectors * _SECTOR, b"\0")
    root = entries.ljust(_ROOT_ENTRIES * _ENTRY.size, b"\0")
    return head + table * _FATS + root + bytes(clusters.data).ljust(count * _CLUSTER, b"\0")


def _add(folder: _Folder, clusters: _Clusters, parent: int | None) -> bytes:
    """Store a folder's files and folders; the entries that name them."""
    entries = b""
    for name, content in folder.files.items():
        entries += _entry(_short(name), _ARCHIVE, clusters.add(content), len(content))
    for name, inner in folder.folders.items():
        # The entry "." contains the folder's own cluster: reserve it before its content.
        size = (2 + len(inner.files) + len(inner.folders)) * _ENTRY.size
        first = clusters.add(bytes(size))
        listing = _entry(b".".ljust(11), _DIRECTORY, first, 0)
        listing += _entry(b"..".ljust(11), _DIRECTORY, parent or 0, 0)
        listing += _add(inner, clusters, first)
        place = (first - 2) * _CLUSTER
        clusters.data[place : place + len(listing)] = listing
        entries += _entry(_short(name), _DIRECTORY, first, 0)
    return entries


def _entry(name: bytes, attributes: int, first: int, size: int) -> bytes:
    return _ENTRY.pack(
        name, attributes, 0, 0, 0, _FIRST_DAY, _FIRST_DAY, 0, 0, _FIRST_DAY, first, size
    )


def _short(name: str) -> bytes:
    stem, _, extension = name.partition(".")
    plain = f"{stem}{extension}".isalnum() and name == name.upper() and name.isascii()
    if not plain or not 0 < len(stem) <= 8 or len(extension) > 3:
        raise GuestImageError(f"{name!r} is no 8.3 name")
    return f"{stem:<8}{extension:<3}".encode()


def _boot_sector(count: int, table_sectors: int, label: str, hidden: int) -> bytes:
    total = 1 + _FATS * table_sectors + _ROOT_ENTRIES * _ENTRY.size // _SECTOR
    total += count * _CLUSTER // _SECTOR
    head = struct.pack(
        "<3s8sHBHBHHBHHHIIBBBI11s8s",
        b"\xeb\xfe\x90", b"STRATOLI", _SECTOR, _CLUSTER // _SECTOR, 1, _FATS, _ROOT_ENTRIES, 0,
        0xF8, table_sectors, 32, 64, hidden, total, 0x80, 0, 0x29, 0x57A70117,
        label.ljust(11).encode(), b"FAT16   ",
    )  # fmt: skip
    return head.ljust(510, b"\0") + b"\x55\xaa"
