"""Base images on the host: downloaded once, checked, shared by the guests that use them.

<folder>/<image id>.<key>          images that guests use without conversion: raw, qcow2, ISO
<folder>/<image id>.<key>.qcow2    converted from another format
<folder>/<image id>.<key>.part     incomplete download; *.work: incomplete conversion

The key is a hash of the image's format, size, hash and generation, so that a copy is only used
for exactly the same data.
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


# Formats that QEMU uses without conversion. An ami with a separate kernel image does not boot.
UNCONVERTED = ("raw", "qcow2", "iso", "ami")
CONVERTED = ("vhd", "vhdx", "vmdk", "vdi", "ploop")
ATTEMPTS = 3
LOW = 0.1  # if a smaller share of the disk is free, unused images are removed early


class ImageCache:
    """The cache. A file with its final name is complete. One agent owns the folder."""

    def __init__(self, folder: Path, keep_seconds: float = 86400.0) -> None:
        self.folder = folder
        self.keep_seconds = keep_seconds
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()
        # Ids of the images of this host's guests, existing and wanted; None: not known now.
        self.in_use: Callable[[], Collection[str] | None] = lambda: None
        self._sweep()

    def path(self, image: ImageRef) -> Path:
        """The path of the local copy, which may not exist yet."""
        suffix = ".qcow2" if image.format in CONVERTED else ""
        return self.folder / f"{image.image_id}.{_key(image)}{suffix}"

    def fetch(self, image: ImageRef, transport: Transport) -> ImageRef:
        """The local copy, downloaded and converted if it is missing; raises DriverError."""
        if image.format not in (*UNCONVERTED, *CONVERTED):
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
        """Download the image if it is missing; retry if the folder is removed meanwhile."""
        cause = ""
        for _ in range(ATTEMPTS):
            try:
                if not path.exists():
                    self._load(image, path, transport)
                os.utime(path)  # the time of last use, for ``prune``
                return
            except FileNotFoundError as error:
                cause = f"{error.filename or self.folder}: {error.strerror}"
        raise NotPossible(f"Image {image.image_id} cannot be stored on the host", cause)

    def _load(self, image: ImageRef, path: Path, transport: Transport) -> None:
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
            raise  # the folder was removed
        except OSError as error:
            message = f"Image {image.image_id} cannot be stored on the host"
            raise NotPossible(message, error.strerror or str(error)) from None
        finally:
            part.unlink(missing_ok=True)

    def _download(self, image: ImageRef, part: Path, transport: Transport) -> None:
        """Download the image and inspect its content again before tools of this host parse it."""
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
        """Remove the incomplete files of an agent that died."""
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
        """Remove files that no guest of this host uses and that were not used lately.

        If the disk is nearly full, remove unused files earlier, least recently used first.
        """
        if not self.folder.is_dir():
            return
        oldest = time.time() - self.keep_seconds
        for path, wanted_at in self._unused():
            if wanted_at < oldest:
                self._remove(path)
        self._make_room(int(shutil.disk_usage(self.folder).total * LOW))

    def _free(self) -> int:
        return shutil.disk_usage(self.folder).free

    def _make_room(self, wanted: int) -> None:
        """Remove unused files until ``wanted`` bytes are free or no unused file is left."""
        for path, _ in self._unused():
            if self._free() >= wanted:
                return
            self._remove(path)

    def _unused(self) -> list[tuple[Path, float]]:
        """Files that no guest uses, with their time of last use; least recently used first.

        Guests' disks are overlays of these files, so a used file must never be removed.
        """
        used = self.in_use()
        if used is None:
            return []
        unused = []
        unfinished = set(self._unfinished())
        for path in self.folder.iterdir():
            if path.name.split(".")[0] not in used and path not in unfinished:
                with contextlib.suppress(FileNotFoundError):
                    unused.append((path, path.stat().st_mtime))
        return sorted(unused, key=lambda entry: entry[1])

    @staticmethod
    def _remove(path: Path) -> None:
        try:
            path.unlink()
            LOG.info("image %s removed from the cache", path.name)
        except OSError as error:
            LOG.warning("image cache: %s: %s", path, error.strerror)


def _key(image: ImageRef) -> str:
    facts = (image.image_id, image.generation, image.format, image.size, image.sha512)
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:16]
