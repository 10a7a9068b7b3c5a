"""Makes a bootable ISO of the test guest: GRUB, its kernel, an initramfs that asks for a login.

Everything comes from the guest image that is built already and from the packages it was built of.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pycdlib import PyCdlib

from stratolith.deploy.guest_image import cpio, grub

CACHE = Path(__file__).parents[1] / ".cache/guest-image"
IMAGE = CACHE / "cirros-amd64.qcow2"
MARK = "the system on the disc runs"
_GRUB_CONFIG = """\
set root=(cd)
echo loading
linux /vmlinuz console=tty0 console=ttyS0 rdinit=/init.cd
initrd /initrd
boot
"""
_INIT = f"""\
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
for m in /lib/boot-modules/* /lib/more-modules/*; do $b insmod "$m" 2>/dev/null; done
exec </dev/ttyS0 >/dev/ttyS0 2>&1
echo "{MARK}: $($b cat /sys/block/vda/size) sectors to install to"
exec $b init
"""
_INITTAB = "ttyS0::respawn:/bin/busybox getty -L ttyS0 115200 vt100\n"


def make(out: Path, work: Path) -> None:
    """Write the ISO to ``out``; ``work`` is a directory for what is needed on the way."""
    raw = work / "guest.raw"
    run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", str(IMAGE), str(raw))
    for name in ("vmlinuz", "initrd"):
        run("debugfs", "-R", f"dump /boot/{name} {work / name}", f"{raw}?offset={1 << 20}")
    raw.unlink()
    (work / "initrd").write_bytes((work / "initrd").read_bytes() + _more(work / "more"))
    disc = PyCdlib()
    disc.new(interchange_level=3, rock_ridge="1.09")
    (work / "core").write_bytes(_core(work))
    names = {"core": "/CORE.;1", "vmlinuz": "/VMLINUZ.;1", "initrd": "/INITRD.;1"}
    for name, inside in names.items():
        disc.add_file(str(work / name), inside, rr_name=name)
    disc.add_eltorito(names["core"], boot_load_size=4, boot_info_table=True)
    disc.write(str(out))
    disc.close()


def _more(tree: Path) -> bytes:
    """What comes on top of the guest's own initramfs."""
    for name in ("dev", "proc", "sys", "etc"):
        (tree / name).mkdir(parents=True)
    (tree / "init.cd").write_text(_INIT)
    (tree / "init.cd").chmod(0o755)
    (tree / "etc/inittab").write_text(_INITTAB)
    return cpio.archive(tree)


def _core(work: Path) -> bytes:
    """GRUB for El Torito: a sector of a CD before the core image of a disk."""
    unpacked = work / "packages"
    [package] = (CACHE / "packages-amd64").glob("grub-pc-bin_*.deb")
    run("dpkg-deb", "-x", str(package), str(unpacked))
    folder = unpacked / "usr/lib/grub/i386-pc"
    core = grub.core_image(folder, _GRUB_CONFIG, "(cd)/", ("biosdisk", "iso9660", "linux"))
    return (folder / "cdboot.img").read_bytes() + core


def run(*command: str) -> None:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    merged = {**os.environ, "LC_ALL": "C", "PATH": path}
    subprocess.run(command, check=True, capture_output=True, env=merged)
