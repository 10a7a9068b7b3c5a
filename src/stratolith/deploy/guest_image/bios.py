"""Booting by BIOS: GRUB in the gap before the first partition, kernel in the root file system."""

from pathlib import Path

from . import disk
from .architectures import Architecture
from .errors import GuestImageError
from .kernel import kernel_file, load_in_place

_CONFIG = """\
set root=(hd0,msdos1)
linux /boot/vmlinuz {arguments}
initrd /boot/initrd
boot
"""


def add_kernel(unpacked: Path, root: Path, initramfs: bytes) -> None:
    """Put kernel and initramfs where GRUB reads them."""
    kernel = kernel_file(unpacked).read_bytes()
    (root / "boot/vmlinuz").write_bytes(load_in_place(kernel))
    (root / "boot/initrd").write_bytes(initramfs)


def install(unpacked: Path, work: Path, raw: Path, arch: Architecture) -> None:
    """Make the disk bootable."""
    arguments = disk.KERNEL_ARGUMENTS.format(console=arch.console)
    core = _core(unpacked, work, _CONFIG.format(arguments=arguments), arch.library_directory)
    boot = (unpacked / "usr/lib/grub/i386-pc/boot.img").read_bytes()
    write_boot_sector(raw, boot, core)


def write_boot_sector(raw: Path, boot: bytes, core: bytes) -> None:
    """Write GRUB's first sector and core image, and the partition table, without any mount."""
    if len(core) > (disk.FIRST_SECTOR - 1) * disk.SECTOR:
        raise GuestImageError(f"GRUB's core image ({len(core)} bytes) does not fit its gap")
    with raw.open("r+b") as file:
        file.write(boot[:440])
        file.seek(disk.SECTOR)
        file.write(core)
    length = raw.stat().st_size // disk.SECTOR - disk.FIRST_SECTOR
    disk.write_partitions(
        raw, [disk.Partition(disk.LINUX, disk.FIRST_SECTOR, length, is_active=True)]
    )


def _core(unpacked: Path, work: Path, config: str, library_directory: str) -> bytes:
    """GRUB's core image with `config` built in, made by the grub-mkimage of the packages."""
    (work / "early.cfg").write_text(config)
    modules = unpacked / "usr/lib/grub/i386-pc"
    libraries = [unpacked / "lib" / library_directory, unpacked / "usr/lib" / library_directory]
    disk.run(
        [
            str(unpacked / "usr/bin/grub-mkimage"), "-d", str(modules), "-O", "i386-pc",
            "-p", "(hd0,msdos1)/boot", "-c", str(work / "early.cfg"), "-o", str(work / "core.img"),
            "biosdisk", "part_msdos", "ext2", "linux",
        ],
        {"LD_LIBRARY_PATH": ":".join(map(str, libraries))},
    )  # fmt: skip
    return (work / "core.img").read_bytes()
