"""Makes SQLite commits durable, with one flush for all waiting requests (group commit).

With ``synchronous=FULL`` SQLite flushes its write-ahead log inside every COMMIT, while it holds
the only write lock: writers then queue behind the disk one by one. Here COMMIT only writes the
log (``synchronous=NORMAL``), the lock is released, and the request waits for a flush before its
success is answered. One flush serves every commit that was written before it began. After a power
failure the database contains at least every commit that was answered
(https://www.sqlite.org/pragma.html#pragma_synchronous: in WAL mode NORMAL keeps the database
consistent and may lose the newest commits, which the flush prevents).
"""

from __future__ import annotations

import os
import threading
from pathlib import Path


class LogFlusher:
    """Flushes the write-ahead log of one SQLite database; thread safe."""

    def __init__(self, database: Path) -> None:
        self._path = f"{database}-wal"
        self._file = -1
        self._changed = threading.Condition()
        self._asked = 0  # tickets given
        self._done = 0  # tickets whose commits are on the disk
        self._flushing = False

    def flush(self) -> None:
        """Return when everything committed before this call is on the disk; raises OSError."""
        with self._changed:
            self._asked += 1
            ticket = self._asked
            while self._flushing and self._done < ticket:
                self._changed.wait()
            if self._done >= ticket:
                return
            self._flushing = True
            upto = self._asked
        done = 0
        try:
            log = self._descriptor()
            if log is not None:
                os.fdatasync(log)
            done = upto
        finally:
            with self._changed:
                self._flushing = False
                self._done = max(self._done, done)
                self._changed.notify_all()

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def _descriptor(self) -> int | None:
        """The descriptor of the log, opened again when SQLite made a new file; None without a log.

        SQLite removes the log when its last connection closes, after moving all of it into the
        database and flushing that.
        """
        try:
            if self._file >= 0 and os.path.samestat(os.fstat(self._file), os.stat(self._path)):
                return self._file
            self.close()
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        return self._file
