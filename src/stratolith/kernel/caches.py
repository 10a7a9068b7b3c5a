"""What a process keeps in memory, never the truth: each by a key with a type, made in one place.

    HASHER = Once(lambda env: Hasher(env.settings))      # one object a process
    HASHER.of(env)

    EPOCHS = Epochs("identity.epoch")                    # copies that all end together
    GRAPH = Copy(EPOCHS, read_graph)
    GRAPH.of(env)
    EPOCHS.touch(ctx)                                    # after the commit they are void

    ANSWERS = Copies("compute.metadata", most=2000)      # copies that end one by one
    ANSWERS.get(env, server_id, read_answers, seconds=5.0)
    ANSWERS.void(ctx, server_id)

Copies are void right after the commit, never before it (another request would copy the old rows
again), in every server process, before the answer is sent (an acknowledged hint). A process that
may have missed a hint believes no copy. What was read before a copy became void is not kept.
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
    """An object that each process makes at first use, once whatever threads ask."""

    def __init__(self, make: Callable[[Environment], T]) -> None:
        self._make = make
        self._lock = threading.RLock()  # of this key: what is made may need another one

    def of(self, env: Environment) -> T:
        """Raises what making it raises; then the next call tries again."""
        try:
            found: T = env.caches[self]
        except KeyError:
            with self._lock:
                if self not in env.caches:
                    env.caches[self] = self._make(env)
                found = env.caches[self]
        return found

    def forget(self, env: Environment) -> None:
        """As in a process that has just started."""
        env.caches.pop(self, None)


class Epoch:
    """``number`` only ever grows; what was read under another number is void."""

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
    """The epoch of each process for one kind of truth; a hint of the kind ``hint`` ends it."""

    def __init__(self, hint: str) -> None:
        self._hint = hint
        self._epoch = Once(self._begin)

    def of(self, env: Environment) -> Epoch:
        return self._epoch.of(env)

    def touch(self, ctx: Context) -> None:
        """This transaction changes something that copies were made of."""
        self._epoch.of(ctx.env)
        ctx.hint(self._hint, "", acknowledged=True)

    def _begin(self, env: Environment) -> Epoch:
        found = Epoch(env.hints)
        env.hints.listen(self._hint, found.move)
        env.hints.on_lost(found.move)
        return found


class Copy(Generic[T]):
    """One thing read of the database and kept for an epoch."""

    def __init__(self, epochs: Epochs, read: Callable[[Session], T]) -> None:
        """``read`` gets a session of its own, begun after the epoch was noted: an older snapshot
        must never be kept under a newer epoch.
        """
        self._epochs = epochs
        self._read = read

    def of(self, env: Environment) -> T:
        """Not for transactions that changed it themselves."""
        now = self._epochs.of(env).number
        kept: tuple[int, T] | None = env.caches.get(self)
        if kept is None or kept[0] != now:
            with env.db.read() as session:
                kept = now, self._read(session)
            env.caches[self] = kept
        return kept[1]


class _Kept(Generic[T]):
    """The copies of one process; thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copies: dict[str, tuple[float, T]] = {}
        self.voids = 0  # how often something became void

    def get(self, key: str, now: float) -> tuple[float, T] | None:
        found = self._copies.get(key)
        return found if found is not None and found[0] >= now else None

    def put(self, key: str, until: float, copy: T, voids: int, most: int) -> None:
        """Nothing is kept that was read before something became void: it may be that."""
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
    """Things read of the database, by key; ``hint`` is the kind of hint that makes one void."""

    def __init__(self, hint: str, *, most: int) -> None:
        """``most``: how many are kept; then all are forgotten."""
        self._hint = hint
        self._most = most
        self._kept: Once[_Kept[T]] = Once(self._begin)

    def get(self, env: Environment, key: str, read: Callable[[], T], *, seconds: float) -> T:
        """The copy of ``key``, or what ``read`` gives, which is kept for so many seconds.

        ``read`` begins a transaction of its own; what it raises is raised and nothing is kept.
        """
        kept = self._kept.of(env)
        now = env.clock.monotonic()
        if not env.hints.is_current():
            kept.void_all()
        found = kept.get(key, now)
        if found is not None:
            return found[1]
        voids = kept.voids
        copy = read()
        kept.put(key, now + seconds, copy, voids, self._most)
        return copy

    def void(self, ctx: Context, key: str) -> None:
        """The transaction changes what ``key`` was copied of."""
        ctx.hint(self._hint, key, acknowledged=True)

    def _begin(self, env: Environment) -> _Kept[T]:
        found: _Kept[T] = _Kept()
        env.hints.listen(self._hint, found.void)
        env.hints.on_lost(found.void_all)
        return found
