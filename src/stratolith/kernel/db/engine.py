"""Engine and transactions: one writer at a time on SQLite, serializable ones on PostgreSQL."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from stratolith.kernel.db.durability import LogFlusher
from stratolith.kernel.db.errors import LOCK_TIMEOUT, CommitUnknown, is_retryable, sqlstate
from stratolith.kernel.db.text import register as give_lower
from stratolith.kernel.db.version import DataVersion
from stratolith.kernel.exceptions import CannotStart, Unavailable

LOG = logging.getLogger(__name__)
T = TypeVar("T")
WRITE = "stratolith_write"
COMMITTED = "stratolith_committed"
RETRIES = 5  # attempts on SQLite, where another process rarely locks the file
SERIALIZABLE_RETRIES = 12
# How often this transaction was tried before: what chooses one of many equal values, such as a free
# number, should choose another one after a collision.
EARLIER_ATTEMPTS: ContextVar[int] = ContextVar("earlier_attempts", default=0)
# Advisory locks are numbers; ours begin with the letters "stra".
TURN_LOCK = 0x73747261_0001
PREPARE_LOCK = 0x73747261_0002
TURN_SECONDS = 3.0


class Database:
    """One engine, two kinds of transaction: reading and writing."""

    def __init__(self, url: str, pool_size: int = 20, password: str = "") -> None:
        """``password``: used for a PostgreSQL URL without one."""
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self.engine = self._sqlite(url)
            self._writing = self.engine.execution_options(**{WRITE: True})
        else:
            from stratolith.kernel.db import postgresql

            self.engine = postgresql.make_engine(url, pool_size, password)
            self._writing = self.engine.execution_options(isolation_level="SERIALIZABLE")
        self.engines = (self.engine, self._writing)  # of one pool of connections
        self._writer = threading.RLock()
        self._turn = threading.Lock()
        self._retries = RETRIES if self.is_sqlite else SERIALIZABLE_RETRIES
        self._log = LogFlusher(Path(self.engine.url.database or "")) if self.is_sqlite else None
        self._version = DataVersion(Path(self.engine.url.database or "")) if self._log else None
        # The number of committed writes of this process; caches compare it.
        self.commits = 0

    def wait_ready(self, seconds: float) -> None:
        """Wait until a PostgreSQL server answers; raises CannotStart."""
        if not self.is_sqlite:
            from stratolith.kernel.db import postgresql

            postgresql.wait_ready(self.engine, seconds)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only transaction; nothing is committed."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction committed at the end of the block, rolled back by an exception.

        On SQLite the lock of this process is taken first: threads then queue fairly instead of
        polling the file lock.
        """
        session = self.begin_write()
        try:
            yield session
            self.commit(session)
        finally:
            self.close(session)

    @contextmanager
    def change_schema(self) -> Iterator[Connection]:
        """A write transaction for migrations; raises CannotStart when it breaks foreign keys.

        SQLite changes a table by creating a new one and dropping the old one, which would delete
        rows of other tables that refer to it. So foreign keys are off, and checked at the end.
        """
        if not self.is_sqlite:
            with self._writing.connect() as connection, connection.begin():
                yield connection
            self.commits += 1
            return
        with self._writer, self._writing.connect() as connection:
            driver = (
                connection.connection.cursor()
            )  # SQLite ignores this setting within a transaction
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin(), _references_kept(connection):
                    yield connection
            finally:
                driver.execute("PRAGMA foreign_keys=ON")
        self.commits += 1
        if self._log is not None:
            self._log.flush()

    def begin_write(self) -> Session:
        if self.is_sqlite:
            self._writer.acquire()
        try:
            session = Session(self._writing, expire_on_commit=False)
            session.info[WRITE] = True
        except BaseException:
            if self.is_sqlite:
                self._writer.release()
            raise
        return session

    def begin_read(self) -> Session:
        return Session(self.engine, expire_on_commit=False, autoflush=False)

    def commit(self, session: Session) -> None:
        """Raises CommitUnknown when the connection breaks during the commit."""
        session.flush()  # if this fails, nothing was committed
        try:
            session.commit()
        except DBAPIError as error:
            if error.connection_invalidated:
                raise CommitUnknown from error
            raise
        session.info[COMMITTED] = True
        self.commits += 1

    def close(self, session: Session) -> None:
        """End a session of begin_read or begin_write; rolls back uncommitted changes.

        Flushes what was committed to the disk; raises Unavailable when the flush fails.
        """
        try:
            session.close()
        finally:
            if session.info.pop(WRITE, False) and self.is_sqlite:
                self._writer.release()
        if self._log is not None and session.info.pop(COMMITTED, False):
            try:
                self._log.flush()
            except OSError as error:
                raise Unavailable(f"The database cannot be flushed: {error.strerror}.") from error

    def run(self, work: Callable[[Session], T]) -> T:
        """Do ``work`` in a write transaction; repeat it when the database asks for a retry."""

        def once() -> T:
            with self.write() as session:
                return work(session)

        return self.persist(once)

    def persist(self, once: Callable[[], T]) -> T:
        """Call ``once``, a whole transaction; repeat it while the database asks for a retry.

        First attempts run concurrently. Retries run one after the other, over all processes, so
        that they soon succeed without a conflict.
        """
        for attempt in range(self._retries):
            token = EARLIER_ATTEMPTS.set(attempt)
            try:
                if attempt == 0 or self.is_sqlite:
                    return once()
                with self._in_turn():
                    return once()
            except DBAPIError as error:
                if attempt + 1 == self._retries or not is_retryable(error, attempt):
                    raise
                LOG.debug("transaction is tried again: %s", error.orig)
                if self.is_sqlite:
                    time.sleep(0.01 * 2**attempt)
                elif attempt:
                    time.sleep(random.uniform(0, 0.005 * attempt))
            finally:
                EARLIER_ATTEMPTS.reset(token)
        raise AssertionError("unreachable")

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        with self._turn, self.locked(TURN_LOCK, seconds=TURN_SECONDS):
            yield

    @contextmanager
    def locked(self, number: int, seconds: float | None = None) -> Iterator[None]:
        """Hold an advisory lock of PostgreSQL; does nothing on SQLite, which has one server.

        After ``seconds`` it continues without the lock: a process that hangs must not stop others.
        """
        if self.is_sqlite:
            yield
            return
        # with this isolation level the waiting transaction does not hold back vacuum
        engine = self.engine.execution_options(isolation_level="READ COMMITTED")
        with engine.connect() as connection:
            for name, value in (
                ("lock_timeout", int((seconds or 0) * 1000)),
                ("idle_in_transaction_session_timeout", 0),
            ):
                connection.execute(text(f"SET LOCAL {name} = {value}"))
            try:
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})
            except DBAPIError as error:
                if sqlstate(error) != LOCK_TIMEOUT:
                    raise
                LOG.warning("lock %x is held for too long; continuing without it", number)
            yield

    def version(self) -> tuple[int, int] | None:
        """Changes with every commit of any process; None on PostgreSQL, which has no such number.

        It shows a commit of this process before the commit returns, and a commit of another
        process at most a millisecond later.
        """
        data_version = None if self._version is None else self._version()
        return None if data_version is None else (self.commits, data_version)

    def dispose(self) -> None:
        self.engine.dispose()
        if self._version is not None:
            self._version.close()
        if self._log is not None:
            self._log.close()

    @staticmethod
    def _sqlite(url: str) -> Engine:
        engine = create_engine(
            url,
            connect_args={"timeout": 30, "check_same_thread": False},
            pool_size=32,
            max_overflow=64,
            pool_use_lifo=True,  # the most recently used connection has warm caches
            query_cache_size=1500,
        )

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, record: Any) -> None:
            connection.isolation_level = None  # the listener below begins transactions
            give_lower(connection)
            cursor = connection.cursor()
            for pragma in (
                "journal_mode=WAL",
                "synchronous=NORMAL",  # durability.py flushes the log
                "foreign_keys=ON",
                "cache_size=-8000",
                "temp_store=MEMORY",
                "wal_autocheckpoint=2000",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            writing = connection.get_execution_options().get(WRITE)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

        return engine


@contextmanager
def _references_kept(connection: Connection) -> Iterator[None]:
    """Raises CannotStart when the block breaks foreign keys of SQLite that were valid before."""
    check = "PRAGMA foreign_key_check"
    before = set(connection.exec_driver_sql(check).all())
    yield
    broken = set(connection.exec_driver_sql(check).all()) - before
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise CannotStart(f"A migration breaks foreign keys of {len(broken)} rows, in: {tables}.")
