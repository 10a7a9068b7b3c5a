"""Classifies the errors of both databases: retryable, conflict, disk full, outage."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from stratolith.kernel.exceptions import Unavailable

# SQLSTATE (PostgreSQL documentation, appendix A)
SERIALIZATION = ("40001", "40P01")  # serialization failure, deadlock
CONSTRAINT = ("23503", "23505", "23P01")  # foreign key, unique, exclusion
LOCK_TIMEOUT = "55P03"
# classes: connection exception, insufficient resources, operator intervention
OUTAGE = ("08", "53", "57P")
# If another transaction added the conflicting row, the second attempt sees it, and the manager's
# own check gives the right error, or its choice another value. What many attempts meet, which may
# have failed for other reasons before, has no such check: give up.
CONSTRAINT_RETRIES = 5


class CommitUnknown(Unavailable):
    """The connection broke between COMMIT and its answer: the result is unknown."""

    message = (
        "The connection to the database was lost during the commit: the request may or may not "
        "have been executed. Check before trying again."
    )


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's five-character error code; empty for other errors."""
    return getattr(error.orig, "sqlstate", None) or ""


def is_retryable(error: DBAPIError, attempt: int = 0) -> bool:
    """Whether a retry of the transaction may succeed; ``attempt``: number of earlier retries."""
    state = sqlstate(error)
    if state in SERIALIZATION:
        return True
    if state in CONSTRAINT:
        return attempt < CONSTRAINT_RETRIES
    if state == LOCK_TIMEOUT:
        return attempt == 0
    if error.connection_invalidated:
        return (
            attempt == 0
        )  # pooled connections break when the database restarts; a new one may work
    return isinstance(error, OperationalError) and "database is locked" in str(error.orig)


def is_conflict(error: DBAPIError) -> bool:
    """Whether a constraint was violated: a duplicate key or a foreign key."""
    if not isinstance(error, IntegrityError):
        return False
    name = getattr(error.orig, "sqlite_errorname", "")
    return sqlstate(error) in CONSTRAINT or name.endswith(("_UNIQUE", "_PRIMARYKEY", "_FOREIGNKEY"))


def is_disk_full(error: DBAPIError) -> bool:
    """Whether SQLite could not write because the disk is full."""
    text = str(error.orig)
    return isinstance(error, OperationalError) and ("is full" in text or "disk I/O" in text)


def is_outage(error: DBAPIError) -> bool:
    """Whether the database could not be reached or the connection broke (never for SQLite)."""
    if not hasattr(error.orig, "sqlstate"):
        return False
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = sqlstate(error)
    # without a state the driver itself could not connect
    return state.startswith(OUTAGE) or not state
