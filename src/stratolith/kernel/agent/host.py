"""The agent of one host: rooms that each implement one view, woken by hints.

A room fetches its view (desired state), applies it to the host and reports the observed state.
Rooms of one host inform each other through ``Conditions`` ("the port is wired").
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from stratolith import __version__
from stratolith.kernel.agent.client import Refused, Transport, Unreachable
from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.architecture import of_this_host
from stratolith.kernel.clock import utcnow
from stratolith.kernel.concurrency import Supervisor

LOG = logging.getLogger(__name__)
HEARTBEAT = 10.0
LONGEST_PAUSE = 3.0  # after a failure of a room: it recovers within 5 s after the cause was removed


class Conditions:
    """Named facts about this host that rooms can wait for, such as "port/<id>"."""

    def __init__(self) -> None:
        self._true: set[str] = set()
        self._reasons: dict[str, str] = {}
        self._changed = threading.Condition()

    def replace(
        self, prefix: str, names: Iterable[str], reasons: Mapping[str, str] | None = None
    ) -> None:
        """Replace the true names that begin with ``prefix`` by exactly these names.

        ``reasons``: why other names with this prefix are not true.
        """
        with self._changed:
            self._true = {name for name in self._true if not name.startswith(prefix)}
            self._true.update(names)
            kept = {n: why for n, why in self._reasons.items() if not n.startswith(prefix)}
            self._reasons = {**kept, **(reasons or {})}
            self._changed.notify_all()

    def set(self, name: str) -> None:
        with self._changed:
            self._true.add(name)
            self._changed.notify_all()

    def is_set(self, name: str) -> bool:
        with self._changed:
            return name in self._true

    def reason(self, name: str) -> str:
        """Why the name is not true, "" if that is unknown."""
        with self._changed:
            return self._reasons.get(name, "")

    def wait(self, names: Sequence[str], timeout: float) -> list[str]:
        """Wait until all are true; returns the names that are not after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                missing = [name for name in names if name not in self._true]
                left = deadline - time.monotonic()
                if not missing or left <= 0:
                    return missing
                self._changed.wait(left)


class Room:
    """Applies one view to this host. ``sync`` must be idempotent.

    interval: seconds between full syncs.
    pause: seconds after a sync in which hints are collected for the next one. A hint after a quiet
    time is not delayed.
    driver_name, capabilities: what the host offers by this room; "" and none without driver.
    answers: the room's answers to questions by name, see QuestionRoom.
    """

    view = ""
    interval = 20.0
    pause = 0.0
    driver_name = ""
    capabilities: Sequence[str] = ()
    answers: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}

    def __init__(self) -> None:
        self.host: Host
        self.left_out: dict[str, str] = {}  # object id -> why the last sync did not change it

    def start(self) -> None:
        """Called once before the first sync: find what runs already."""

    def sync(self, keys: list[str] | None) -> None:
        """Apply these keys of the view, None for all; may raise and is then called again."""
        raise NotImplementedError

    def stop(self) -> None:
        """The agent ends; guests and networks of the host continue."""


@dataclass(frozen=True)
class Addresses:
    """Addresses at which others reach this host, per network plane; "" for none."""

    api: str = ""
    tunnel: str = ""
    storage: str = ""


