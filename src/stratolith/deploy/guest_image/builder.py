"""Building the small bootable test guest from Debian packages, without mounts or loop devices."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import bios, disk, efi, packages, tree
from .architectures import Architecture, architecture

# Debian/Ubuntu packages of the machine that builds; the launcher installs them.
HOST_PACKAGES: tuple[str, ...] = (
    "dpkg", "apt", "e2fsprogs", "qemu-utils", "debian-archive-keyring",
)  # fmt: skip
DISK_SIZE = 112 * 2**20  # without an EFI system partition


@dataclass(frozen=True)
class BuiltImage:
    """A finished image file: SHA-256 in hex, Debian architecture, size of the file in bytes."""

    path: Path
    sha256: str
    arch: str
    size: int


def build(out: Path, arch: str, cache: Path, progress: Callable[[str], None]) -> BuiltImage:
    """Build a bootable qcow2 guest for the Debian architecture `arch` at `out`.

    Packages are kept in `cache`; with a complete cache no network is used, and the same packages
    give the same file. `out` appears whole or not at all. Raises GuestImageError.
    """
    target = architecture(arch)
    cache.mkdir(parents=True, exist_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    files = packages.fetch(target, cache, progress)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".guest-image-") as name:
        work = Path(name)
        progress("unpacking the packages")
        packages.unpack(files, work / "packages", work / "shell")
        raw = _make_disk(work, target, progress)
        progress("converting to qcow2")
        image = work / "disk.qcow2"
        disk.to_qcow2(raw, image, ["compat=1.1"], compress=False)
        image.chmod(0o644)
        with image.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = image.stat().st_size
        image.replace(out)
    progress(f"built {out} ({size / 2**20:.1f} MiB)")
    return BuiltImage(out, digest, arch, size)


def _make_disk(work: Path, arch: Architecture, progress: Callable[[str], None]) -> Path:
    unpacked, root, raw = work / "packages", work / "root", work / "disk.raw"
    progress("laying out the root file system")
    tree.build_root(unpacked, work / "shell", root, arch)
    initramfs = tree.build_initramfs(unpacked, work / "initramfs", arch)
    owners = {name: (1000, 1000) for name in tree.USER_FILES if (root / name).exists()}
    progress("writing file system and boot loader")
    if arch.stub is None:
        bios.add_kernel(unpacked, root, initramfs)
        disk.make_file_system(root, raw, DISK_SIZE, disk.FIRST_SECTOR, owners)
        bios.install(unpacked, raw, arch)
    else:
        partition = efi.system_partition(unpacked, initramfs, arch)
        start = efi.root_start(partition)
        disk.make_file_system(root, raw, DISK_SIZE + start * disk.SECTOR, start, owners)
        efi.install(raw, partition, start)
    return raw
