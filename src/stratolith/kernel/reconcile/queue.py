"""A queue of keys: each waits at most once, and no key is processed twice at the same time."""

from __future__ import annotations

import heapq
import threading
from collections import deque

from stratolith.kernel.clock import Clock, SystemClock


class WorkQueue:
    """add() and add_after() from any thread; take() blocks, done() must follow it.

    A key that is added while it is processed is queued again afterwards, so no hint is lost.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._ready: deque[str] = deque()
        self._waiting: set[str] = set()
        self._working: set[str] = set()
        self._again: set[str] = set()
        self._later: list[tuple[float, str]] = []
        self._failures: dict[str, int] = {}
        self._changed = threading.Condition()
        self._closed = False

    def add(self, key: str) -> None:
        with self._changed:
            self._add(key)
            self._changed.notify()

    def add_after(self, key: str, seconds: float) -> None:
        with self._changed:
            heapq.heappush(self._later, (self._clock.monotonic() + seconds, key))
            self._changed.notify()

    def retry(self, key: str, longest: float = 30.0) -> None:
        """Add again after a growing delay: 0.2 s, doubled each time up to ``longest`` seconds."""
        with self._changed:
            count = self._failures[key] = self._failures.get(key, 0) + 1
        self.add_after(key, min(0.2 * 2 ** min(count - 1, 20), longest))

    def forget(self, key: str) -> None:
        """The key succeeded: its next failure starts with a short delay again."""
        with self._changed:
            self._failures.pop(key, None)

    def take(self, timeout: float | None = None) -> str | None:
        """The next key, or None at the end of the timeout or when the queue is closed."""
        deadline = None if timeout is None else self._clock.monotonic() + timeout
        with self._changed:
            while True:
                wait = self._promote()
                if self._ready:
                    key = self._ready.popleft()
                    self._waiting.discard(key)
                    self._working.add(key)
                    return key
                if self._closed:
                    return None
                if deadline is not None:
                    left = deadline - self._clock.monotonic()
                    if left <= 0:
                        return None
                    wait = left if wait is None else min(wait, left)
                self._changed.wait(wait)

    def done(self, key: str) -> None:
        with self._changed:
            self._working.discard(key)
            if key in self._again:
                self._again.discard(key)
                self._add(key)
                self._changed.notify()

    def clear(self) -> None:
        """Remove all waiting keys."""
        with self._changed:
            self._ready.clear()
            self._waiting.clear()
            self._later.clear()
            self._failures.clear()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._ready) + len(self._later)

    def _add(self, key: str) -> None:
        if key in self._working:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.append(key)

    def _promote(self) -> float | None:
        """Move due keys to the ready queue; returns the seconds until the next one."""
        now = self._clock.monotonic()
        while self._later and self._later[0][0] <= now:
            self._add(heapq.heappop(self._later)[1])
        return self._later[0][0] - now if self._later else None
