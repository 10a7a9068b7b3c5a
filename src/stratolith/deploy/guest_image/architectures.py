"""What differs between processor architectures in the guest image."""

from dataclasses import dataclass

from .errors import GuestImageError


@dataclass(frozen=True)
class Architecture:
    """Debian's name of an architecture and what goes with it."""

    name: str
    machine: str  # as the kernel and the image property hw_architecture call it
    library_directory: str  # under /usr/lib, Debian's multiarch triplet
    console: str  # the first serial port's device
    boot_packages: tuple[str, ...]
    # UEFI: the package's file that loads a kernel, and the name firmware looks for on a disk.
    # None: boots by BIOS and GRUB in the master boot record.
    stub: str | None = None
    boot_file: str = ""
    memory_mb: int = 128  # what the image needs to boot


_GRUB = ("grub-pc-bin",)
_KNOWN = {
    "amd64": Architecture("amd64", "x86_64", "x86_64-linux-gnu", "ttyS0", _GRUB),
    "arm64": Architecture(
        "arm64", "aarch64", "aarch64-linux-gnu", "ttyAMA0", ("systemd-boot-efi",),
        "usr/lib/systemd/boot/efi/linuxaa64.efi.stub", "BOOTAA64.EFI", 192,
    ),
}  # fmt: skip
NAMES = tuple(sorted(_KNOWN))


def architecture(name: str) -> Architecture:
    """The architecture of that Debian name; GuestImageError when no image can be built for it."""
    known = _KNOWN.get(name)
    if known is None:
        raise GuestImageError(f"no guest image for architecture {name!r}: know {list(NAMES)}")
    return known


def of_machine(machine: str) -> Architecture | None:
    """The architecture of a machine as the kernel names it (`uname -m`)."""
    return next((candidate for candidate in _KNOWN.values() if candidate.machine == machine), None)
