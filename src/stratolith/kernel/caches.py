"""Caches of a process, which are never the truth; each has a key with a type.

    HASHER = Once(lambda env: Hasher(env.settings))      # one object per process
    HASHER.of(env)

    EPOCHS = Epochs("identity.epoch")                    # copies that become invalid together
    GRAPH = Copy(EPOCHS, read_graph)
    GRAPH.of(env)
    EPOCHS.touch(ctx)                                    # invalidates them after the commit

    ANSWERS = Copies("compute.metadata", most=2000)      # copies that become invalid one by one
    ANSWERS.get(env, server_id, read_answers, seconds=5.0)
    ANSWERS.void(ctx, server_id)

Copies become invalid right after the commit, never before it (another request would copy the old
rows again), in every server process, before the answer is sent (an acknowledged hint). A process
that may have missed a hint uses no copy. A value read before an invalidation is not kept.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.hints import HintBus

T = TypeVar("T")


class Once(Generic[T]):
    """An object that each process makes at first use, only once for all threads."""

    def __init__(self, make: Callable[[Environment], T]) -> None:
        self._make = make
        self._lock = threading.RLock()  # per key: making the object may need another key

    def of(self, env: Environment) -> T:
        """Raises the errors of ``make``; the next call then tries again."""
        try:
            made: T = env.caches[self]
        except KeyError:
            with self._lock:
                if self not in env.caches:
                    env.caches[self] = self._make(env)
                made = env.caches[self]
        return made

    def forget(self, env: Environment) -> None:
        """Remove the object, as in a new process."""
        env.caches.pop(self, None)


class Epoch:
    """A counter that only grows; values read under an older number are invalid."""

    def __init__(self, bus: HintBus) -> None:
        self._counter = itertools.count(1)
        self._number = 0
        self._bus = bus

    @property
    def number(self) -> int:
        if not self._bus.is_current():
            self.move()
        return self._number

    def move(self, key: str = "") -> None:
        self._number = next(self._counter)


class Epochs:
    """The epoch of each process for one kind of data; a hint of the kind ``hint`` ends it."""

    def __init__(self, hint: str) -> None:
        self._hint = hint
        self._epoch = Once(self._begin)

    def of(self, env: Environment) -> Epoch:
        return self._epoch.of(env)

    def touch(self, ctx: Context) -> None:
        """Declare that this transaction changes data that were copied."""
        self._epoch.of(ctx.env)
        ctx.hint(self._hint, "", acknowledged=True)

    def _begin(self, env: Environment) -> Epoch:
        epoch = Epoch(env.hints)
        env.hints.listen(self._hint, epoch.move)
        env.hints.on_lost(epoch.move)
        return epoch


class Copy(Generic[T]):
    """A value read from the database and kept for an epoch."""

    def __init__(self, epochs: Epochs, read: Callable[[Session], T]) -> None:
        """``read`` gets a new session that begins after the epoch was noted: an older snapshot must
        never be kept under a newer epoch.
        """
        self._epochs = epochs
        self._read = read

    def of(self, env: Environment) -> T:
        """Must not be used in a transaction that has changed the data."""
        now = self._epochs.of(env).number
        kept: tuple[int, T] | None = env.caches.get(self)
        if kept is None or kept[0] != now:
            with env.db.read() as session:
                kept = now, self._read(session)
            env.caches[self] = kept
        return kept[1]


class _Kept(Generic[T]):
    """The copies in one process; thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copies: dict[str, tuple[float, T]] = {}
        self.voids = 0  # number of invalidations

    def get(self, key: str, now: float) -> tuple[float, T] | None:
        kept = self._copies.get(key)
        return kept if kept is not None and kept[0] >= now else None

    def put(self, key: str, until: float, copy: T, voids: int, most: int) -> None:
        """Keep a copy, unless there was an invalidation since it was read."""
        with self._lock:
            if self.voids == voids:
                if len(self._copies) >= most:
                    self._copies.clear()
                self._copies[key] = until, copy

    def void(self, key: str) -> None:
        with self._lock:
            self.voids += 1
            self._copies.pop(key, None)

    def void_all(self) -> None:
        with self._lock:
            self.voids += 1
            self._copies.clear()


class Copies(Generic[T]):
    """Values read from the database, by key; a hint of kind ``hint`` invalidates one of them."""

    def __init__(self, hint: str, *, most: int) -> None:
        """``most``: maximum number of copies; above it all are removed."""
        self._hint = hint
        self._most = most
        self._kept: Once[_Kept[T]] = Once(self._begin)

    def get(self, env: Environment, key: str, read: Callable[[], T], *, seconds: float) -> T:
        """The copy of ``key``, or the result of ``read``, which is kept for ``seconds``.

        ``read`` begins its own transaction; its errors are raised and nothing is kept.
        """
        kept = self._kept.of(env)
        now = env.clock.monotonic()
        if not env.hints.is_current():
            kept.void_all()
        entry = kept.get(key, now)
        if entry is not None:
            return entry[1]
        voids = kept.voids
        copy = read()
        kept.put(key, now + seconds, copy, voids, self._most)
        return copy

    def void(self, ctx: Context, key: str) -> None:
        """Declare that the transaction changes the data copied for ``key``."""
        ctx.hint(self._hint, key, acknowledged=True)

    def _begin(self, env: Environment) -> _Kept[T]:
        kept: _Kept[T] = _Kept()
        env.hints.listen(self._hint, kept.void)
        env.hints.on_lost(kept.void_all)
        return kept
