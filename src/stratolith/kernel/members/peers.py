"""The other server processes on the same PostgreSQL database: exchange of hints.

Hints are sent by NOTIFY, in separate transactions after the one they are about: a NOTIFY in that
transaction would make commits queue for PostgreSQL's notification lock.

Which processes are alive: each process writes the current time to its row every second. For
``LEASE_SECONDS`` after that it may use its caches, and the others count it as alive. An
acknowledged hint is done when each live process has received it. A process that cannot reach the
database stops using its caches before the others stop waiting for it. When a process disappears,
the others check everything: it may have lost hints (docs/design/0005-postgresql.md).
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

import msgspec
import psycopg

from stratolith.kernel.concurrency import Supervisor
from stratolith.kernel.db import Database
from stratolith.kernel.db.postgresql import connect
from stratolith.kernel.hints import Hint, HintBus
from stratolith.kernel.ids import new_uuid

LOG = logging.getLogger(__name__)
CHANNEL = "stratolith"
BEAT_SECONDS = 1.0
LEASE_SECONDS = 4.0
KEEP = "1 day"  # rows of processes that did not sign off
LARGEST = 6000  # bytes of hints in one NOTIFY; PostgreSQL's limit is 8000
_BATCH = 200
_NOTIFY = "SELECT pg_notify(%s, %s)"
_NOW = "timezone('utc', clock_timestamp())"
_ALIVE = f"seen_at > {_NOW} - make_interval(secs => {LEASE_SECONDS})"
_OTHERS = f"SELECT id FROM kernel_servers WHERE {_ALIVE} AND id <> %s"
_BEAT = (
    f"INSERT INTO kernel_servers (id, name, started_at, seen_at) VALUES (%s, %s, {_NOW}, {_NOW}) "
    f"ON CONFLICT (id) DO UPDATE SET seen_at = {_NOW}"
)
_FORGET = f"DELETE FROM kernel_servers WHERE seen_at < {_NOW} - interval '{KEEP}'"


class _Note(msgspec.Struct, array_like=True):
    """One NOTIFY: hints, or the acknowledgement of hints; without either: the sender starts to
    listen.
    """

    sender: str
    number: int = 0  # not 0: the sender waits for an acknowledgement
    hints: list[Hint] = []
    taken_of: str = ""  # the process whose hints ``number`` are acknowledged


class _Waiting:
    """An acknowledged hint that was sent."""

    def __init__(self, hints: Sequence[Hint], number: int) -> None:
        self.hints = list(hints)
        self.number = number
        self.sent = threading.Event()
        self.changed = threading.Condition()
        self.missing: set[str] | None = None  # unknown before it is sent
        self.taken: set[str] = set()

    def wait(self, seconds: float) -> bool:
        """Wait for the acknowledgements; returns whether all came in time."""
        with self.changed:
            return self.changed.wait_for(
                lambda: self.missing is not None and self.missing <= self.taken, seconds
            )

    def note(self, *, missing: Iterable[str] | None = None, taken: str = "") -> None:
        with self.changed:
            if missing is not None:
                self.missing = set(missing)
            if taken:
                self.taken.add(taken)
            self.changed.notify_all()


class Peers:
    """``remote`` of a hint bus, with a thread that listens and one that sends."""

    def __init__(self, db: Database, hints: HintBus, name: str) -> None:
        self.id = new_uuid()
        self.name = name
        self._db = db
        self._hints = hints
        self._believed_until = 0.0
        self._others: set[str] = set()
        self._outgoing: queue.SimpleQueue[_Waiting | Hint | None] = queue.SimpleQueue()
        self._numbers = count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._stopping = threading.Event()

    def start(self, threads: Supervisor) -> None:
        self._hints.remote = self
        threads.start("hints in", self._listen, self._stopping.set)
        threads.start("hints out", self._deliver, lambda: self._outgoing.put(None))

    def leave(self) -> None:
        """Remove this process's row, so that others do not wait for it; its threads have ended."""
        try:
            with connect(self._db.engine) as connection:
                connection.execute("DELETE FROM kernel_servers WHERE id = %s", (self.id,))
        except psycopg.Error as error:
            LOG.warning("cannot remove the row of this server: %s", error)

    # -- for the hint bus --------------------------------------------------------------------------

    def is_current(self) -> bool:
        return time.monotonic() < self._believed_until

    def is_alone(self) -> bool:
        return self.is_current() and not self._others

    def others(self) -> int:
        return len(self._others)

    def send(self, hints: Sequence[Hint], *, acknowledged: bool) -> None:
        if acknowledged:
            self._send_and_wait(hints)
        elif self._others:  # a process that starts just now checks everything anyway
            for hint in hints:
                self._outgoing.put(hint)

    def _send_and_wait(self, hints: Sequence[Hint]) -> None:
        waiting = _Waiting(hints, next(self._numbers))
        self._waiting[waiting.number] = waiting
        try:
            self._outgoing.put(waiting)
            for _ in range(3):
                if waiting.wait(LEASE_SECONDS + 2 * BEAT_SECONDS) or self._stopping.is_set():
                    return
                self._forget_ended_processes(waiting)
            LOG.error("%s did not acknowledge %s", waiting.missing, hints)
        finally:
            del self._waiting[waiting.number]

    def _forget_ended_processes(self, waiting: _Waiting) -> None:
        """Stop waiting for processes that have ended.

        If the database cannot be reached, this process has disappeared for all others.
        """
        try:
            with connect(self._db.engine) as connection:
                alive = self._alive(connection)
        except psycopg.Error:
            waiting.note(missing=())
            return
        if waiting.missing is not None:
            waiting.note(missing=waiting.missing & alive)

    # -- sending -----------------------------------------------------------------------------------

    def _deliver(self) -> None:
        connection: psycopg.Connection[tuple[str, ...]] | None = None
        while not self._stopping.is_set():
            batch = self._take_batch()
            try:
                connection = connection or connect(self._db.engine)
                self._notify(connection, batch)
            except psycopg.Error as error:
                LOG.warning("hints to other servers are lost: %s", error)
                if connection is not None:
                    connection.close()
                connection = None
                for item in batch:
                    if isinstance(item, _Waiting):
                        self._outgoing.put(item)
                self._stopping.wait(0.2)
        if connection is not None:
            connection.close()

    def _take_batch(self) -> list[_Waiting | Hint]:
        batch: dict[_Waiting | Hint, None] = {}
        item = self._outgoing.get()
        while item is not None:
            batch[item] = None  # a hint given twice is sent once
            if len(batch) == _BATCH:
                break
            try:
                item = self._outgoing.get_nowait()
            except queue.Empty:
                break
        return list(batch)

    def _notify(
        self, connection: psycopg.Connection[tuple[str, ...]], batch: list[_Waiting | Hint]
    ) -> None:
        plain = [item for item in batch if isinstance(item, tuple)]
        for hints in _portions(plain):
            self._send_note(connection, _Note(self.id, hints=hints))
        for item in batch:
            if isinstance(item, _Waiting) and item.number in self._waiting:
                self._send_note(connection, _Note(self.id, item.number, item.hints))
                item.note(missing=self._alive(connection))

    def _send_note(self, connection: psycopg.Connection[tuple[str, ...]], note: _Note) -> None:
        connection.execute(_NOTIFY, (CHANNEL, msgspec.json.encode(note).decode()))

    def _alive(self, connection: psycopg.Connection[tuple[str, ...]]) -> set[str]:
        return {row[0] for row in connection.execute(_OTHERS, (self.id,))}

    # -- receiving ---------------------------------------------------------------------------------

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._db.engine) as connection:
                    self._keep_listening(connection)
            except psycopg.Error as error:
                LOG.warning("cannot receive hints of other servers: %s", str(error).strip())
                self._stopping.wait(0.5)

    def _keep_listening(self, connection: psycopg.Connection[tuple[str, ...]]) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        connection.execute(_FORGET)
        self._believed_until = 0.0  # hints that came while this process did not listen are lost
        self._beat(connection)
        self._send_note(connection, _Note(self.id))
        self._resend_waiting()  # acknowledgements may have been lost
        while not self._stopping.is_set():
            self._beat(connection)
            next_beat = time.monotonic() + BEAT_SECONDS
            while (left := next_beat - time.monotonic()) > 0 and not self._stopping.is_set():
                # Read all of them first: a notification that arrives while the generator is open is
                # lost when this process sends one meanwhile.
                for notify in list(connection.notifies(timeout=left, stop_after=1)):
                    self._take(connection, notify.payload)

    def _beat(self, connection: psycopg.Connection[tuple[str, ...]]) -> None:
        before = time.monotonic()
        connection.execute(_BEAT, (self.id, self.name))
        alive = self._alive(connection)
        if time.monotonic() >= self._believed_until or self._others != alive:
            # Other processes stopped waiting for this one; or a process ended before it sent its
            # last hints; or a process started, and its first changes were not sent to this one.
            self._hints.lost()
        self._others = alive
        self._believed_until = before + LEASE_SECONDS

    def _take(self, connection: psycopg.Connection[tuple[str, ...]], payload: str) -> None:
        try:
            note = msgspec.json.decode(payload, type=_Note)
        except msgspec.DecodeError:
            LOG.error("received an invalid hint: %s", payload)
            return
        if note.taken_of:
            taken = self._waiting.get(note.number) if note.taken_of == self.id else None
            if taken is not None:
                taken.note(taken=note.sender)
        elif note.sender != self.id:
            if not note.hints:
                self._resend_waiting()  # it did not receive the earlier hints
            self._hints.deliver(note.hints)
            if note.number:
                self._send_note(connection, _Note(self.id, note.number, taken_of=note.sender))

    def _resend_waiting(self) -> None:
        for waiting in list(self._waiting.values()):
            self._outgoing.put(waiting)


def _portions(hints: Sequence[Hint]) -> Iterator[list[Hint]]:
    """The hints in lists that each fit in one NOTIFY."""
    portion: list[Hint] = []
    size = 0
    for hint in hints:
        length = len(msgspec.json.encode(hint)) + 1
        if portion and size + length > LARGEST:
            yield portion
            portion, size = [], 0
        portion.append(hint)
        size += length
    if portion:
        yield portion
