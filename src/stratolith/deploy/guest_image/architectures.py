"""What differs between processor architectures in the guest image."""

from dataclasses import dataclass

from .errors import GuestImageError


@dataclass(frozen=True)
class Architecture:
    """Debian's name of an architecture and what goes with it."""

    name: str
    library_directory: str  # under /usr/lib, Debian's multiarch triplet
    console: str  # the first serial port's device
    has_bios: bool  # boots by BIOS and GRUB in the master boot record


_KNOWN = {
    "amd64": Architecture("amd64", "x86_64-linux-gnu", "ttyS0", True),
    "arm64": Architecture("arm64", "aarch64-linux-gnu", "ttyAMA0", False),
}


def architecture(name: str) -> Architecture:
    """The architecture of that Debian name; GuestImageError when no image can be built for it."""
    found = _KNOWN.get(name)
    if found is None:
        raise GuestImageError(f"no guest image for architecture {name!r}: know {sorted(_KNOWN)}")
    if not found.has_bios:
        raise GuestImageError(f"a bootable guest image for {name} cannot be built yet")
    return found
