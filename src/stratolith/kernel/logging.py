"""Logging: one format for all services, the request id on each line."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import sys
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from stratolith.kernel.config import LogSection, Settings
from stratolith.kernel.ids import REQUEST_ID

REQUESTS = "stratolith.access"  # the logger of requests
LATE = 0.05
FORMAT = "%(asctime)s.%(msecs)03d %(levelname)s %(name)s [%(request_id)s] %(message)s"


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "request_id"):
            record.request_id = REQUEST_ID.get()
        return True


@lru_cache(maxsize=4)
def _utc(second: int, form: str) -> str:
    return time.strftime(form, time.gmtime(second))


class _Utc(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """The formatted time, computed once per second: a busy server logs hundreds of lines in
        one.
        """
        return _utc(int(record.created), datefmt or "%Y-%m-%d %H:%M:%S")


class _Plain(_Utc):
    """One record per line: text of clients cannot break lines or send terminal codes.

    Lines of a traceback are indented, so that they cannot look like records.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        lines = super().formatException(ei).splitlines()
        return "\n".join(f"    {printable(line)}" for line in lines)


def printable(text: str) -> str:
    """The text with unprintable characters (control characters, line separators) as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class _Json(_Utc):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class _LogFile(logging.handlers.RotatingFileHandler):
    """A file of limited size, created again when it was removed or renamed.

    Request lines are written in batches, after at most ``LATE`` seconds: single writes would cost a
    busy server more than most answers. Other lines are written at once, after the waiting ones.
    """

    def __init__(self, path: Path, **options: Any) -> None:
        self._waiting: list[str] = []
        self._some = threading.Event()  # set while lines wait
        super().__init__(path, **options)
        threading.Thread(target=self._write_late, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == REQUESTS and record.levelno == logging.INFO:
            self._waiting.append(self.format(record))
            if len(self._waiting) == 1:
                self._some.set()
            return
        self._write_waiting()
        super().emit(record)

    def close(self) -> None:
        with self.lock or contextlib.nullcontext():
            self._write_waiting()
            super().close()

    def _write_late(self) -> None:
        while True:
            self._some.wait()
            time.sleep(LATE)
            with self.lock or contextlib.nullcontext():
                self._write_waiting()

    def _write_waiting(self) -> None:
        """Write the waiting lines; lines that do not fit on a full disk are lost."""
        self._some.clear()
        if not self._waiting:
            return
        try:
            if self._is_full():
                self.doRollover()
            if self.stream is None:
                self.stream = self._open()
            self.stream.write("\n".join([*self._waiting, ""]))
            self.stream.flush()
        except OSError:
            pass  # as in handleError
        self._waiting.clear()

    def _open(self) -> Any:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        stream = super()._open()
        info = os.fstat(stream.fileno())
        self._opened = (info.st_dev, info.st_ino)
        return stream

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Decide by the size of the file; the library would format each record again for this."""
        return self._is_full()

    def _is_full(self) -> bool:
        try:
            info = os.stat(self.baseFilename)
        except OSError:
            info = None
        if info is None or (info.st_dev, info.st_ino) != self._opened:
            stream, self.stream = self.stream, None  # the next record opens the new file
            if stream is not None:
                stream.close()
            return False
        return 0 < self.maxBytes <= info.st_size

    def handleError(self, record: logging.LogRecord) -> None:
        """Ignore errors: a full disk would print a traceback for each lost line."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def set_up(settings: Settings, process: str) -> None:
    """Log to ``<state_dir>/log/<process>.log`` with limited size, and to standard error."""
    section = settings.of(LogSection)
    folder = Path(settings.state_dir) / "log"
    handler = _LogFile(folder / f"{process}.log", maxBytes=section.max_mb << 20, backupCount=3)
    handler.setFormatter(_Json() if section.json else _Plain(FORMAT, "%Y-%m-%d %H:%M:%S"))
    handler.addFilter(_RequestId())
    _disable_unused_lookups()
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(section.level.upper())
    for noisy in ("sqlalchemy", "alembic", "httpx", "httpcore", "uvicorn.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _disable_unused_lookups() -> None:
    """Stop looking up data that no log line of ours contains.

    Source: https://docs.python.org/3/howto/logging.html#optimization
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    setattr(logging, "_srcfile", None)  # the source line of the call  # noqa: B010
