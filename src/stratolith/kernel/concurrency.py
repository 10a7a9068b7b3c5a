"""Threads of a process under one supervisor: started together, stopped in reverse order; and what
threads and coroutines need of each other.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import msgspec

P = ParamSpec("P")
T = TypeVar("T")
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


def for_coroutine(work: Callable[P, T]) -> Callable[P, T]:
    """``work`` for a thread that a coroutine waits for.

    It raises RuntimeError for StopIteration: asyncio cannot hand that to the coroutine, which would
    wait for ever.
    """

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        except StopIteration as error:
            raise RuntimeError("an iterator had no item left") from error

    return run


def prepare_structs() -> int:
    """Describe all structs that are defined now to msgspec; returns their number.

    To be called while the process has one thread: msgspec 0.22 describes a struct at its first
    decoding, without a lock, and two threads that do so at the same moment end the process with a
    segmentation fault.
    """
    classes = set(_subclasses(msgspec.Struct))
    for struct in classes:
        with contextlib.suppress(TypeError):  # of fields that msgspec cannot decode: nobody does
            msgspec.json.Decoder(struct)
    return len(classes)


def _subclasses(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for subclass in struct.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
