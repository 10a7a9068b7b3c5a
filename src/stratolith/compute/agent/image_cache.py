"""Base images on the host: fetched once, checked, shared by the guests made from them."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from stratolith.compute.agent.documents import ImageDocument
from stratolith.compute.drivers.base import DriverError
from stratolith.kernel.agent.client import Refused, Transport, Unreachable

LOG = logging.getLogger(__name__)


class ImageCache:
    """Files named like their image ids. A file is complete when it has its name."""

    def __init__(self, folder: Path, keep_seconds: float) -> None:
        self.folder = folder
        self.keep_seconds = keep_seconds
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def path(self, image_id: str) -> Path:
        return self.folder / image_id

    def fetch(self, image: ImageDocument, transport: Transport) -> Path:
        """The image's file, downloaded when it is missing; raises DriverError."""
        with self._guard:
            lock = self._locks[image.id]
        path = self.path(image.id)
        with lock:
            if not path.exists():
                self._download(image, path, transport)
            os.utime(path)  # for the pruning: when it was last wanted
        return path

    def _download(self, image: ImageDocument, path: Path, transport: Transport) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        part = path.with_name(f"{path.name}.part")
        digest, size = hashlib.sha512(), 0
        try:
            with transport.download(f"/v1/images/{image.id}") as chunks, open(part, "wb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            self._check(image, size, digest.hexdigest())
            part.rename(path)
        except (Unreachable, Refused) as error:
            raise DriverError(f"Image {image.id} cannot be fetched: {error}") from None
        except OSError as error:
            raise DriverError(
                f"Image {image.id} cannot be kept on the host: {error.strerror}"
            ) from None
        finally:
            part.unlink(missing_ok=True)

    @staticmethod
    def _check(image: ImageDocument, size: int, sha512: str) -> None:
        if image.size and size != image.size:
            raise DriverError(f"Image {image.id} has {size} bytes instead of {image.size}.")
        if len(image.sha512) == 128 and sha512 != image.sha512:
            raise DriverError(f"Image {image.id} is corrupt: its SHA-512 differs.")

    def prune(self, used: Collection[str]) -> None:
        """Drop files that no guest of this host is made from and nobody wanted lately.

        Guests' disks are overlays of these files, so a used one must never go.
        """
        if not self.folder.is_dir():
            return
        oldest = time.time() - self.keep_seconds
        for path in self.folder.iterdir():
            try:
                if path.name.split(".")[0] not in used and path.stat().st_mtime < oldest:
                    path.unlink()
                    LOG.info("image %s left the cache", path.name)
            except OSError as error:
                LOG.warning("image cache: %s: %s", path, error.strerror)
