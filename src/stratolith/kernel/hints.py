"""Hints: "look at X". They carry only a key and may be lost, doubled or reordered.

The truth is in the database; whoever misses a hint finds the work in its periodic pass.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable

LOG = logging.getLogger(__name__)
Listener = Callable[[str], None]


class HintBus:
    """Publishes (kind, key) to the listeners of this process."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._lock = threading.Lock()

    def listen(self, kind: str, listener: Listener) -> None:
        with self._lock:
            self._listeners[kind].append(listener)

    def publish(self, kind: str, key: str) -> None:
        for listener in list(self._listeners.get(kind, ())):
            try:
                listener(key)
            except Exception:
                # a hint may be lost; the sender's transaction is already committed
                LOG.exception("listener of %s failed for %s", kind, key)
