"""Putting the trees on a disk: partition table, boot loader, file system, qcow2."""

import os
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

from .errors import GuestImageError

SECTOR = 512
PARTITION_START = 2048  # sectors: 1 MiB, the gap before it holds the boot loader
LABEL = "guest-rootfs"
# Room for the block group descriptors of a file system grown to 2 TiB, in blocks of 4 KiB.
GROWABLE_BLOCKS = 2 * 2**40 // 4096
KERNEL_ARGUMENTS = "console=tty0 console={console}"


def make_file_system(tree: Path, raw: Path, size: int, owners: dict[str, tuple[int, int]]) -> None:
    """Write a new raw disk of `size` bytes with `tree` as ext4 in its only partition.

    `owners` maps paths inside the tree to (uid, gid); all others belong to root.
    """
    with raw.open("wb") as file:
        file.truncate(size)
    blocks = (size - PARTITION_START * SECTOR) // 4096
    options = (
        f"offset={PARTITION_START * SECTOR},resize={GROWABLE_BLOCKS},"
        "lazy_itable_init=0,lazy_journal_init=0"
    )
    run([
        "mke2fs", "-q", "-t", "ext4", "-b", "4096", "-I", "256", "-m", "0", "-i", "8192",
        "-O", "^metadata_csum,^64bit,uninit_bg,resize_inode", "-J", "size=4",
        "-L", LABEL, "-E", options, "-d", str(tree), str(raw), str(blocks),
    ])  # fmt: skip
    _set_owners(tree, raw, owners)


def write_boot_sector(raw: Path, boot: bytes, core: bytes) -> None:
    """Install GRUB's first sector and core image, and the partition table, without any mount."""
    if len(core) > (PARTITION_START - 1) * SECTOR:
        raise GuestImageError(f"GRUB's core image ({len(core)} bytes) does not fit its gap")
    length = raw.stat().st_size // SECTOR - PARTITION_START
    entry = struct.pack(
        "<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", PARTITION_START, length
    )
    with raw.open("r+b") as file:
        file.write(boot[:440])
        file.seek(446)
        file.write(entry + bytes(48) + b"\x55\xaa")
        file.seek(SECTOR)
        file.write(core)


def grub_core(unpacked: Path, work: Path, config: str, library_directory: str) -> bytes:
    """GRUB's core image with `config` built in, made by the grub-mkimage of the packages."""
    (work / "early.cfg").write_text(config)
    modules = unpacked / "usr/lib/grub/i386-pc"
    libraries = [unpacked / "lib" / library_directory, unpacked / "usr/lib" / library_directory]
    run(
        [
            str(unpacked / "usr/bin/grub-mkimage"), "-d", str(modules), "-O", "i386-pc",
            "-p", "(hd0,msdos1)/boot", "-c", str(work / "early.cfg"), "-o", str(work / "core.img"),
            "biosdisk", "part_msdos", "ext2", "linux",
        ],
        {"LD_LIBRARY_PATH": ":".join(map(str, libraries))},
    )  # fmt: skip
    return (work / "core.img").read_bytes()


def to_qcow2(
    source: Path, out: Path, options: Iterable[str], compress: bool, source_format: str = "raw"
) -> None:
    """Convert a disk of the format `source_format` to qcow2 with the given creation options."""
    command = ["qemu-img", "convert", "-f", source_format, "-O", "qcow2", "-o", ",".join(options)]
    run([*command, *(["-c"] if compress else []), str(source), str(out)])


def run(command: list[str], environment: dict[str, str] | None = None) -> str:
    """Run a program of the host; GuestImageError with its last words when it fails."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    merged = {**os.environ, "LC_ALL": "C", "PATH": path, **(environment or {})}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=merged)
    except FileNotFoundError:
        raise GuestImageError(f"{command[0]} is not installed") from None
    if done.returncode != 0:
        raise GuestImageError(f"{command[0]} failed: {done.stderr.strip() or 'no message'}")
    return done.stdout


def _set_owners(tree: Path, raw: Path, owners: dict[str, tuple[int, int]]) -> None:
    """Give the files in the image their owners, whoever runs the build."""
    wanted = dict(owners)
    if os.geteuid() != 0:  # mke2fs took over the builder's own user id
        for path in tree.rglob("*"):
            wanted.setdefault(path.relative_to(tree).as_posix(), (0, 0))
        wanted.setdefault(".", (0, 0))
    lines = []
    for name, (uid, gid) in wanted.items():
        lines.append(f'set_inode_field "/{name}" uid {uid}')
        lines.append(f'set_inode_field "/{name}" gid {gid}')
    script = raw.with_suffix(".owners")
    script.write_text("\n".join(lines) + "\n")
    run(["debugfs", "-w", "-f", str(script), f"{raw}?offset={PARTITION_START * SECTOR}"])
