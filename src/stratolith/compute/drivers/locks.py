"""One lock per guest; it exists only while it is in use."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Locks:
    """``with locks.hold(guest_id)``: one thread at a time per guest; other guests do not wait."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: dict[str, tuple[threading.Lock, int]] = {}

    @contextlib.contextmanager
    def hold(self, guest_id: str) -> Iterator[None]:
        with self._guard:
            lock, users = self._held.get(guest_id, (threading.Lock(), 0))
            self._held[guest_id] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._held[guest_id]
                if users == 1:
                    del self._held[guest_id]
                else:
                    self._held[guest_id] = (lock, users - 1)
