"""Reads from ELF files what is needed to copy programs with their libraries."""

import struct
from dataclasses import dataclass
from pathlib import Path

from .errors import GuestImageError

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NEEDED, _DT_STRTAB = 1, 5


@dataclass(frozen=True)
class Needs:
    """The dependencies of a program: path of the dynamic linker (or None) and sonames."""

    interpreter: str | None
    libraries: tuple[str, ...]


def needs(path: Path) -> Needs:
    """Read the interpreter and DT_NEEDED entries of a 64-bit little-endian ELF file.

    Raises GuestImageError when the file is no such ELF file.
    """
    data = path.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        raise GuestImageError(f"{path} is not a 64-bit little-endian ELF file")
    loads, dynamic, interpreter = [], None, None
    for kind, offset, address, size in _segments(data):
        if kind == _PT_LOAD:
            loads.append((address, offset, size))
        elif kind == _PT_DYNAMIC:
            dynamic = data[offset : offset + size]
        elif kind == _PT_INTERP:
            interpreter = data[offset : offset + size].rstrip(b"\0").decode()
    if dynamic is None:
        return Needs(interpreter, ())
    entries = list(struct.iter_unpack("<qQ", dynamic[: len(dynamic) // 16 * 16]))
    table = next((value for tag, value in entries if tag == _DT_STRTAB), 0)
    start = next(off + table - addr for addr, off, size in loads if addr <= table < addr + size)
    names = [_string(data, start + value) for tag, value in entries if tag == _DT_NEEDED]
    return Needs(interpreter, tuple(names))


def is_elf(path: Path) -> bool:
    """Whether the file starts like an ELF file."""
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _segments(data: bytes) -> list[tuple[int, int, int, int]]:
    """(type, file offset, virtual address, size in file) of each program header."""
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = []
    for index in range(count):
        kind, _, offset, address, _, length = struct.unpack_from(
            "<IIQQQQ", data, table + index * size
        )
        segments.append((kind, offset, address, length))
    return segments


def _string(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset)].decode()
