"""A unified kernel image: loader stub, kernel, initramfs and arguments in one UEFI program.

UEFI firmware starts a single file, and a kernel alone has neither its initramfs nor its arguments.
systemd's stub reads both from further sections of its own file, so no boot loader is needed.
Format: Microsoft's PE specification; names of the sections: UAPI group's specification of UKI.
"""

import struct
from collections.abc import Mapping

from .errors import GuestImageError

_SIGNATURE = b"PE\0\0"
_SECTION = struct.Struct("<8sIIIIIIHHI")
_READ_ONLY_DATA = 0x40000040


def unified(stub: bytes, sections: Mapping[str, bytes]) -> bytes:
    """The stub with these sections added behind its own, in this order.

    Raises GuestImageError when the stub is no 64-bit PE file or has no room in its headers.
    """
    (start,) = struct.unpack_from("<I", stub, 0x3C)
    if stub[start : start + 4] != _SIGNATURE:
        raise GuestImageError("the loader stub is no PE file")
    count, optional_size = _counts(stub, start)
    optional = start + 24
    alignment, file_alignment = struct.unpack_from("<II", stub, optional + 32)
    (header_size,) = struct.unpack_from("<I", stub, optional + 60)
    table = optional + optional_size
    room = (header_size - table) // _SECTION.size - count
    if room < len(sections):
        raise GuestImageError(f"the loader stub has room for {room} sections, not {len(sections)}")
    existing = [_SECTION.unpack_from(stub, table + 40 * number) for number in range(count)]
    out = bytearray(
        stub[: max(section[4] + section[3] for section in existing)]
    )  # without its symbol table
    address = max(section[2] + section[1] for section in existing)
    for number, (name, data) in enumerate(sections.items(), start=count):
        address = _aligned(address, alignment)
        out += bytes(-len(out) % file_alignment)
        raw_size = _aligned(len(data), file_alignment)
        _SECTION.pack_into(
            out, table + 40 * number, name.encode().ljust(8, b"\0"), len(data), address, raw_size,
            len(out), 0, 0, 0, 0, _READ_ONLY_DATA,
        )  # fmt: skip
        out += data + bytes(raw_size - len(data))
        address += len(data)
    struct.pack_into("<H", out, start + 6, count + len(sections))
    struct.pack_into("<II", out, start + 12, 0, 0)  # where the symbols were
    struct.pack_into("<I", out, optional + 56, _aligned(address, alignment))
    return bytes(out)


def _counts(stub: bytes, start: int) -> tuple[int, int]:
    """Number of sections and size of the optional header."""
    (count,) = struct.unpack_from("<H", stub, start + 6)
    (optional_size,) = struct.unpack_from("<H", stub, start + 20)
    (magic,) = struct.unpack_from("<H", stub, start + 24)
    if magic != 0x20B:
        raise GuestImageError("the loader stub is no 64-bit PE file")
    return count, optional_size


def _aligned(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment
