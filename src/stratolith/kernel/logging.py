"""Logging: one format for all services, the request id on every line."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import time
from pathlib import Path

import msgspec

from stratolith.kernel.config import LogSection, Settings
from stratolith.kernel.request_id import REQUEST_ID


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "request_id"):
            record.request_id = REQUEST_ID.get()
        return True


class _Json(logging.Formatter):
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
    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk would put a traceback into standard error for each line that is lost."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def set_up(settings: Settings, process: str) -> None:
    """Log to ``<state_dir>/log/<process>.log``, size-capped; to standard error as well."""
    section = settings.of(LogSection)
    folder = Path(settings.state_dir) / "log"
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    handler = _LogFile(
        folder / f"{process}.log", maxBytes=section.max_mb << 20, backupCount=3
    )
    plain = logging.Formatter(
        "%(asctime)s.%(msecs)03d %(levelname)s %(name)s [%(request_id)s] %(message)s"
    )
    plain.default_time_format = "%Y-%m-%d %H:%M:%S"
    plain.datefmt = "%Y-%m-%d %H:%M:%S"
    plain.converter = time.gmtime
    handler.setFormatter(_Json() if section.json else plain)
    handler.addFilter(_RequestId())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(section.level.upper())
    for noisy in ("sqlalchemy", "alembic", "httpx", "httpcore", "uvicorn.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
