"""The control plane's side of the agents: hints per host, views, reports, who is alive.

A hint says "look at key K of view V". Hints live in memory only: after a restart the epoch
differs and an agent looks at everything.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from stratolith.kernel import metrics
from stratolith.kernel.agent.protocol import Hints, Offers
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import Conflict, NotFound
from stratolith.kernel.hints import HOST_HINT, host_key
from stratolith.kernel.hosts import records
from stratolith.kernel.members import cloud
from stratolith.kernel.service import AgentView, Service, plates
from stratolith.kernel.transaction import database_error, transact

LOG = logging.getLogger(__name__)
KEPT = 10_000  # hints kept per host; who is further behind looks at everything


class _Channel:
    """The hints of one host."""

    def __init__(self) -> None:
        self.seq = 0
        self.hints: deque[tuple[int, str, str]] = deque(maxlen=KEPT)
        self.changed = threading.Condition()
        self.waiters: set[Callable[[], object]] = set()

    def add(self, view: str, key: str) -> None:
        with self.changed:
            self.seq += 1
            self.hints.append((self.seq, view, key))
        self.wake()

    def wake(self) -> None:
        """Let everybody that waits for hints look again."""
        with self.changed:
            self.changed.notify_all()
            waiters = list(self.waiters)
        for wake in waiters:
            wake()


class AgentHub:
    """Made once a process; thread safe."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.epoch = uuid.uuid4().hex
        self._cloud_id = ""
        self._channels: dict[str, _Channel] = {}
        self._lock = threading.Lock()
        env.hints.listen(HOST_HINT, self._take_hint)
        env.hints.on_lost(self._begin_epoch)
        self._views: dict[str, tuple[Service, AgentView]] = {
            view.name: (service, view) for service in plates(env) for view in service.agent_views
        }

    @property
    def cloud_id(self) -> str:
        """Which cloud the database is; "" while it has no schema."""
        if not self._cloud_id:
            with self.env.db.read() as session:
                self._cloud_id = cloud.find_id(session) or ""
        return self._cloud_id

    # -- hints -----------------------------------------------------------------------------------

    def hint(self, host: str, view: str, key: str = "") -> None:
        """Tell a host to look; key "" means the whole view."""
        self.env.hints.publish(HOST_HINT, host_key(host, view, key))

    def hint_all(self, view: str, key: str = "") -> None:
        """Tell every host that ever asked."""
        self.env.hints.publish(HOST_HINT, host_key("", view, key))

    def _take_hint(self, hint: str) -> None:
        host, view, key = hint.split("\n", 2)
        if host:
            self._channel(host).add(view, key)
            return
        with self._lock:
            channels = list(self._channels.values())
        for channel in channels:
            channel.add(view, key)

    def _begin_epoch(self) -> None:
        """Hints of other servers may be lost: every host looks at everything."""
        self.epoch = uuid.uuid4().hex
        with self._lock:
            channels = list(self._channels.values())
        for channel in channels:
            channel.wake()

    def peek(self, host: str, epoch: str, after: int) -> Hints | None:
        """What is new, or None when there is nothing."""
        channel = self._channel(host)
        with channel.changed:
            if epoch != self.epoch or after > channel.seq:
                return self._hints(channel.seq, everything=True)
            if after == channel.seq:
                return None
            found = [(view, key) for seq, view, key in channel.hints if seq > after]
            lost = len(found) < channel.seq - after
            return self._hints(channel.seq, everything=lost, hints=found)

    def wait(self, host: str, epoch: str, after: int, timeout: float) -> Hints:
        """Like peek, waiting up to ``timeout`` seconds for news."""
        channel = self._channel(host)
        deadline = time.monotonic() + timeout
        while True:
            found = self.peek(host, epoch, after)
            if found is not None:
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                return self.nothing_new(after)
            with channel.changed:
                if channel.seq == after:
                    channel.changed.wait(left)

    def nothing_new(self, after: int) -> Hints:
        return self._hints(after)

    def _hints(self, seq: int, **news: Any) -> Hints:
        return Hints(epoch=self.epoch, cloud=self.cloud_id, seq=seq, **news)

    def check_cloud(self, cloud_id: str) -> None:
        """Refuse the agent of a host that belongs to another cloud; raises Conflict."""
        if cloud_id and self.cloud_id and cloud_id != self.cloud_id:
            raise Conflict(
                f"This host belongs to cloud {cloud_id}, but this server's database is cloud "
                f"{self.cloud_id}. Nothing on the host is touched. Give the server the right "
                "database, or take the host's guests down with `stratolith destroy` there first."
            )

    def add_waiter(self, host: str, wake: Callable[[], object]) -> Callable[[], None]:
        """Call ``wake`` at every hint for the host; gives the function that ends it."""
        channel = self._channel(host)
        with channel.changed:
            channel.waiters.add(wake)

        def end() -> None:
            with channel.changed:
                channel.waiters.discard(wake)

        return end

    def _channel(self, host: str) -> _Channel:
        with self._lock:
            return self._channels.setdefault(host, _Channel())

    # -- views and reports -------------------------------------------------------------------------

    def view(self, host: str, name: str, keys: list[str] | None) -> bytes:
        """The desired state of ``host`` as JSON; raises NotFound for an unknown view."""
        service, view = self._find(name)
        if view.compile is None:
            raise NotFound
        compile_ = view.compile
        return self._transact(service, False, lambda ctx: compile_(ctx, host, keys))

    def report(self, host: str, name: str, payload: Any) -> bytes:
        """Take what a host observed; gives the service's answer as JSON."""
        service, view = self._find(name)
        if view.report is None:
            raise NotFound
        report_ = view.report
        return self._transact(service, True, lambda ctx: report_(ctx, host, payload))

    def seen(
        self,
        host: str,
        version: str,
        views: list[str],
        started_at: datetime,
        offers: Offers | None = None,
    ) -> None:
        """An agent's heartbeat, which makes the host's row at first; raises Unavailable.

        Without ``offers`` the host offers what it did before.
        """
        now = self.env.clock.now()

        def note(session: Session) -> bool:
            record = records.named(session, host)
            if record is None:
                record = records.new_record(host, records.JOINING, now)
                session.add(record)
            came_back = not records.is_alive(record, now)
            if record.state in (records.JOINING, records.LEFT):
                record.state = records.ACTIVE
            record.version, record.views, record.last_seen_at = version, views, now
            record.started_at = started_at
            for name, value in msgspec.structs.asdict(offers).items() if offers else ():
                setattr(record, name, value)
            return came_back

        try:
            came_back = self.env.db.run(note)
        except SQLAlchemyError as error:
            raise database_error(error) from error
        metrics.AGENT_SEEN.labels(host).set(now.timestamp())
        if came_back:
            self.env.hints.publish("kernel.agent", host)

    def _find(self, name: str) -> tuple[Service, AgentView]:
        found = self._views.get(name)
        if found is None:
            raise NotFound(f"There is no view '{name}'.")
        return found

    def _transact(self, service: Service, write: bool, work: Callable[[Context], Any]) -> bytes:
        ctx = Context.of_the_cloud(self.env, service)
        return transact(ctx.transaction, lambda: msgspec.json.encode(work(ctx)), write=write)
