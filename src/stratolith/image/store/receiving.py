"""Takes in image data: to disk, through two hashes and the inspection, in constant memory.

Blocks of a few megabytes are gathered from the network while the block before is hashed and
written: hashing and writing release the interpreter's lock, so the two hashes, the disk and
the network work at the same time.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from stratolith.image.exceptions import StorageFull
from stratolith.image.store import files
from stratolith.image.store.inspection import Inspection
from stratolith.kernel.config import Settings

BLOCK = 2 << 20
HASH_ALGORITHM = "sha512"
ROOM_CHECK = 64 << 20  # how often free space is looked at, in bytes
POOL = ThreadPoolExecutor(12, thread_name_prefix="image-data")


class Received(msgspec.Struct, frozen=True):
    """What is known of data that came in completely. Sizes in bytes."""

    size: int
    checksum: str  # md5, hexadecimal
    os_hash_value: str
    virtual_size: int | None
    os_hash_algo: str = HASH_ALGORITHM


class Receiver:
    """One file coming in; write() blocks in turn, then finish()."""

    def __init__(self, settings: Settings, target: Path, inspection: Inspection) -> None:
        self._settings = settings
        self._inspection = inspection
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha = hashlib.new(HASH_ALGORITHM)
        self.size = 0
        self._checked = 0
        self._file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)

    async def write(self, block: bytes) -> None:
        """Raises ImageTooLarge, StorageFull."""
        self._count(block)
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            loop.run_in_executor(POOL, self._md5.update, block),
            loop.run_in_executor(POOL, self._sha.update, block),
            loop.run_in_executor(POOL, self._store, block),
        )

    def write_now(self, block: bytes) -> None:
        """The same on this thread (local files, downloads)."""
        self._count(block)
        self._md5.update(block)
        self._sha.update(block)
        self._store(block)

    def finish(self) -> Received:
        """Give the verdict and make the data durable; raises InvalidImageData."""
        files.check_size(self._settings, self.size)
        virtual_size = self._inspection.verdict()
        os.fdatasync(self._file)
        return Received(
            size=self.size,
            checksum=self._md5.hexdigest(),
            os_hash_value=self._sha.hexdigest(),
            virtual_size=virtual_size,
        )

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _count(self, block: bytes) -> None:
        self.size += len(block)
        if self.size - self._checked >= ROOM_CHECK:
            self._checked = self.size
            files.check_room(self._settings, 0)
            files.check_size(self._settings, self.size)

    def _store(self, block: bytes) -> None:
        self._inspection.feed(block)
        rest = memoryview(block)
        while rest:
            try:
                rest = rest[os.write(self._file, rest) :]
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise StorageFull(free=0, reserve=0) from None
                raise


async def receive(stream: AsyncIterator[bytes], receiver: Receiver) -> Received:
    """Everything of ``stream``; the receiver is closed whatever happens."""
    under_way: asyncio.Task[None] | None = None
    parts: list[bytes] = []
    gathered = 0
    try:
        async for chunk in stream:
            parts.append(chunk)
            gathered += len(chunk)
            if gathered < BLOCK:
                continue
            if under_way is not None:
                await under_way
            under_way = asyncio.create_task(receiver.write(b"".join(parts)))
            parts, gathered = [], 0
        if under_way is not None:
            await under_way
            under_way = None
        if parts:
            await receiver.write(b"".join(parts))
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
