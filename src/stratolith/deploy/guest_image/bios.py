"""Booting by BIOS: GRUB in the gap before the first partition, kernel in the root file system."""

from pathlib import Path

from . import disk, grub
from .architectures import Architecture
from .errors import GuestImageError
from .kernel import kernel_file, load_in_place

_MODULES = ("biosdisk", "part_msdos", "ext2", "linux")
# Emulated timers are late on a busy host: the kernel would consider them broken and panic.
_NO_TIMER_CHECK = "no_timer_check"
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


def install(unpacked: Path, raw: Path, arch: Architecture) -> None:
    """Make the disk bootable."""
    arguments = f"{disk.KERNEL_ARGUMENTS.format(console=arch.console)} {_NO_TIMER_CHECK}"
    folder = unpacked / "usr/lib/grub/i386-pc"
    config = _CONFIG.format(arguments=arguments)
    core = grub.core_image(folder, config, "(hd0,msdos1)/boot", _MODULES)
    boot = (folder / "boot.img").read_bytes()
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
