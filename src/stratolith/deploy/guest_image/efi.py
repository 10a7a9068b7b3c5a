"""Booting by UEFI: one program that holds kernel and initramfs, in an EFI system partition."""

from pathlib import Path

from . import disk, fat
from .architectures import Architecture
from .errors import GuestImageError
from .kernel import kernel_file
from .uki import unified

_ALIGNMENT = (1 << 20) // disk.SECTOR


def system_partition(unpacked: Path, initramfs: bytes, arch: Architecture) -> bytes:
    """The file system from which the firmware boots; raises GuestImageError."""
    assert arch.stub is not None
    stub = unpacked / arch.stub
    if not stub.is_file():
        raise GuestImageError(f"{arch.stub} is in none of the packages")
    arguments = disk.KERNEL_ARGUMENTS.format(console=arch.console)
    program = unified(
        stub.read_bytes(),
        {
            ".cmdline": arguments.encode() + b"\0",
            ".linux": kernel_file(unpacked).read_bytes(),
            ".initrd": initramfs,
        },
    )
    return fat.file_system({f"EFI/BOOT/{arch.boot_file}": program}, "GUEST-ESP", disk.FIRST_SECTOR)


def root_start(partition: bytes) -> int:
    """The first sector behind the system partition: the root file system is the last one, so
    that it can grow to the end of a larger disk."""
    sectors = -(-len(partition) // disk.SECTOR)
    return disk.FIRST_SECTOR + -(-sectors // _ALIGNMENT) * _ALIGNMENT


def install(raw: Path, partition: bytes, start: int) -> None:
    """Write the system partition in front of the root file system, which starts at `start`."""
    with raw.open("r+b") as file:
        file.seek(disk.FIRST_SECTOR * disk.SECTOR)
        file.write(partition)
    # The root is partition 1 although it is not first on the disk: the initramfs relies on it.
    root = disk.Partition(disk.LINUX, start, raw.stat().st_size // disk.SECTOR - start)
    system = disk.Partition(disk.EFI, disk.FIRST_SECTOR, len(partition) // disk.SECTOR)
    disk.write_partitions(raw, [root, system])
