"""Hints: "check X". They contain only a key and may be lost, doubled or reordered.

The truth is in the database; the periodic pass finds the work of lost hints. Hints reach the
listeners of this process at once, and those of other server processes on the same database by
``remote`` (kernel/members/peers.py).

One kind of hint must not be lost: the invalidation of caches. It is published ``acknowledged``: the
call returns when every other process has received it or knows that it may have missed it. A process
with such a cache checks ``is_current`` before using it.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol

LOG = logging.getLogger(__name__)
Listener = Callable[[str], None]
Hint = tuple[str, str]  # kind, key
HOST_HINT = "kernel.host"  # for the agent of a host


def host_key(host: str, view: str, key: str) -> str:
    """The key of a HOST_HINT; host "" means every host."""
    return f"{host}\n{view}\n{key}"


class Remote(Protocol):
    """The connection to the other server processes."""

    def send(self, hints: Sequence[Hint], *, acknowledged: bool) -> None:
        """Send hints to the others; never raises."""

    def is_current(self) -> bool:
        """Whether every acknowledged hint of the others has been delivered to this process."""

    def is_alone(self) -> bool:
        """Whether it is certain that there is no other process."""

    def others(self) -> int:
        """The number of other live processes."""


class HintBus:
    """Publishes (kind, key) to the listeners of this process and of the others."""

    def __init__(self) -> None:
        self.remote: Remote | None = None
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._on_lost: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def listen(self, kind: str, listener: Listener) -> None:
        with self._lock:
            self._listeners[kind].append(listener)

    def on_lost(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when hints of other processes may be lost."""
        with self._lock:
            self._on_lost.append(listener)

    def publish(self, kind: str, key: str) -> None:
        self.publish_all([(kind, key)])

    def publish_all(self, hints: Sequence[Hint], *, acknowledged: bool = False) -> None:
        self.deliver(hints)
        if self.remote is not None:
            self.remote.send(hints, acknowledged=acknowledged)

    def deliver(self, hints: Sequence[Hint]) -> None:
        """Call the listeners of this process only."""
        for kind, key in hints:
            for listener in list(self._listeners.get(kind, ())):
                try:
                    listener(key)
                except Exception:
                    # a hint may be lost; the sender's transaction is already committed
                    LOG.exception("listener of %s failed for %s", kind, key)

    def lost(self) -> None:
        """Hints may have been lost: all listeners check everything."""
        for listener in list(self._on_lost):
            try:
                listener()
            except Exception:
                LOG.exception("a listener for lost hints failed")

    def is_current(self) -> bool:
        """Whether caches that depend on acknowledged hints may be used now."""
        return self.remote is None or self.remote.is_current()

    def is_alone(self) -> bool:
        """Whether no other server process works on this cloud."""
        return self.remote is None or self.remote.is_alone()

    def servers(self) -> int:
        """The number of live server processes, including this one."""
        return 1 if self.remote is None else 1 + self.remote.others()
