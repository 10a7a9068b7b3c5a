"""Unpacks compressed images: gzip, xz, bzip2, or a zip with one file.

Memory is bounded. A decompression bomb is stopped by a size limit that grows with the compressed
size. Blocks of zeros become holes, so an empty disk needs no space.
"""

from __future__ import annotations

import bz2
import lzma
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from stratolith.kernel.disk_images import BadImage, NoRoom

BLOCK = 1 << 20
_HOLE = 64 << 10
_MAGIC = {
    b"\x1f\x8b\x08": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
}
_FREE = 1 << 30  # size allowed for every file
_RATIO = 250  # additional size allowed, as a multiple of the compressed size
_XZ_MEMORY = 256 << 20
_CHECK_EVERY = 32 << 20  # bytes between two checks of the free space


class _Decoder(Protocol):
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


def packing(path: Path) -> str | None:
    """gzip, xz, bzip2 or zip, by the first bytes; None for a file that is not packed."""
    with path.open("rb") as file:
        head = file.read(6)
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def unpack(
    source: Path,
    target: Path,
    *,
    max_size: int,
    reserve: int,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Unpack to ``target``, which must not exist. Raises BadImage, NoRoom, OSError.

    ``max_size``: limit in bytes; ``reserve``: bytes of the disk to keep free; ``progress``
    is called with the percentage of ``source`` that was read.
    """
    kind = packing(source)
    length = source.stat().st_size
    limit = min(max_size, _FREE + _RATIO * length)
    try:
        with source.open("rb") as file, target.open("xb") as out:
            blocks = _zip(source, limit) if kind == "zip" else _stream(kind, file.read)
            size, checked = 0, 0
            _check_room(target.parent, reserve)
            for block in blocks:
                size = _write(out.fileno(), block, size, limit)
                if size - checked >= _CHECK_EVERY:
                    checked = size
                    _check_room(target.parent, reserve)
                    if progress is not None:
                        progress(100.0 * file.tell() / length)
            os.ftruncate(out.fileno(), size)
            os.fsync(out.fileno())
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, (zlib.error, lzma.LZMAError, zipfile.BadZipFile, EOFError)):
            raise BadImage(f"the {kind} data is damaged: {error}") from None
        raise


def _write(out: int, block: bytes, size: int, limit: int) -> int:
    """Write a block at offset ``size``, skipping zeros; returns the new size."""
    if size + len(block) > limit:
        raise BadImage(f"the data unpacks to more than {limit} bytes, which is not allowed")
    for at in range(0, len(block), _HOLE):
        piece = block[at : at + _HOLE]
        if piece.count(0) != len(piece):
            os.pwrite(out, piece, size + at)
    return size + len(block)


def _stream(kind: str | None, read: Callable[[int], bytes]) -> Iterator[bytes]:
    """All members of a gzip, xz or bzip2 file, one after the other."""
    data = read(BLOCK)
    while data:
        decoder = _decoder(kind)
        while not decoder.eof:
            block = decoder.decompress(data, BLOCK)
            if block:
                yield block
            data = b""
            if decoder.needs_input and not decoder.eof:
                data = read(BLOCK)
                if not data:
                    raise BadImage(f"the {kind} data ends too early")
        data = decoder.unused_data.lstrip(b"\0") or read(BLOCK).lstrip(b"\0")


def _decoder(kind: str | None) -> _Decoder:
    if kind == "gzip":
        return _Gzip()
    if kind == "bzip2":
        return _Bzip2()
    if kind == "xz":
        return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
    raise BadImage("the data is not packed in a known way")


class _Gzip:
    """zlib's decoder with the interface of those of lzma and bz2."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


class _Bzip2:
    """bz2's decoder; raises EOFError for damaged data instead of OSError."""

    def __init__(self) -> None:
        self._inner = bz2.BZ2Decompressor()

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        try:
            return self._inner.decompress(data, max_length)
        except OSError as error:
            raise EOFError(str(error)) from None

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return self._inner.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


def _zip(source: Path, limit: int) -> Iterator[bytes]:
    with zipfile.ZipFile(source) as archive:
        members = archive.infolist()
        if len(members) != 1 or members[0].is_dir():
            raise BadImage("the zip archive must hold exactly one file")
        if members[0].flag_bits & 1:
            raise BadImage("the zip archive is encrypted")
        if members[0].file_size > limit:
            raise BadImage(f"the data unpacks to more than {limit} bytes, which is not allowed")
        try:
            with archive.open(members[0]) as file:
                while block := file.read(BLOCK):
                    yield block
        except NotImplementedError as error:
            raise BadImage(f"the zip archive cannot be read: {error}") from None


def _check_room(folder: Path, reserve: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < reserve:
        raise NoRoom(
            f"no space left for the unpacked image under {folder}: {free >> 20} MiB are free, "
            f"{reserve >> 20} MiB are kept in reserve"
        )
