"""The guest's file trees: the root file system and the initramfs."""

import shutil
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

from . import elf
from .architectures import Architecture
from .cpio import archive
from .errors import GuestImageError
from .modules import ModuleTree

# Drivers by when they are loaded: for a boot disk on virtio; for a boot disk on other buses;
# before the network starts (in rcS); for config drive and power button; on demand.
# Debian's cloud kernel has no AHCI, no USB and no NICs of old hardware.
BOOT_MODULES = ("virtio_pci", "virtio_blk")
MORE_MODULES = ("virtio_mmio", "virtio_scsi", "ata_piix", "sd_mod")
NET_MODULES = ("virtio_rng", "virtio_net")
LATE_MODULES = ("ata_piix", "virtio_scsi", "sd_mod", "sr_mod", "isofs", "nls_ascii", "nls_cp437",
                "nls_utf8", "vfat", "button", "evdev")  # fmt: skip
DEMAND_MODULES = ("virtio_balloon", "virtio_console", "virtio_input", "vmxnet3", "ata_generic",
                  "8021q", "bridge", "veth", "dummy", "loop")  # fmt: skip

PROGRAMS = (
    "usr/sbin/dropbear", "usr/bin/dropbearkey", "usr/bin/dbclient", "usr/bin/sudo",
    "bin/lsblk", "sbin/blkid", "bin/findmnt", "usr/bin/curl", "usr/bin/wget", "bin/ip", "bin/ping",
    "sbin/dhcpcd",
    "sbin/mke2fs", "sbin/resize2fs", "sbin/e2fsck", "sbin/tune2fs", "sbin/dumpe2fs",
)  # fmt: skip
PLUGINS = ("sudo/sudoers.so", "security/pam_permit.so", "security/pam_deny.so")
LINKS = {"ssh": "dbclient", "mkfs.ext2": "mke2fs", "mkfs.ext3": "mke2fs",
         "mkfs.ext4": "mke2fs", "fsck.ext4": "e2fsck", "init": "busybox",
         "ping6": "ping"}  # fmt: skip
DIRECTORIES = (
    "dev", "proc", "sys", "run", "tmp", "mnt", "media", "boot", "root", "root/.ssh", "home",
    "home/cirros", "home/cirros/.ssh", "etc/dropbear", "var/lib/guest", "var/log", "var/tmp",
    "usr/bin", "usr/lib", "usr/lib64", "usr/libexec",
)  # fmt: skip
MERGED = {"bin": "usr/bin", "sbin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64",
          "usr/sbin": "bin", "var/run": "../run"}  # fmt: skip
MODES = {"etc/shadow": 0o600, "etc/sudoers": 0o440, "usr/bin/sudo": 0o4755, "tmp": 0o1777,
         "var/tmp": 0o1777, "root": 0o700, "root/.ssh": 0o700, "home/cirros": 0o750,
         "home/cirros/.ssh": 0o700, "var/lib/guest": 0o700, "etc/dropbear": 0o700}  # fmt: skip
USER_FILES = ("home/cirros", "home/cirros/.ssh", "home/cirros/.profile")  # belong to 1000:1000


def build_root(unpacked: Path, shell: Path, target: Path, arch: Architecture) -> None:
    """Lay out the root file system (without kernel and initramfs) from unpacked packages.

    `shell` is where the package of the users' shell was unpacked.
    """
    for name in DIRECTORIES:
        (target / name).mkdir(parents=True, exist_ok=True)
    for name, goal in MERGED.items():
        (target / name).symlink_to(goal)
    _copy_data("rootfs", target, {"@TTY@": arch.console})
    _add_busybox(unpacked, target)
    _add_programs(unpacked, _find(shell, "bin/busybox"), target, arch)
    (target / "etc/resolv.conf").symlink_to("/run/resolv.conf")
    (target / "etc/mtab").symlink_to("/proc/self/mounts")
    # of this boot only: a copy of the disk in another server must not be the same DHCPv6 client
    (target / "var/lib/dhcpcd").symlink_to("/run/dhcpcd")
    wanted = (*BOOT_MODULES, *MORE_MODULES, *NET_MODULES, *LATE_MODULES, *DEMAND_MODULES)
    modules = ModuleTree(unpacked / "lib/modules")
    modules.install(wanted, target / "usr/lib/modules" / modules.version)
    for name, mode in MODES.items():
        (target / name).chmod(mode)


def build_initramfs(unpacked: Path, target: Path, arch: Architecture) -> bytes:
    """The initramfs: busybox, the disk drivers and a short init, as an uncompressed archive."""
    for name in ("bin", "dev", "proc", "sys", "new"):
        (target / name).mkdir(parents=True)
    shutil.copy(_find(unpacked, "bin/busybox"), target / "bin/busybox")
    (target / "bin/sh").symlink_to("busybox")
    _copy_data("initramfs", target, {"@TTY@": arch.console})
    modules = ModuleTree(unpacked / "lib/modules")
    _add_modules(modules, BOOT_MODULES, target / "lib/boot-modules")
    _add_modules(modules, MORE_MODULES, target / "lib/more-modules", BOOT_MODULES)
    return archive(target)


