"""Engine and transactions: one writer at a time on SQLite, serialization retry on PostgreSQL."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from stratolith.kernel.db.durability import LogFlusher
from stratolith.kernel.exceptions import Unavailable

LOG = logging.getLogger(__name__)
T = TypeVar("T")
WRITE = "stratolith_write"
COMMITTED = "stratolith_committed"
RETRIES = 5
# SQLSTATE of serialization failure and deadlock (PostgreSQL documentation, appendix A)
RETRYABLE = {"40001", "40P01"}


class Database:
    """One engine, two kinds of transaction: reading and writing."""

    def __init__(self, url: str, pool_size: int = 20) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = self._sqlite(url) if self.is_sqlite else self._server(url, pool_size)
        self._writing = self.engine.execution_options(**{WRITE: True})
        self._writer = threading.RLock()
        self._log = LogFlusher(Path(self.engine.url.database or "")) if self.is_sqlite else None
        # Grows with every committed write of this process; caches compare it.
        self.commits = 0

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads; nothing is ever committed."""
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
        session.commit()
        session.info[COMMITTED] = True
        self.commits += 1

    def close(self, session: Session) -> None:
        """End a session of begin_read or begin_write, undoing what was not committed.

        What was committed is on the disk afterwards; raises Unavailable when it cannot be.
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
        """Do ``work`` in a write transaction, again when the database asks for a retry."""
        for attempt in range(RETRIES):
            try:
                with self.write() as session:
                    return work(session)
            except DBAPIError as error:
                if attempt + 1 == RETRIES or not is_retryable(error):
                    raise
                time.sleep(0.01 * 2**attempt)
        raise AssertionError("unreachable")

    def dispose(self) -> None:
        self.engine.dispose()
        if self._log is not None:
            self._log.close()

    @staticmethod
    def _sqlite(url: str) -> Engine:
        engine = create_engine(
            url,
            connect_args={"timeout": 30, "check_same_thread": False},
            pool_size=32,
            max_overflow=64,
            query_cache_size=1500,
        )

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, record: Any) -> None:
            connection.isolation_level = None  # transactions are begun below, by us
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

    @staticmethod
    def _server(url: str, pool_size: int) -> Engine:
        return create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
        )


def is_retryable(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed when tried again."""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    if state in RETRYABLE:
        return True
    return isinstance(error, OperationalError) and "database is locked" in str(error.orig)
