"""The guest's kernel file and the hint in its header that makes GRUB load it quickly."""

import struct
from pathlib import Path

from .errors import GuestImageError

_MAGIC_OFFSET, _MAGIC = 0x202, b"HdrS"
_VERSION_OFFSET = 0x206
_RELOCATABLE_OFFSET = 0x234
_FIRST_RELOCATABLE = 0x0205  # boot protocol that brought the field


def kernel_file(unpacked: Path) -> Path:
    """The one kernel among the unpacked packages; GuestImageError otherwise."""
    kernels = sorted((unpacked / "boot").glob("vmlinuz-*"))
    if len(kernels) != 1:
        raise GuestImageError(f"expected one kernel in {unpacked}/boot, found {len(kernels)}")
    return kernels[0]


def load_in_place(kernel: bytes) -> bytes:
    """A copy of an x86 kernel whose header says that it cannot be relocated by the loader.

    GRUB reads a relocatable kernel to 1 MiB and then moves its whole run-time size (54 MiB) to
    16 MiB, byte by byte: 1.4 s on an emulated processor, a quarter of the boot. Told that the
    kernel must stay at 1 MiB, it moves nothing, and the kernel unpacks itself to where it wants.
    Raises GuestImageError when this is no x86 kernel.
    """
    magic = kernel[_MAGIC_OFFSET : _MAGIC_OFFSET + 4]
    if magic != _MAGIC:
        raise GuestImageError("the kernel has no x86 boot header")
    (version,) = struct.unpack_from("<H", kernel, _VERSION_OFFSET)
    if version < _FIRST_RELOCATABLE:
        return kernel
    return kernel[:_RELOCATABLE_OFFSET] + b"\0" + kernel[_RELOCATABLE_OFFSET + 1 :]
