"""A transaction: its session, and the work that waits for its commit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from stratolith.kernel.db import Database
from stratolith.kernel.db.errors import is_conflict, is_disk_full, is_outage, is_retryable
from stratolith.kernel.exceptions import BadRequest, Conflict, Unavailable
from stratolith.kernel.hints import Hint, HintBus
from stratolith.kernel.ids import REQUEST_ID

LOG = logging.getLogger(__name__)
T = TypeVar("T")


class NotStored(BadRequest):
    """The database cannot store a value of the request."""

    message = "A value of the request cannot be stored."


class Transaction:
    """Shared by all contexts of a request, reconcile pass or agent report.

    The session is opened at first use. A read-only one holds a read transaction, so a slow password
    hash never holds the write lock. After ``commit`` or ``close`` the next use of the session
    begins a new transaction.
    """

    __slots__ = ("_after", "_bus", "_db", "_hints", "_session", "request_id", "write")

    def __init__(self, db: Database, bus: HintBus, request_id: str, *, write: bool = False) -> None:
        """``request_id``: for the log lines of ``run``."""
        self._db = db
        self._bus = bus
        self.request_id = request_id
        self.write = write
        self._session: Session | None = None
        self._after: list[Callable[[], None]] = []
        # hint -> whether all processes must receive it before the answer
        self._hints: dict[Hint, bool] = {}

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = self._db.begin_write() if self.write else self._db.begin_read()
        return self._session

    def after_commit(self, work: Callable[[], None]) -> None:
        """Run ``work`` after the transaction was committed; not if it was not."""
        self._after.append(work)

    def hint(self, kind: str, key: str, *, acknowledged: bool = False) -> None:
        """Publish (kind, key) after the commit; acknowledged: see kernel/hints.py."""
        hint = (kind, key)
        self._hints[hint] = self._hints.get(hint, False) or acknowledged

    def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` and commit; runs again when the database requires a retry.

        Work that waits for the commit runs only once, after the last attempt. Raises the errors of
        ``work`` and of the database.
        """

        def once() -> T:
            try:
                result = work()
                self._end()
                return result
            except BaseException:
                self.close()
                raise

        token = REQUEST_ID.set(self.request_id)
        try:
            result = self._db.persist(once)
            self._finish()
            return result
        finally:
            self.close()
            REQUEST_ID.reset(token)

    def commit(self) -> None:
        """Commit the transaction and run the work that waits for it."""
        self._end()
        self._finish()

    def close(self) -> None:
        """End the transaction; changes that were not committed are rolled back."""
        self._after.clear()
        self._hints.clear()
        if self._session is not None:
            session, self._session = self._session, None
            self._db.close(session)

    def _end(self) -> None:
        if self._session is not None:
            if self.write:
                self._db.commit(self._session)
            self._db.close(self._session)
            self._session = None

    def _finish(self) -> None:
        hints = list(self._hints.items())
        self._hints.clear()
        for wanted in (True, False):
            chosen = [hint for hint, acknowledged in hints if acknowledged is wanted]
            if chosen:
                self._bus.publish_all(chosen, acknowledged=wanted)
        work = list(self._after)
        self._after.clear()
        for action in work:
            action()


def transact(transaction: Transaction, work: Callable[[], T], *, write: bool) -> T:
    """``Transaction.run`` for requests: an error of the database becomes an ApiError."""
    transaction.write = write
    try:
        return transaction.run(work)
    except SQLAlchemyError as error:
        raise database_error(error) from error
    except (OverflowError, UnicodeEncodeError) as error:
        # values that no column can store: integers over 64 bit, lone surrogates
        raise NotStored from error


def database_error(error: SQLAlchemyError) -> Exception:
    """The answer for an error of the database; the error itself if it is a defect of the server."""
    if isinstance(error, PoolTimeout):
        return Unavailable("The server is busy: all its connections to the database are in use.")
    if not isinstance(error, DBAPIError):
        return NotStored() if isinstance(error, StatementError) else error
    text = str(error.orig)
    if is_disk_full(error):
        return Unavailable("The database cannot be written: its disk is full.")
    if "Expression tree is too large" in text or "too many SQL variables" in text:
        return BadRequest("The request has too many values: at most some hundred are allowed.")
    if isinstance(error, DataError) or any(
        sign in text for sign in ("too large", "out of range", "NUL")
    ):
        return NotStored()
    if is_outage(error):
        LOG.warning("the database does not answer: %s", text.strip())
        return Unavailable("The database does not answer; nothing was changed. Try again later.")
    if is_retryable(error):
        return Unavailable(
            "Too many requests change the same resources at the same time. Try again."
        )
    if is_conflict(error):
        LOG.error("no check found this conflict", exc_info=error)
        return Conflict("The request conflicts with another resource.")
    return error
