"""Runs reconcilers: hints wake them, a periodic pass finds whatever a hint lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from stratolith.kernel import metrics
from stratolith.kernel.context import Context
from stratolith.kernel.db.errors import is_disk_full, is_outage
from stratolith.kernel.ids import new_request_id
from stratolith.kernel.reconcile import lease
from stratolith.kernel.reconcile.queue import WorkQueue
from stratolith.kernel.request_id import REQUEST_ID

if TYPE_CHECKING:
    from stratolith.kernel.environment import Environment
    from stratolith.kernel.service import Service

LOG = logging.getLogger(__name__)
LEASE_SECONDS = 9.0
LONGEST_PAUSE = 30.0  # between attempts at a key that fails
FULL_DISK_SECONDS = 2.0  # the same while it is the disk: nothing is wrong with the key


@dataclass(frozen=True)
class Result:
    """What comes next for a key; requeue_after in seconds, None for nothing."""

    requeue_after: float | None = None


class Reconciler:
    """Brings one kind of thing to its desired state; subclasses are named by their service.

    ``keys`` finds what needs a look (the periodic pass), ``reconcile`` looks at one in a
    transaction of its own that is committed when it returns. Both may run at any time and
    any number of times.
    """

    name = ""
    hints: Sequence[str] = ()  # kinds of hints that carry this reconciler's keys
    interval = 10.0  # seconds between periodic passes

    def keys(self, ctx: Context) -> Iterable[str]:
        raise NotImplementedError

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        raise NotImplementedError


class Controller:
    """One reconciler of one process: a queue and a thread."""

    def __init__(
        self, env: Environment, service: Service | None, reconciler: Reconciler, holder: str
    ) -> None:
        self.env = env
        self.service = service
        self.reconciler = reconciler
        self.holder = holder
        self.queue = WorkQueue(env.clock)
        self._stop = threading.Event()
        self._renewed = -LEASE_SECONDS
        self._held = False
        self._next_pass = 0.0
        for kind in reconciler.hints:
            env.hints.listen(kind, self.queue.add)
        env.hints.on_lost(self.look_soon)

    def run(self) -> None:
        """Work until stop(); the body of the thread."""
        while not self._stop.is_set():
            try:
                self._run_once()
            except Exception as error:
                self._log(error, "pass")
                self._stop.wait(1.0)
        self._give_up_lease()

    def look_soon(self) -> None:
        """Let the periodic pass come within a second."""
        self._next_pass = 0.0

    def _run_once(self) -> None:
        if not self._has_lease():
            self.queue.clear()  # whoever takes over begins with a pass
            self.look_soon()
            self._stop.wait(2.0)
            return
        now = time.monotonic()
        if now >= self._next_pass:
            self._next_pass = now + self.reconciler.interval
            self.scan()
        self.step(timeout=min(1.0, max(0.0, self._next_pass - time.monotonic())))

    def scan(self) -> None:
        """The periodic pass: queue every key that needs a look."""
        ctx = self._context(write=False)
        try:
            for key in list(self.reconciler.keys(ctx)):
                self.queue.add(key)
        finally:
            ctx.close()

    def step(self, timeout: float = 0.0) -> bool:
        """Take one key and reconcile it; False when none was there."""
        key = self.queue.take(timeout)
        if key is None:
            return False
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
            self.queue.done(key)
            metrics.RECONCILES.labels(self.reconciler.name, outcome).inc()
        return True

    def stop(self) -> None:
        self._stop.set()
        self.queue.close()

    def _reconcile(self, key: str) -> Result | None:
        ctx = self._context(write=True)
        token = REQUEST_ID.set(ctx.request_id)
        try:
            return ctx.transact(lambda: self.reconciler.reconcile(ctx, key))
        finally:
            REQUEST_ID.reset(token)

    def _log(self, error: Exception, what: str) -> None:
        if isinstance(error, DBAPIError) and is_outage(error):
            LOG.warning("%s: %s: the database does not answer", self.reconciler.name, what)
        elif _is_disk_full(error):
            LOG.warning("%s: %s: the disk of the database is full", self.reconciler.name, what)
        else:
            LOG.error("%s: %s failed", self.reconciler.name, what, exc_info=error)

    def _context(self, *, write: bool) -> Context:
        ctx = Context(self.env, self.service, write=write, request_id=new_request_id())
        ctx._internal = True
        return ctx

    def _has_lease(self) -> bool:
        if self.env.db.is_sqlite:
            return True  # one process owns a SQLite cloud; a lock file sees to that
        now = self.env.clock.monotonic()
        if now - self._renewed > LEASE_SECONDS / 3:
            self._held = False  # unless the database says so
            self._held = lease.acquire(
                self.env.db, self.env.clock, self._lease_name, self.holder, LEASE_SECONDS
            )
            self._renewed = now
        return self._held

    def _give_up_lease(self) -> None:
        """Let another process go on at once."""
        if self._held and not self.env.db.is_sqlite:
            try:
                lease.release(self.env.db, self._lease_name, self.holder)
            except SQLAlchemyError as error:
                LOG.warning("%s: lease not given up: %s", self.reconciler.name, error)

    @property
    def _lease_name(self) -> str:
        return f"reconciler/{self.reconciler.name}"


def _is_disk_full(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and is_disk_full(error)
