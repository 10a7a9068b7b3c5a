"""The host's image cache: complete or not there, and never a corrupt file."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from stratolith.compute.agent.documents import ImageDocument
from stratolith.compute.agent.image_cache import ImageCache
from stratolith.compute.drivers.base import DriverError
from stratolith.kernel.agent.client import Transport, Unreachable

DATA = b"disk" * 1000
DIGEST = hashlib.sha512(DATA).hexdigest()


class Store:
    """Serves bytes as the control plane does; counts, and breaks off when told to."""

    def __init__(self, data: bytes = DATA, *, breaks: bool = False) -> None:
        self.data, self.breaks, self.asked = data, breaks, 0

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        self.asked += 1
        yield self._chunks()

    def _chunks(self) -> Iterator[bytes]:
        yield self.data[:100]
        time.sleep(0.02)
        if self.breaks:
            raise Unreachable("gone")
        yield self.data[100:]


def transport(store: Any) -> Transport:
    return cast(Transport, store)


@pytest.fixture
def cache(tmp_path: Path) -> ImageCache:
    return ImageCache(tmp_path / "cache", keep_seconds=60)


def image(**more: Any) -> ImageDocument:
    return ImageDocument(**{"id": "i", "format": "raw", "size": 4000, "sha512": DIGEST, **more})


def test_fetched_once_for_many(cache: ImageCache) -> None:
    store = Store()
    threads = [
        threading.Thread(target=cache.fetch, args=(image(), transport(store))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.asked == 1
    assert cache.path("i").read_bytes() == DATA


@pytest.mark.parametrize(
    ("store", "document", "text"),
    [
        (Store(b"other" * 800), image(), "corrupt"),
        (Store(b"short"), image(), "bytes instead of 4000"),
        (Store(breaks=True), image(), "cannot be fetched"),
    ],
)
def test_what_is_wrong_is_not_kept(
    cache: ImageCache, store: Store, document: ImageDocument, text: str
) -> None:
    with pytest.raises(DriverError, match=text):
        cache.fetch(document, transport(store))
    assert list(cache.folder.iterdir()) == []
    assert cache.fetch(image(), transport(Store())).read_bytes() == DATA


def test_pruning_spares_what_is_used_or_young(cache: ImageCache) -> None:
    for name in ("used", "young", "old"):
        cache.fetch(image(id=name), transport(Store()))
    for name in ("used", "old"):
        os.utime(cache.path(name), (0, 0))
    cache.prune({"used"})
    assert sorted(path.name for path in cache.folder.iterdir()) == ["used", "young"]
