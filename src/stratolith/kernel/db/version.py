"""Detects commits to a SQLite file, by this process or another."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

SECONDS = 0.001


class DataVersion:
    """Reads SQLite's data_version, which changes with every commit.

    It uses a connection that never writes, because commits of the same connection do not change
    the number. It asks at most once per SECONDS, because SQLite locks the file for it.
    Source: https://www.sqlite.org/pragma.html#pragma_data_version
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._asked, self._found = -SECONDS, 0

    def __call__(self) -> int | None:
        """The version; None if it cannot be read now."""
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
                row = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None
        self._asked, self._found = now, int(row[0])
        return self._found

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
