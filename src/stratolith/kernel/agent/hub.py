"""The control plane's side of the agents: hints per host, views, reports, heartbeats.

A hint means "check key K of view V". Hints are only in memory: after a restart the epoch differs,
and agents do a full sync.
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
from stratolith.kernel.hosts import questions, records
from stratolith.kernel.members import cloud
from stratolith.kernel.service import AgentView, Service, plates
from stratolith.kernel.transaction import database_error, transact

LOG = logging.getLogger(__name__)
QUESTIONS = AgentView(questions.VIEW, questions.compile_view, questions.take_report)
KEPT = 10_000  # hints kept per host; an agent that is further behind does a full sync


class _Channel:
    """The hints of one host."""

    def __init__(self) -> None:
        self.seq = 0
        self.hints: deque[tuple[int, str, str]] = deque(maxlen=KEPT)
        self.changed = threading.Condition()
        self.waiters: set[Callable[[], object]] = set()
        self.asked_at: float | None = None  # of the last request for hints

    def add(self, view: str, key: str) -> None:
        with self.changed:
            self.seq += 1
            self.hints.append((self.seq, view, key))
        self.wake()

    def wake(self) -> None:
        """Let all threads that wait for hints check again."""
        with self.changed:
            self.changed.notify_all()
            waiters = list(self.waiters)
        for wake in waiters:
            wake()


class AgentHub:
    """One object per process; thread safe."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.epoch = uuid.uuid4().hex
        self._cloud_id = ""
        self._channels: dict[str, _Channel] = {}
        self._lock = threading.Lock()
        env.hints.listen(HOST_HINT, self._take_hint)
        env.hints.on_lost(self._begin_epoch)
        self._views: dict[str, tuple[Service | None, AgentView]] = {
            view.name: (service, view) for service in plates(env) for view in service.agent_views
        }
        self._views[questions.VIEW] = (None, QUESTIONS)

    @property
    def cloud_id(self) -> str:
        """The id of the cloud in the database; "" before the schema exists."""
        if not self._cloud_id:
            with self.env.db.read() as session:
                self._cloud_id = cloud.find_id(session) or ""
        return self._cloud_id

    # -- hints -----------------------------------------------------------------------------------

    def hint(self, host: str, view: str, key: str = "") -> None:
        """Tell a host to check a key; key "" means the whole view."""
        self.env.hints.publish(HOST_HINT, host_key(host, view, key))

    def hint_all(self, view: str, key: str = "") -> None:
        """Tell every host that ever connected."""
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
        """Hints of other servers may be lost: all hosts do a full sync."""
        self.epoch = uuid.uuid4().hex
        with self._lock:
            channels = list(self._channels.values())
        for channel in channels:
            channel.wake()

    def peek(self, host: str, epoch: str, after: int) -> Hints | None:
        """The hints after ``after``; None when there are none."""
        channel = self._channel(host)
        with channel.changed:
            if epoch != self.epoch or after > channel.seq:
                return self._hints(channel.seq, everything=True)
            if after == channel.seq:
                return None
            newer = [(view, key) for seq, view, key in channel.hints if seq > after]
            lost = len(newer) < channel.seq - after
            return self._hints(channel.seq, everything=lost, hints=newer)

    def wait(self, host: str, epoch: str, after: int, timeout: float) -> Hints:
        """Like peek, but waits up to ``timeout`` seconds for hints."""
        channel = self._channel(host)
        deadline = time.monotonic() + timeout
        while True:
            news = self.peek(host, epoch, after)
            if news is not None:
                return news
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
                f"{self.cloud_id}. The host is not changed. Give the server the right "
                "database, or first remove the guests with `stratolith destroy` on that host."
            )

    def add_waiter(self, host: str, wake: Callable[[], object]) -> Callable[[], None]:
        """Call ``wake`` at every hint for the host; returns a function that stops this."""
        channel = self._channel(host)
        with channel.changed:
            channel.waiters.add(wake)
            channel.asked_at = self.env.clock.monotonic()

        def end() -> None:
            with channel.changed:
                channel.waiters.discard(wake)

        return end

    def silences(self) -> dict[str, float]:
        """Host -> seconds since it asked this process for hints, which it does all the time."""
        now = self.env.clock.monotonic()
        with self._lock:
            asked = {host: channel.asked_at for host, channel in self._channels.items()}
        return {host: now - at for host, at in asked.items() if at is not None}

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
        """Process a host's report; returns the service's answer as JSON."""
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
        """Record an agent's heartbeat; the first one creates the host's row. Raises Unavailable.

        Without ``offers`` the previous offers stay.
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

    def _find(self, name: str) -> tuple[Service | None, AgentView]:
        entry = self._views.get(name)
        if entry is None:
            raise NotFound(f"There is no view '{name}'.")
        return entry

    def _transact(
        self, service: Service | None, write: bool, work: Callable[[Context], Any]
    ) -> bytes:
        ctx = Context.of_the_cloud(self.env, service)
        return transact(ctx.transaction, lambda: msgspec.json.encode(work(ctx)), write=write)
