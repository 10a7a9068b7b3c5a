"""Time: a clock that tests can replace, and OpenStack's formats of times."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The current time with time zone UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class SimulatedClock:
    """A clock that moves only by ``advance``."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


def utcnow() -> datetime:
    return datetime.now(UTC)


def zulu(moment: datetime | None) -> str | None:
    """``2026-01-31T12:00:00Z`` (compute, image, network)."""
    # isoformat costs a third of strftime, and lists show thousands of times
    return f"{moment.isoformat()[:19]}Z" if moment else None


def zulu_micro(moment: datetime | None) -> str | None:
    """``2026-01-31T12:00:00.000000Z`` (identity)."""
    return f"{naive_micro(moment)}Z" if moment else None


def naive_micro(moment: datetime | None) -> str | None:
    """``2026-01-31T12:00:00.000000`` (compute's services, hypervisors, actions)."""
    return moment.isoformat(timespec="microseconds")[:26] if moment else None


def parse_time(text: str) -> datetime:
    """A time in ISO 8601 as aware UTC; raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"'{text}' is not within the years 1 to 9999") from None
