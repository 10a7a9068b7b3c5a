"""Base images on the host: fetched once, checked, shared by the guests made from them.

<folder>/<image id>.<key>          what guests use as it is: raw, qcow2, ISO
<folder>/<image id>.<key>.qcow2    made once from another format
<folder>/<image id>.<key>.part     coming in; *.work: being converted

The key stands for the image's format, size, hash and generation, so that a copy is only ever
found by who wants the very same data.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import msgspec

from stratolith.compute.drivers.base import ImageRef, NotPossible
from stratolith.kernel.agent.client import Refused, Transport, Unreachable
from stratolith.kernel.disk_images import BadImage, NoRoom, conversion
from stratolith.kernel.disk_images.inspection import Inspection

LOG = logging.getLogger(__name__)


# What QEMU runs as it is; the rest is converted. An ami with its kernel outside does not boot.
AS_IT_IS = ("raw", "qcow2", "iso", "ami")
CONVERTED = ("vhd", "vhdx", "vmdk", "vdi", "ploop")
ATTEMPTS = 3
LOW = 0.1  # of a disk free: less than this, and what no guest uses goes before its time


class ImageCache:
    """A file is complete when it has its name. One agent owns the folder."""

    def __init__(self, folder: Path, keep_seconds: float = 86400.0) -> None:
        self.folder = folder
        self.keep_seconds = keep_seconds
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()
        # Ids of the images of this host's guests, present and coming; None: not known now.
        self.in_use: Callable[[], Collection[str] | None] = lambda: None
        self._sweep()

    def path(self, image: ImageRef) -> Path:
        """Where the copy of this image is or will be."""
        suffix = ".qcow2" if image.format in CONVERTED else ""
        return self.folder / f"{image.image_id}.{_key(image)}{suffix}"

    def fetch(self, image: ImageRef, transport: Transport) -> ImageRef:
        """The image as QEMU can use it, fetched and converted when missing; raises DriverError."""
        if image.format not in (*AS_IT_IS, *CONVERTED):
            raise NotPossible(f"Image {image.image_id} is no disk: its format is {image.format}")
        path = self.path(image)
        with self._guard:
            lock = self._locks[path.name]
        with lock:
            self._ensure(image, path, transport)
        usable = "qcow2" if image.format in CONVERTED else image.format
        usable = "raw" if usable == "ami" else usable
        return msgspec.structs.replace(image, path=str(path), format=usable)

    def _ensure(self, image: ImageRef, path: Path, transport: Transport) -> None:
        """Bring what is missing; again when somebody removes the folder meanwhile."""
        cause = ""
        for _ in range(ATTEMPTS):
            try:
                if not path.exists():
                    self._bring(image, path, transport)
                os.utime(path)  # for the pruning: when it was last wanted
                return
            except FileNotFoundError as error:
                cause = f"{error.filename or self.folder}: {error.strerror}"
        raise NotPossible(f"Image {image.image_id} cannot be kept on the host", cause)

    def _bring(self, image: ImageRef, path: Path, transport: Transport) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        part = self.folder / f"{image.image_id}.{_key(image)}.part"
        try:
            self._check_room(image)
            self._download(image, part, transport)
            if image.format in CONVERTED:
                conversion.convert(part, image.format, path, "qcow2", is_ours=True)
            else:
                part.rename(path)
        except (Unreachable, Refused) as error:
            raise NotPossible(f"Image {image.image_id} cannot be fetched", str(error)) from None
        except (BadImage, NoRoom) as error:
            raise NotPossible(f"Image {image.image_id} cannot be used", str(error)) from None
        except FileNotFoundError:
            raise  # the folder is gone
        except OSError as error:
            told = f"Image {image.image_id} cannot be kept on the host"
            raise NotPossible(told, error.strerror or str(error)) from None
        finally:
            part.unlink(missing_ok=True)

    def _download(self, image: ImageRef, part: Path, transport: Transport) -> None:
        """Fetch, and look into it again: what parses it next runs on this host."""
        digest, size = hashlib.sha512(), 0
        inspection = Inspection(image.format, "bare", enforce=True)
        with transport.download(f"/v1/images/{image.image_id}") as chunks, open(part, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                inspection.feed(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        self._check(image, size, digest.hexdigest())
        inspection.verdict()

    def _check_room(self, image: ImageRef) -> None:
        wanted = image.size + conversion.RESERVE
        if self._free() < wanted:
            self._make_room(wanted)
        free = self._free()
        if free < wanted:
            raise NoRoom(
                f"no space left on the host under {self.folder}: it has {image.size >> 20} MiB, "
                f"{free >> 20} MiB are free, {conversion.RESERVE >> 20} MiB are kept in reserve"
            )

    def _sweep(self) -> None:
        """Remove what an agent that died was making."""
        for path in self._unfinished():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _unfinished(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from list(self.folder.glob("*.part"))
            yield from list(conversion.leftovers(self.folder))

    @staticmethod
    def _check(image: ImageRef, size: int, sha512: str) -> None:
        if image.size and size != image.size:
            raise NotPossible(f"Image {image.image_id} has {size} bytes instead of {image.size}.")
        if len(image.sha512) == 128 and sha512 != image.sha512:
            raise NotPossible(f"Image {image.image_id} is corrupt: its SHA-512 differs.")

    def prune(self) -> None:
        """Drop files that no guest of this host is made from and nobody wanted lately; sooner,
        the longest unwanted first, when the disk is nearly full.
        """
        if not self.folder.is_dir():
            return
        oldest = time.time() - self.keep_seconds
        for path, wanted_at in self._unused():
            if wanted_at < oldest:
                self._drop(path)
        self._make_room(int(shutil.disk_usage(self.folder).total * LOW))

    def _free(self) -> int:
        return shutil.disk_usage(self.folder).free

    def _make_room(self, wanted: int) -> None:
        """Drop unused files until so many bytes are free, or none is left."""
        for path, _ in self._unused():
            if self._free() >= wanted:
                return
            self._drop(path)

    def _unused(self) -> list[tuple[Path, float]]:
        """Files of no guest, and when each was last wanted; the longest unwanted first.

        Guests' disks are overlays of these files, so a used one must never go.
        """
        used = self.in_use()
        if used is None:
            return []
        found = []
        unfinished = set(self._unfinished())
        for path in self.folder.iterdir():
            if path.name.split(".")[0] not in used and path not in unfinished:
                with contextlib.suppress(FileNotFoundError):
                    found.append((path, path.stat().st_mtime))
        return sorted(found, key=lambda one: one[1])

    @staticmethod
    def _drop(path: Path) -> None:
        try:
            path.unlink()
            LOG.info("image %s left the cache", path.name)
        except OSError as error:
            LOG.warning("image cache: %s: %s", path, error.strerror)


def _key(image: ImageRef) -> str:
    facts = (image.image_id, image.generation, image.format, image.size, image.sha512)
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:16]
