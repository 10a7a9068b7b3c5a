"""Receives image data: writes, hashes and inspects it in constant memory.

Two buffers alternate: one is filled from the network while the other is hashed and written.
Hashing and writing release the interpreter's lock, so the two hashes, the disk and the network
work in parallel. Where the file system supports it, writes bypass the page cache (O_DIRECT): the
data must be on the disk at the end anyway, and filling the cache costs as much processor time as
the hashes (on virtual machines that return free memory to their host). For the same reason the
buffers are reused.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import mmap
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import msgspec

from stratolith.image.exceptions import StorageFull
from stratolith.image.store import files
from stratolith.image.store.inspection import Inspection
from stratolith.kernel.config import Settings

BLOCK = 2 << 20
HASH_ALGORITHM = "sha512"
ROOM_CHECK = 64 << 20  # bytes between checks of the free space; also the size of a reservation
ALIGNMENT = 4096  # of addresses and lengths for O_DIRECT; a multiple of every block size
POOL = ThreadPoolExecutor(12, thread_name_prefix="image-data")
Block = bytes | memoryview


class Received(msgspec.Struct, frozen=True):
    """The properties of completely received data. Sizes in bytes."""

    size: int
    checksum: str  # md5, hexadecimal
    os_hash_value: str
    virtual_size: int | None
    os_hash_algo: str = HASH_ALGORITHM
    refused: str | None = None  # why an import must refuse this staged data


class Receiver:
    """Receives one file; call write() for each block, then finish()."""

    def __init__(
        self, settings: Settings, target: Path, inspection: Inspection, *, direct: bool = False
    ) -> None:
        """``direct``: use O_DIRECT; the caller must write page-aligned blocks."""
        self._settings = settings
        self._inspection = inspection
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha = hashlib.new(HASH_ALGORITHM)
        self.size = 0
        self._checked = 0
        self._reserved = 0
        self._file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        self._direct = direct and _set_direct(self._file, True)

    async def write(self, block: Block) -> None:
        """Raises ImageTooLarge, StorageFull, InvalidImageData."""
        self._count(block)
        loop = asyncio.get_running_loop()
        work = [
            loop.run_in_executor(POOL, self._md5.update, block),
            loop.run_in_executor(POOL, self._sha.update, block),
            loop.run_in_executor(POOL, self._store, block),
        ]
        await asyncio.wait(work)  # all of them, because the block is reused afterwards
        for future in work:
            future.result()

    def write_now(self, block: Block) -> None:
        """As write(), but on this thread (for local files and downloads)."""
        self._count(block)
        self._md5.update(block)
        self._sha.update(block)
        self._store(block)

    def finish(self) -> Received:
        """Finish the inspection and make the data durable; raises InvalidImageData."""
        files.check_size(self._settings, self.size)
        virtual_size = self._inspection.verdict()
        if self._reserved > self.size:
            os.ftruncate(self._file, self.size)
        os.fdatasync(self._file)
        return Received(
            size=self.size,
            checksum=self._md5.hexdigest(),
            os_hash_value=self._sha.hexdigest(),
            virtual_size=virtual_size,
            refused=self._inspection.refused,
        )

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _count(self, block: Block) -> None:
        self.size += len(block)
        if self.size - self._checked >= ROOM_CHECK:
            self._checked = self.size
            files.check_room(self._settings, 0)
            files.check_size(self._settings, self.size)

    def _store(self, block: Block) -> None:
        self._inspection.feed(block)
        rest = memoryview(block)
        try:
            self._reserve()
            while rest:
                if self._direct and len(rest) % ALIGNMENT:
                    self._direct = _set_direct(self._file, False)
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(free=0, reserve=0) from None
            raise

    def _reserve(self) -> None:
        """Reserve space for the counted data and as much again, at most ROOM_CHECK more."""
        if self.size <= self._reserved:
            return
        ahead = min(self.size, ROOM_CHECK)
        os.posix_fallocate(self._file, self._reserved, self.size + ahead - self._reserved)
        self._reserved = self.size + ahead


def examine(path: Path, inspection: Inspection, *, hashed: bool = True) -> Received:
    """The properties of the data in a file; raises InvalidImageData.

    Without ``hashed`` both hashes are those of empty data.
    """
    md5, sha, size = hashlib.md5(usedforsecurity=False), hashlib.new(HASH_ALGORITHM), 0
    buffer = memoryview(bytearray(BLOCK))
    with path.open("rb", buffering=0) as file:
        while filled := file.readinto(buffer):
            block = buffer[:filled]
            inspection.feed(block)
            size += filled
            if hashed:
                md5.update(block)
                sha.update(block)
    virtual_size = inspection.verdict()
    return Received(size, md5.hexdigest(), sha.hexdigest(), virtual_size)


def _set_direct(file: int, on: bool) -> bool:
    """Switch O_DIRECT on or off; returns whether it is on now."""
    flags = fcntl.fcntl(file, fcntl.F_GETFL) & ~os.O_DIRECT
    try:
        fcntl.fcntl(file, fcntl.F_SETFL, flags | (os.O_DIRECT if on else 0))
    except OSError:  # the file system does not support it
        return False
    return on


class Source(Protocol):
    """A source of data."""

    async def fill(self, buffer: memoryview) -> int:
        """Fill the buffer; returns the number of bytes, less than its size only at the end."""


class Stream:
    """A source of chunks of any size."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    async def fill(self, buffer: memoryview) -> int:
        filled = 0
        while filled < len(buffer):
            if not self._rest:
                chunk = await anext(self._chunks, None)
                if chunk is None:
                    break
                self._rest = memoryview(chunk)
                continue
            step = min(len(self._rest), len(buffer) - filled)
            buffer[filled : filled + step] = self._rest[:step]
            self._rest, filled = self._rest[step:], filled + step
        return filled


async def receive(source: Source, receiver: Receiver) -> Received:
    """Receive all data of ``source``; always closes the receiver."""
    under_way: asyncio.Task[None] | None = None
    # anonymous maps are page-aligned, as direct writes require
    filling, emptying = memoryview(mmap.mmap(-1, BLOCK)), memoryview(mmap.mmap(-1, BLOCK))
    try:
        while filled := await source.fill(filling):
            if under_way is not None:
                await under_way
            under_way = asyncio.create_task(receiver.write(filling[:filled]))
            filling, emptying = emptying, filling
        if under_way is not None:
            await under_way
            under_way = None
        return await asyncio.get_running_loop().run_in_executor(POOL, receiver.finish)
    finally:
        await _settle(under_way)
        receiver.close()


async def _settle(task: asyncio.Task[Any] | None) -> None:
    """Wait until no thread works on the file any more."""
    if task is not None and not task.done():
        await asyncio.wait([task])
    if task is not None and not task.cancelled():
        task.exception()
