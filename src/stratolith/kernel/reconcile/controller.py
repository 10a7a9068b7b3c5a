"""Runs reconcilers: hints wake them, a periodic pass finds the work of lost hints."""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from stratolith.kernel import metrics
from stratolith.kernel.context import Context
from stratolith.kernel.db.errors import is_disk_full, is_outage
from stratolith.kernel.environment import Environment
from stratolith.kernel.plate import Plate
from stratolith.kernel.reconcile import lease
from stratolith.kernel.reconcile.queue import WorkQueue

LOG = logging.getLogger(__name__)
LEASE_SECONDS = 9.0
LONGEST_PAUSE = 30.0  # between attempts for a key that fails
FULL_DISK_SECONDS = 2.0  # the same while the disk is full, which is not the key's fault


@dataclass(frozen=True)
class Result:
    """The result for a key: requeue_after in seconds, None for done."""

    requeue_after: float | None = None


class Reconciler:
    """Brings resources of one kind to their desired state; subclasses are named by service.

    ``keys`` returns the keys that need work (the periodic pass), ``reconcile`` processes one key in
    a separate transaction that is committed when it returns. Both may run at any time and any
    number of times.
    """

    name = ""
    hints: Sequence[str] = ()  # kinds of hints with keys of this reconciler
    interval = 10.0  # seconds between periodic passes
    workers = 1  # number of keys that a process handles in parallel
    # Number of parts of the keys. Servers that share a database divide the parts among them, so
    # with more than one part two servers may handle two keys at a time.
    shards = 1

    def keys(self, ctx: Context) -> Iterable[str]:
        raise NotImplementedError

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        raise NotImplementedError


class Controller:
    """A reconciler in a process: a queue, a thread for leases and passes, and workers."""

    def __init__(
        self, env: Environment, service: Plate | None, reconciler: Reconciler, holder: str
    ) -> None:
        self.env = env
        self.service = service
        self.reconciler = reconciler
        self.holder = holder
        self.queue = WorkQueue(env.clock)
        self._stop = threading.Event()
        self._renewed = -LEASE_SECONDS
        # Leases of parts of the keys; None: all keys belong to this process, without lease.
        self._held: frozenset[str] | None = None
        self._next_pass = 0.0
        for kind in reconciler.hints:
            env.hints.listen(kind, self.queue.add)
        env.hints.on_lost(self.pass_soon)

    def threads(self) -> list[tuple[str, Callable[[], None]]]:
        """(name, body) of each thread of a server; all of them end after stop()."""
        # with SQLite there is only one process, which a lock file ensures
        if not self.env.db.is_sqlite:
            self._held = frozenset()
        name = self.reconciler.name
        workers = [(f"{name}/{n}", self._work) for n in range(self.reconciler.workers)]
        return [(name, self._oversee), *workers]

    def _oversee(self) -> None:
        """Renew the leases and make the periodic passes, even while workers are busy."""
        while not self._stop.is_set():
            try:
                self._stop.wait(self._maintain())
            except Exception as error:
                self._log(error, "pass")
                self._stop.wait(1.0)
        self._give_up_leases()

    def _work(self) -> None:
        while not self._stop.is_set():
            self.step(timeout=1.0)

    def pass_soon(self) -> None:
        """Start the periodic pass within a second."""
        self._next_pass = 0.0

    def _maintain(self) -> float:
        """Renew leases, make a due pass; returns the seconds until the next call."""
        self._renew()
        if self._held is not None and not self._held:
            self.queue.clear()  # the holder of the leases makes its own passes
            return 2.0
        now = time.monotonic()
        if now >= self._next_pass:
            self._next_pass = now + self.reconciler.interval
            self.scan()
        return min(1.0, max(0.0, self._next_pass - time.monotonic()))

    def scan(self) -> None:
        """The periodic pass: queue all of this process's keys that need work."""
        ctx = self._context(write=False)
        try:
            for key in list(self.reconciler.keys(ctx)):
                if self._is_ours(key):
                    self.queue.add(key)
        finally:
            ctx.close()

    def step(self, timeout: float = 0.0) -> bool:
        """Take one key and reconcile it if it belongs to this process; False without a key."""
        key = self.queue.take(timeout)
        if key is None:
            return False
        try:
            if self._is_ours(key):
                self._process(key)
        finally:
            self.queue.done(key)
        return True

    def _process(self, key: str) -> None:
        outcome = "ok"
        try:
            result = self._reconcile(key)
            self.queue.forget(key)
            if result is not None and result.requeue_after is not None:
                self.queue.add_after(key, result.requeue_after)
        except Exception as error:
            outcome = "error"
            self._log(error, key)
            self.queue.retry(key, FULL_DISK_SECONDS if _is_disk_full(error) else LONGEST_PAUSE)
        finally:
            metrics.RECONCILES.labels(self.reconciler.name, outcome).inc()

    def stop(self) -> None:
        self._stop.set()
        self.queue.close()

    def _reconcile(self, key: str) -> Result | None:
        ctx = self._context(write=True)
        return ctx.transaction.run(lambda: self.reconciler.reconcile(ctx, key))

    def _log(self, error: Exception, what: str) -> None:
        if isinstance(error, DBAPIError) and is_outage(error):
            LOG.warning("%s: %s: the database does not answer", self.reconciler.name, what)
        elif _is_disk_full(error):
            LOG.warning("%s: %s: the disk of the database is full", self.reconciler.name, what)
        else:
            LOG.error("%s: %s failed", self.reconciler.name, what, exc_info=error)

    def _context(self, *, write: bool) -> Context:
        return Context.of_the_cloud(self.env, self.service, write=write)

    def _is_ours(self, key: str) -> bool:
        """Whether this process holds the lease of the key's part."""
        if self._held is None:
            return True
        if self.env.clock.monotonic() - self._renewed >= LEASE_SECONDS:
            return False  # after an outage of the database other processes may have the leases
        part = zlib.crc32(key.encode()) % self.reconciler.shards
        return self._leases[part] in self._held

    def _renew(self) -> None:
        """Hold a fair share of the parts: an equal number for each live server."""
        now = self.env.clock.monotonic()
        if self._held is None or now - self._renewed <= LEASE_SECONDS / 3:
            return
        share = -(-self.reconciler.shards // self.env.hints.servers())
        held = lease.share(
            self.env.db, self.env.clock, self._leases, self.holder, LEASE_SECONDS, share
        )
        if held - self._held:
            self.pass_soon()  # hints for the new parts went to another server
        self._renewed, self._held = now, held

    def _give_up_leases(self) -> None:
        """Release the leases, so that other processes can continue at once."""
        if self._held:
            try:
                lease.release(self.env.db, self._held, self.holder)
            except SQLAlchemyError as error:
                LOG.warning("%s: cannot release leases: %s", self.reconciler.name, error)

    @cached_property
    def _leases(self) -> list[str]:
        """The names of the leases of all parts."""
        name = f"reconciler/{self.reconciler.name}"
        count = self.reconciler.shards
        return [name] if count == 1 else [f"{name}/{n}" for n in range(count)]


def _is_disk_full(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and is_disk_full(error)
