"""The other server processes on the same PostgreSQL database: hints to them and from them.

Hints travel by NOTIFY, in transactions of their own after the one they are about: a NOTIFY in
that transaction would make commits queue for PostgreSQL's notification lock.

Who is alive? Each process writes the moment into its row every second. For ``LEASE_SECONDS``
after that it believes its caches; the others count it as alive for as long. An acknowledged hint
is done when each process that is alive has taken it. One that cannot reach the database
stops believing its caches before the others stop waiting for it, and when one vanishes the
others look at everything: it may have taken hints with it (docs/design/0005-postgresql.md).
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
KEEP = "1 day"  # rows of processes that ended without a word
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
    """One NOTIFY: hints, or the word that hints were taken; without either: I begin to listen."""

    sender: str
    number: int = 0  # not 0: the sender waits for the word that it was taken
    hints: list[Hint] = []
    taken_of: str = ""  # whose hints ``number`` were taken


class _Waiting:
    """An acknowledged hint on its way."""

    def __init__(self, hints: Sequence[Hint], number: int) -> None:
        self.hints = list(hints)
        self.number = number
        self.sent = threading.Event()
        self.changed = threading.Condition()
        self.missing: set[str] | None = None  # not known before it is sent
        self.taken: set[str] = set()

    def wait(self, seconds: float) -> bool:
        """Whether all that had to take it did so in time."""
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
    """``remote`` of a hint bus; a thread that listens and one that sends."""

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
        """Say that this process ends, so that nobody waits for it; the threads have ended."""
        try:
            with connect(self._db.engine) as connection:
                connection.execute("DELETE FROM kernel_servers WHERE id = %s", (self.id,))
        except psycopg.Error as error:
            LOG.warning("could not sign off: %s", error)

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
        elif self._others:  # one that begins just now looks at everything anyway
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
                self._look_who_is_left(waiting)
            LOG.error("%s did not take %s", waiting.missing, hints)
        finally:
            del self._waiting[waiting.number]

    def _look_who_is_left(self, waiting: _Waiting) -> None:
        """Wait no longer for those that have ended.

        Out of reach of the database this process is the one that vanished for all others.
        """
        try:
            with connect(self._db.engine) as connection:
                alive = self._alive(connection)
        except psycopg.Error:
            waiting.note(missing=())
            return
        if waiting.missing is not None:
            waiting.note(missing=waiting.missing & alive)

    # -- out ---------------------------------------------------------------------------------------

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
                for one in batch:
                    if isinstance(one, _Waiting):
                        self._outgoing.put(one)
                self._stopping.wait(0.2)
        if connection is not None:
            connection.close()

    def _take_batch(self) -> list[_Waiting | Hint]:
        batch: dict[_Waiting | Hint, None] = {}
        one = self._outgoing.get()
        while one is not None:
            batch[one] = None  # a hint given twice is sent once
            if len(batch) == _BATCH:
                break
            try:
                one = self._outgoing.get_nowait()
            except queue.Empty:
                break
        return list(batch)

    def _notify(
        self, connection: psycopg.Connection[tuple[str, ...]], batch: list[_Waiting | Hint]
    ) -> None:
        plain = [one for one in batch if isinstance(one, tuple)]
        for hints in _portions(plain):
            self._say(connection, _Note(self.id, hints=hints))
        for one in batch:
            if isinstance(one, _Waiting) and one.number in self._waiting:
                self._say(connection, _Note(self.id, one.number, one.hints))
                one.note(missing=self._alive(connection))

    def _say(self, connection: psycopg.Connection[tuple[str, ...]], note: _Note) -> None:
        connection.execute(_NOTIFY, (CHANNEL, msgspec.json.encode(note).decode()))

    def _alive(self, connection: psycopg.Connection[tuple[str, ...]]) -> set[str]:
        return {row[0] for row in connection.execute(_OTHERS, (self.id,))}

    # -- in ----------------------------------------------------------------------------------------

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._db.engine) as connection:
                    self._keep_listening(connection)
            except psycopg.Error as error:
                LOG.warning("hints of other servers do not come in: %s", str(error).strip())
                self._stopping.wait(0.5)

    def _keep_listening(self, connection: psycopg.Connection[tuple[str, ...]]) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        connection.execute(_FORGET)
        self._believed_until = 0.0  # whatever came while nobody listened is lost
        self._beat(connection)
        self._say(connection, _Note(self.id))
        self._say_again()  # the answers may have been lost
        while not self._stopping.is_set():
            self._beat(connection)
            next_beat = time.monotonic() + BEAT_SECONDS
            while (left := next_beat - time.monotonic()) > 0 and not self._stopping.is_set():
                # All of them first: what comes in while the generator is open is lost when
                # something is said meanwhile.
                for notify in list(connection.notifies(timeout=left, stop_after=1)):
                    self._take(connection, notify.payload)

    def _beat(self, connection: psycopg.Connection[tuple[str, ...]]) -> None:
        before = time.monotonic()
        connection.execute(_BEAT, (self.id, self.name))
        others = self._alive(connection)
        if time.monotonic() >= self._believed_until or self._others != others:
            # Nobody waited for this process for a while; one ended that had more to say; or one
            # began, and what it changed before it joined was told to nobody.
            self._hints.lost()
        self._others = others
        self._believed_until = before + LEASE_SECONDS

    def _take(self, connection: psycopg.Connection[tuple[str, ...]], payload: str) -> None:
        try:
            note = msgspec.json.decode(payload, type=_Note)
        except msgspec.DecodeError:
            LOG.error("not a hint: %s", payload)
            return
        if note.taken_of:
            taken = self._waiting.get(note.number) if note.taken_of == self.id else None
            if taken is not None:
                taken.note(taken=note.sender)
        elif note.sender != self.id:
            if not note.hints:
                self._say_again()  # it did not hear what was said before
            self._hints.deliver(note.hints)
            if note.number:
                self._say(connection, _Note(self.id, note.number, taken_of=note.sender))

    def _say_again(self) -> None:
        for waiting in list(self._waiting.values()):
            self._outgoing.put(waiting)


def _portions(hints: Sequence[Hint]) -> Iterator[list[Hint]]:
    """The hints in lists that each fit into one NOTIFY."""
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
