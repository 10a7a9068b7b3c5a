"""Threads of a process under one supervisor: started together, stopped in reverse order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

LOG = logging.getLogger(__name__)


class Supervisor:
    """Runs named threads; restarts a thread that ended with an exception."""

    def __init__(self) -> None:
        self._threads: list[tuple[threading.Thread, Callable[[], None]]] = []
        self._stopping = threading.Event()

    def start(self, name: str, run: Callable[[], None], stop: Callable[[], None]) -> None:
        """Start ``run`` in a thread; ``stop`` must make it return."""
        thread = threading.Thread(target=self._guard, args=(name, run), name=name, daemon=True)
        self._threads.append((thread, stop))
        thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        self._stopping.set()
        for _, stop in reversed(self._threads):
            stop()
        for thread, _ in reversed(self._threads):
            thread.join(timeout)

    def _guard(self, name: str, run: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                run()
                return
            except Exception:
                LOG.exception("thread %s failed and is restarted", name)
                self._stopping.wait(1.0)
