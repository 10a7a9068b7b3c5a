"""Putting the trees on a disk: partition table, file system, qcow2.

The result is reproducible: identifiers and times in the file system, which would be random or
current, are fixed.
"""

import os
import struct
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stratolith.kernel.disk_images import BadImage, NoRoom, conversion

from .errors import GuestImageError

SECTOR = 512
FIRST_SECTOR = 2048  # of the first partition: 1 MiB, the gap before it may hold a boot loader
LINUX, EFI = 0x83, 0xEF  # types of partitions
LABEL = "guest-rootfs"
# Room for the block group descriptors of a file system grown to 2 TiB, in blocks of 4 KiB.
GROWABLE_BLOCKS = 2 * 2**40 // 4096
# panic=5: a guest whose kernel panics reboots after five seconds instead of hanging
KERNEL_ARGUMENTS = "console=tty0 console={console} panic=5"
EPOCH = 1_672_531_200  # every time in the image: 2023-01-01
_IDENTITY = "5f57a701-17b0-4c0d-9e57-0123456789ab"  # the file system's uuid and hash seed


@dataclass(frozen=True)
class Partition:
    """An entry of the partition table; start and length in sectors."""

    kind: int
    start: int
    length: int
    is_active: bool = False


def make_file_system(
    tree: Path, raw: Path, size: int, start: int, owners: dict[str, tuple[int, int]]
) -> None:
    """Write a new raw disk of `size` bytes with `tree` as ext4 from the sector `start` to its end.

    `owners` maps paths inside the tree to (uid, gid); all others belong to root.
    """
    with raw.open("wb") as file:
        file.truncate(size)
    blocks = (size - start * SECTOR) // 4096
    options = (
        f"offset={start * SECTOR},resize={GROWABLE_BLOCKS},"
        f"lazy_itable_init=0,lazy_journal_init=0,hash_seed={_IDENTITY}"
    )
    run([
        "mke2fs", "-q", "-t", "ext4", "-b", "4096", "-I", "256", "-m", "0", "-i", "8192",
        "-O", "^metadata_csum,^64bit,uninit_bg,resize_inode", "-J", "size=4", "-U", _IDENTITY,
        "-L", LABEL, "-E", options, "-d", str(tree), str(raw), str(blocks),
    ])  # fmt: skip
    _set_fields(tree, raw, start, owners)


def write_partitions(raw: Path, partitions: Sequence[Partition]) -> None:
    """Write the table of a master boot record, in this order."""
    no_cylinders = b"\xfe\xff\xff"  # the disk is addressed by sector number only
    table = b"".join(
        struct.pack(
            "<B3sB3sII", 0x80 if partition.is_active else 0, no_cylinders, partition.kind,
            no_cylinders, partition.start, partition.length,
        )
        for partition in partitions
    )  # fmt: skip
    with raw.open("r+b") as file:
        file.seek(446)
        file.write(table.ljust(64, b"\0") + b"\x55\xaa")


def to_qcow2(
    source: Path, out: Path, options: Iterable[str], compress: bool, source_format: str = "raw"
) -> None:
    """Convert a disk of the format `source_format` to qcow2 with the given creation options."""
    words = ["-o", ",".join(options), *(["-c"] if compress else [])]
    try:
        conversion.convert(source, source_format, out, "qcow2", options=words)
    except (BadImage, NoRoom, OSError) as error:
        raise GuestImageError(f"{source.name} cannot be converted: {error}") from None


def run(command: list[str], environment: dict[str, str] | None = None) -> str:
    """Run a program of the host; returns its output. Raises GuestImageError with its errors."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    # e2fsprogs takes its clock from one of these, by version.
    clock = {"E2FSPROGS_FAKE_TIME": str(EPOCH), "SOURCE_DATE_EPOCH": str(EPOCH)}
    merged = {**os.environ, "LC_ALL": "C", "PATH": path, **clock, **(environment or {})}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=merged)
    except FileNotFoundError:
        raise GuestImageError(f"{command[0]} is not installed") from None
    if done.returncode != 0:
        raise GuestImageError(f"{command[0]} failed: {done.stderr.strip() or 'no message'}")
    return done.stdout


def _set_fields(tree: Path, raw: Path, start: int, owners: dict[str, tuple[int, int]]) -> None:
    """Set owners and times of the files in the image, independent of builder and date."""
    paths = [".", *sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*"))]
    lines = []
    for name in paths:
        lines += [f'set_inode_field "/{name}" {time} @{EPOCH}' for time in _TIMES]
        lines += [f'set_inode_field "/{name}" {extra} 0' for extra in _FRACTIONS]
        if name in owners or os.geteuid() != 0:  # mke2fs took over the builder's own user id
            uid, gid = owners.get(name, (0, 0))
            lines.append(f'set_inode_field "/{name}" uid {uid}')
            lines.append(f'set_inode_field "/{name}" gid {gid}')
    script = raw.with_suffix(".fields")
    script.write_text("\n".join(lines) + "\n")
    run(["debugfs", "-w", "-f", str(script), f"{raw}?offset={start * SECTOR}"])


_TIMES = ("atime", "mtime", "ctime", "crtime")
_FRACTIONS = ("atime_extra", "mtime_extra", "ctime_extra", "crtime_extra")
