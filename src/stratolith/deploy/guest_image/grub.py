"""GRUB's core image for BIOS, put together from GRUB's own files.

The files are data of the guest's packages, and none of them is run here: programs of another
release than this machine's may not work on it. Layout of the image, in this order:

    diskboot.img          a sector that loads the rest; says how many sectors there are
    lzma_decompress.img   unpacks what follows; says how long that is, packed and unpacked
    packed with LZMA:
        kernel.img        as its ELF header lays it out
        "mimg"            offset and size of the list, then items of (kind, size, content):
                          modules as ELF objects, the configuration, the prefix
"""

from __future__ import annotations

import lzma
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .errors import GuestImageError

SECTOR = 512
_MODULE, _CONFIG, _PREFIX = 0, 2, 3  # kinds of items
_SECTORS_AT = 508  # in diskboot.img: length of the list's one entry
_SIZES_AT = 8  # in lzma_decompress.img: packed, then unpacked
_FILTER = {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}
_ELF = b"\x7fELF\x01\x01"  # 32 bits, little end first
_LOAD = 1


def core_image(folder: Path, config: str, prefix: str, modules: Sequence[str]) -> bytes:
    """The core image with ``modules`` and all they need; ``folder`` is GRUB's i386-pc.

    ``config`` is run at the start, ``prefix`` says where GRUB would look for more. Raises
    GuestImageError.
    """
    try:
        needs = _needs((folder / "moddep.lst").read_text())
        items = [
            *(
                (_MODULE, (folder / f"{name}.mod").read_bytes())
                for name in _closure(modules, needs)
            ),
            (_CONFIG, config.encode() + b"\0"),
            (_PREFIX, prefix.encode() + b"\0"),
        ]
        first = bytearray((folder / "diskboot.img").read_bytes())
        unpacker = bytearray((folder / "lzma_decompress.img").read_bytes())
        plain = _loaded((folder / "kernel.img").read_bytes()) + _listed(items)
    except OSError as error:
        raise GuestImageError(f"Files of GRUB are missing: {error}") from None
    packed = lzma.compress(plain, lzma.FORMAT_RAW, filters=[_FILTER])
    if len(first) != SECTOR or len(unpacker) < _SIZES_AT + 8:
        raise GuestImageError("GRUB's boot files have an unknown layout")
    struct.pack_into("<II", unpacker, _SIZES_AT, len(packed), len(plain))
    rest = bytes(unpacker) + packed
    struct.pack_into("<H", first, _SECTORS_AT, -(-len(rest) // SECTOR))
    return bytes(first) + rest


def _needs(text: str) -> dict[str, list[str]]:
    """Module -> modules it needs; a line is ``module: needed needed ...``."""
    lines = (line.partition(":") for line in text.splitlines())
    return {name.strip(): needed.split() for name, _, needed in lines}


def _closure(modules: Iterable[str], needs: Mapping[str, Sequence[str]]) -> list[str]:
    """The modules and their dependencies, dependencies first."""
    ordered: list[str] = []

    def take(name: str) -> None:
        if name in ordered:
            return
        if name not in needs:
            raise GuestImageError(f"GRUB has no module {name}")
        for other in needs[name]:
            take(other)
        ordered.append(name)

    for name in modules:
        take(name)
    return ordered


def _listed(items: Iterable[tuple[int, bytes]]) -> bytes:
    content = b""
    for kind, data in items:
        padded = data + bytes(-len(data) % 4)
        content += struct.pack("<II", kind, 8 + len(padded)) + padded
    return struct.pack("<4sII", b"mimg", 12, 12 + len(content)) + content


def _loaded(kernel: bytes) -> bytes:
    """The memory image of the ELF file, from its lowest address on."""
    if not kernel.startswith(_ELF):
        raise GuestImageError("GRUB's kernel.img has an unknown layout")
    (start,) = struct.unpack_from("<I", kernel, 28)
    size, count = struct.unpack_from("<HH", kernel, 42)
    parts = []
    for number in range(count):
        kind, offset, address, _, length = struct.unpack_from("<5I", kernel, start + number * size)
        if kind == _LOAD and length:
            parts.append((address, kernel[offset : offset + length]))
    base = min(address for address, _ in parts)
    image = bytearray(max(address + len(data) for address, data in parts) - base)
    for address, data in parts:
        image[address - base : address - base + len(data)] = data
    return bytes(image)