def applets(busybox: bytes) -> list[str]:
    """The applet names compiled into a busybox: a run of NUL-ended words that starts with "[".

    Read from the file, because the program may be of another architecture and cannot be run.
    """
    start = busybox.find(b"\0[\0[[\0")
    if start < 0:
        raise GuestImageError("busybox holds no list of applets")
    end = busybox.index(b"\0\0", start + 1)
    return busybox[start + 1 : end].decode().split("\0")


def _add_busybox(unpacked: Path, target: Path) -> None:
    source = _find(unpacked, "bin/busybox")
    shutil.copy(source, target / "usr/bin/busybox")
    taken = {"dpkg", "dpkg-deb", "rpm", "rpm2cpio", "busybox"}  # no package manager in here
    for name in applets(source.read_bytes()):
        link = target / "usr/bin" / name
        if name not in taken and not link.exists():
            link.symlink_to("busybox")


def _add_programs(unpacked: Path, shell: Path, target: Path, arch: Architecture) -> None:
    libraries = target / "usr/lib" / arch.library_directory
    (libraries / "security").mkdir(parents=True)
    programs = []
    for name in PROGRAMS:
        place = target / "usr/bin" / Path(name).name
        place.unlink(missing_ok=True)  # busybox's applet of the same name
        shutil.copy(_find(unpacked, name), place)
        programs.append(place)
    programs.append(_add_shell(shell, target))
    for name in PLUGINS:
        source = next(iter(unpacked.rglob(name)), None)
        if source is None:
            raise GuestImageError(f"{name} is in none of the packages")
        parent = target / "usr/libexec" if name.startswith("sudo/") else libraries
        (parent / name).parent.mkdir(exist_ok=True)
        shutil.copy(source, parent / name)
        programs.append(parent / name)
    for name, goal in LINKS.items():
        link = target / "usr/bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(goal)
    _add_libraries(unpacked, target, libraries, programs)


def _add_shell(shell: Path, target: Path) -> Path:
    """Install the users' shell: busybox of the build that runs programs by PATH.

    The static build, in which the boot scripts run, prefers its own applets: quick, but then a
    user's `wget -T` would be busybox's, which crashes, though the real one is installed.
    """
    place = target / "usr/bin/sh"
    place.unlink()
    shutil.copy(shell, place)
    (target / "usr/bin/ash").unlink()
    (target / "usr/bin/ash").symlink_to("sh")
    return place


def _add_libraries(unpacked: Path, target: Path, into: Path, programs: Iterable[Path]) -> None:
    """Copy every library the programs need, directly or not."""
    available = {path.name: path for path in sorted(unpacked.rglob("*.so*")) if path.is_file()}
    waiting = list(programs)
    while waiting:
        wanted = elf.needs(waiting.pop())
        if wanted.interpreter is not None:
            loader = target / wanted.interpreter.lstrip("/")
            if not loader.exists():
                loader.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(_known(available, loader.name), loader)
        for soname in wanted.libraries:
            place = into / soname
            if not place.exists():
                shutil.copy(_known(available, soname), place)
                waiting.append(place)


def _known(available: Mapping[str, Path], soname: str) -> Path:
    if soname not in available:
        raise GuestImageError(f"library {soname} is in none of the packages")
    return available[soname]


def _add_modules(
    modules: ModuleTree, names: Iterable[str], target: Path, loaded: Iterable[str] = ()
) -> None:
    """Write modules with their load order in the file name; `loaded` ones are left out."""
    target.mkdir(parents=True)
    already = set(modules.load_order(loaded))
    wanted = [name for name in modules.load_order(names) if name not in already]
    for number, name in enumerate(wanted, start=100):
        (target / f"{number}-{name}.ko").write_bytes(modules.content(name))


def _find(unpacked: Path, name: str) -> Path:
    for candidate in (unpacked / name, unpacked / "usr" / name):
        if candidate.is_file():
            return candidate
    raise GuestImageError(f"{name} is in none of the packages")


def _copy_data(folder: str, target: Path, values: Mapping[str, str]) -> None:
    """Copy a package data folder; scripts (files starting with "#!") become executable."""
    with resources.as_file(resources.files(__package__) / folder) as source:
        for path in sorted(source.rglob("*")):
            if path.is_dir():
                continue
            text = path.read_text()
            for mark, value in values.items():
                text = text.replace(mark, value)
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            place.write_text(text)
            place.chmod(0o755 if text.startswith("#!") else 0o644)
