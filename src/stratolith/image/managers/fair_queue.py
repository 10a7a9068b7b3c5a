"""Runs the work of many projects on a few threads, so that no project blocks the others."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

Work = Callable[[], None]


class FairQueue:
    """``workers`` threads; a project uses at most ``each`` of them, and projects take turns."""

    def __init__(self, workers: int, each: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._workers, self._each = workers, each
        self._waiting: dict[str, deque[Work]] = {}  # in the order of turns
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    def submit(self, project: str, work: Work) -> None:
        """Do ``work``, which must not raise, when it is the project's turn."""
        with self._lock:
            self._waiting.setdefault(project, deque()).append(work)
            self._start()

    def _start(self) -> None:
        while self._running.total() < self._workers:
            project = next((name for name in self._waiting if self._may(name)), None)
            if project is None:
                return
            queue = self._waiting.pop(project)
            work = queue.popleft()
            if queue:
                self._waiting[project] = queue  # behind the others
            self._running[project] += 1
            self._pool.submit(self._run, project, work)

    def _may(self, project: str) -> bool:
        return self._running[project] < self._each

    def _run(self, project: str, work: Work) -> None:
        try:
            work()
        finally:
            with self._lock:
                self._running[project] -= 1
                self._running += Counter()  # removes zero counts
                self._start()
