"""Names of processor architectures: OpenStack's names and their synonyms."""

from __future__ import annotations

import platform

# Valid values of the image property hw_architecture (nova.objects.fields.Architecture).
NAMES = frozenset((
    "aarch64", "alpha", "armv6", "armv7b", "armv7l", "cris", "i686", "ia64", "lm32", "m68k",
    "microblaze", "microblazeel", "mips", "mips64", "mips64el", "mipsel", "openrisc",
    "parisc", "parisc64", "ppc", "ppc64", "ppc64le", "ppcemb", "ppcle", "s390", "s390x",
    "sh4", "sh4eb", "sparc", "sparc64", "unicore32", "x86_64", "xtensa", "xtensaeb",
))  # fmt: skip
_OTHER_WORDS = {
    "amd64": "x86_64",
    "arm64": "aarch64",
    "armhf": "armv7l",
    "armv7": "armv7l",
    **dict.fromkeys(("i386", "i486", "i586", "x86", "x86_32", "x86_32p"), "i686"),
}


def canonical(name: str) -> str | None:
    """OpenStack's name of an architecture; None for an unknown name."""
    lower = name.strip().lower()
    known = _OTHER_WORDS.get(lower, lower)
    return known if known in NAMES else None


def of_this_host() -> str:
    """The architecture of this machine; the kernel's name if OpenStack has none."""
    machine = platform.machine()
    return canonical(machine) or machine
