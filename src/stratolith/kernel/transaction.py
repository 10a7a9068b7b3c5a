"""One transaction: its session, and what waits for its commit."""

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
    """The database cannot hold a value of the request."""

    message = "A value of the request cannot be stored."


class Transaction:
    """Shared by all contexts of one request, reconcile pass or agent report.

    The session is opened at first use. One that does not write holds a read transaction, so a
    long password hash never holds the writer's lock. Another begins with the next use of the
    session after ``commit`` or ``close``.
    """

    __slots__ = ("_after", "_bus", "_db", "_hints", "_session", "request_id", "write")

    def __init__(self, db: Database, bus: HintBus, request_id: str, *, write: bool = False) -> None:
        """``request_id``: what log lines of ``run`` carry."""
        self._db = db
        self._bus = bus
        self.request_id = request_id
        self.write = write
        self._session: Session | None = None
        self._after: list[Callable[[], None]] = []
        self._hints: dict[Hint, bool] = {}  # whether all must have taken it before the answer

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = self._db.begin_write() if self.write else self._db.begin_read()
        return self._session

    def after_commit(self, work: Callable[[], None]) -> None:
        """Run ``work`` once the transaction is committed; never when it is not."""
        self._after.append(work)

    def hint(self, kind: str, key: str, *, acknowledged: bool = False) -> None:
        """Publish (kind, key) after the commit; acknowledged: see kernel/hints.py."""
        hint = (kind, key)
        self._hints[hint] = self._hints.get(hint, False) or acknowledged

    def run(self, work: Callable[[], T]) -> T:
        """Do ``work`` and commit, all of it again when the database asks for that.

        What waits for the commit is done once, when no attempt will follow. Raises what
        ``work`` and the database raise.
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
        """End the transaction well and do what waits for it."""
        self._end()
        self._finish()

    def close(self) -> None:
        """End the transaction, undoing what was not committed."""
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
        for one in work:
            one()


def transact(transaction: Transaction, work: Callable[[], T], *, write: bool) -> T:
    """``Transaction.run`` for who answers somebody: what the database refuses is an ApiError."""
    transaction.write = write
    try:
        return transaction.run(work)
    except SQLAlchemyError as error:
        raise database_error(error) from error
    except (OverflowError, UnicodeEncodeError) as error:
        # values no column can hold: integers over 64 bit, lone surrogates
        raise NotStored from error


def database_error(error: SQLAlchemyError) -> Exception:
    """What a request is told that the database refused; the error itself for a defect of ours."""
    if isinstance(error, PoolTimeout):
        return Unavailable("The server is busy: all its connections to the database are in use.")
    if not isinstance(error, DBAPIError):
        return NotStored() if isinstance(error, StatementError) else error
    text = str(error.orig)
    if is_disk_full(error):
        return Unavailable("The database cannot be written: its disk is full.")
    if "Expression tree is too large" in text or "too many SQL variables" in text:
        return BadRequest("The request names too many values: at most some hundred can be asked.")
    if isinstance(error, DataError) or any(
        sign in text for sign in ("too large", "out of range", "NUL")
    ):
        return NotStored()
    if is_outage(error):
        LOG.warning("the database does not answer: %s", text.strip())
        return Unavailable("The database does not answer; nothing was changed. Try again later.")
    if is_retryable(error):
        return Unavailable("Too many requests change the same resources at once. Try again.")
    if is_conflict(error):
        LOG.error("no check found this conflict", exc_info=error)
        return Conflict("The request conflicts with another resource.")
    return error