class Host:
    """The agent of one host."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        rooms: Sequence[Room],
        addresses: Addresses | None = None,
    ) -> None:
        self.name = name
        self._addresses = addresses or Addresses()
        self.transport = transport
        self.conditions = Conditions()
        self.rooms = {room.view: room for room in rooms}
        self._inbox = {room.view: _Inbox() for room in rooms}
        self._stop = threading.Event()
        self._started_at = utcnow()
        self._threads = Supervisor()
        # View -> why its last sync failed; None when it succeeded.
        self._failing: dict[str, str | None] = {room.view: "no sync yet" for room in rooms}
        for room in rooms:
            room.host = self

    def start(self) -> None:
        """Start the threads and return."""
        for room in self.rooms.values():
            room.start()
        self._threads.start("hints", self._receive_hints, self._stop.set)
        self._threads.start("heartbeat", self._send_heartbeats, self._stop.set)
        for view, room in self.rooms.items():
            inbox = self._inbox[view]
            self._threads.start(view, partial(self._run_room, room, inbox), inbox.close)

    def stop(self) -> None:
        self._stop.set()
        self.transport.wake(self.name)
        self._threads.stop()
        for room in self.rooms.values():
            room.stop()

    def problems(self) -> list[str]:
        """Current problems, one sentence each; empty when the last sync of each room succeeded."""
        return [f"{view}: {why}" for view, why in self._failing.items() if why]

    def left_out(self) -> dict[str, str]:
        """Object id -> why it could not be synchronised, although the rest was."""
        return {key: why for room in self.rooms.values() for key, why in room.left_out.items()}

    def poke(self, view: str, key: str = "") -> None:
        """Wake a room from inside this host."""
        if view in self._inbox:
            self._inbox[view].put(key)

    def _offers(self) -> Offers:
        rooms = self.rooms.values()
        return Offers(
            drivers={room.view: room.driver_name for room in rooms if room.driver_name},
            capabilities=[
                f"{room.view}.{capability}" for room in rooms for capability in room.capabilities
            ],
            architecture=of_this_host(),
            api_address=self._addresses.api,
            tunnel_address=self._addresses.tunnel,
            storage_address=self._addresses.storage,
        )

    def _send_heartbeats(self) -> None:
        while not self._stop.is_set():
            try:
                self.transport.seen(
                    self.name, __version__, list(self.rooms), self._started_at, self._offers()
                )
                self._stop.wait(HEARTBEAT)
            except Unreachable:
                self._stop.wait(0.5)
            except Refused as error:
                LOG.warning("heartbeat refused: %s", error)
                self._stop.wait(HEARTBEAT)

    def _receive_hints(self) -> None:
        epoch, seq = "", 0
        while not self._stop.is_set():
            try:
                news = self.transport.hints(self.name, epoch, seq, 5.0 if epoch else 0.0)
            except Unreachable:
                self._stop.wait(0.3)
                continue
            except Refused as error:
                LOG.warning("request for hints refused: %s", error)
                self._stop.wait(2.0)
                continue
            epoch, seq = news.epoch, news.seq
            if news.everything:
                for inbox in self._inbox.values():
                    inbox.put("")
            for view, key in news.hints:
                if view in self._inbox:
                    self._inbox[view].put(key)

    def _run_room(self, room: Room, inbox: _Inbox) -> None:
        failures, whole_at = 0, time.monotonic()
        while not self._stop.is_set():
            keys = inbox.take(room.interval)
            if self._stop.is_set():
                return
            if time.monotonic() - whole_at > room.interval:
                keys = None  # checked here too, as hints may never stop
            try:
                room.sync(keys)
                failures = 0
                whole_at = time.monotonic() if keys is None else whole_at
                self._failing[room.view] = None
                self._stop.wait(room.pause)
            except Exception as error:
                failures += 1
                self._failing[room.view] = str(error) or type(error).__name__
                if isinstance(error, Refused):
                    LOG.warning("%s: sync refused: %s", room.view, error)
                elif not isinstance(error, Unreachable):
                    LOG.exception("%s: sync failed", room.view)
                self._stop.wait(min(0.2 * 2 ** min(failures, 20), LONGEST_PAUSE))
                inbox.put("")


class _Inbox:
    """Keys that wait for a room; "" means everything."""

    def __init__(self) -> None:
        self._keys: dict[str, None] = {"": None}  # start with a full sync
        self._changed = threading.Condition()
        self._closed = False

    def put(self, key: str) -> None:
        with self._changed:
            self._keys[key] = None
            self._changed.notify()

    def take(self, timeout: float) -> list[str] | None:
        """All waiting keys, or None for a full sync."""
        with self._changed:
            if not self._keys and not self._closed:
                self._changed.wait(timeout)
            keys, self._keys = list(self._keys), {}
        return None if not keys or "" in keys else keys

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
