"""What the errors of both databases say: try again, in the way of others, out of reach."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from stratolith.kernel.exceptions import Unavailable

# SQLSTATE (PostgreSQL documentation, appendix A)
SERIALIZATION = ("40001", "40P01")  # serialization failure, deadlock
CONSTRAINT = ("23503", "23505", "23P01")  # foreign key, unique, exclusion
LOCK_TIMEOUT = "55P03"
# classes: connection exception, insufficient resources, operator intervention
OUTAGE = ("08", "53", "57P")
# A row that another transaction added meanwhile is seen by the second attempt, whose own check
# then says what is wrong; if even the third meets it, no check is made and no attempt will help.
CONSTRAINT_RETRIES = 2


class CommitUnknown(Unavailable):
    """The connection broke between COMMIT and its answer: done or not, nobody knows."""

    message = (
        "The database went away while the request was being committed: it may have been carried "
        "out or not. Look before trying again."
    )


def sqlstate(error: DBAPIError) -> str:
    """The five characters by which PostgreSQL names an error; empty for others."""
    return getattr(error.orig, "sqlstate", None) or ""


def is_retryable(error: DBAPIError, attempt: int = 0) -> bool:
    """Whether the same transaction may succeed when tried again, after so many attempts."""
    state = sqlstate(error)
    if state in SERIALIZATION:
        return True
    if state in CONSTRAINT:
        return attempt < CONSTRAINT_RETRIES
    if state == LOCK_TIMEOUT:
        return attempt == 0
    if error.connection_invalidated:
        return attempt == 0  # connections of the pool die with the database; a new one may do
    return isinstance(error, OperationalError) and "database is locked" in str(error.orig)


def is_conflict(error: DBAPIError) -> bool:
    """Whether rows of others are in the way: a key that is taken, a row referred to."""
    if not isinstance(error, IntegrityError):
        return False
    name = getattr(error.orig, "sqlite_errorname", "")
    return sqlstate(error) in CONSTRAINT or name.endswith(("_UNIQUE", "_PRIMARYKEY", "_FOREIGNKEY"))


def is_disk_full(error: DBAPIError) -> bool:
    """Whether SQLite could not write for want of room."""
    text = str(error.orig)
    return isinstance(error, OperationalError) and ("is full" in text or "disk I/O" in text)


def is_outage(error: DBAPIError) -> bool:
    """Whether the database could not be reached or went away (never for SQLite)."""
    if not hasattr(error.orig, "sqlstate"):
        return False
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = sqlstate(error)
    # without a state the driver itself could not connect
    return state.startswith(OUTAGE) or not state
