"""Whether anything was committed to a file of SQLite, by this process or another one."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

SECONDS = 0.001


class DataVersion:
    """Asks SQLite for the version of the data, which differs after each commit.

    It needs a connection that never writes: one's own commits do not count. SQLite is asked once
    in SECONDS at most, for which it locks its file and unlocks it.
    Source: https://www.sqlite.org/pragma.html#pragma_data_version
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._asked, self._found = -SECONDS, 0

    def __call__(self) -> int | None:
        """None when it cannot be told now."""
        now = time.monotonic()
        if now - self._asked < SECONDS:
            return self._found
        try:
            with self._lock:
                if self._connection is None:
                    self._connection = sqlite3.connect(
                        f"file:{self._path}?mode=rw", uri=True, timeout=0.0,
                        isolation_level=None, check_same_thread=False,
                    )  # fmt: skip
                found = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None
        self._asked, self._found = now, int(found[0])
        return self._found

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
