"""Tells the control plane what happened here: promptly, many guests in one report."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stratolith.compute.drivers.base import DriverError, GuestNotFound, GuestState, HypervisorDriver
from stratolith.kernel.agent.client import Refused, Unreachable

LOG = logging.getLogger(__name__)
QUIET = 0.008  # a report waits so long for the next news to come along
LONGEST = 0.04  # and no longer than this in all
Send = Callable[[dict[str, Any]], Any]


@dataclass
class _News:
    """What waits to be told. States are read when it is sent, so none is ever stale."""

    changed: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    results: dict[tuple[str, str], tuple[str, str] | None] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    restarts: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    facts: dict[str, Any] | None = None

    def __bool__(self) -> bool:
        parts = (self.changed, self.gone, self.results, self.faults, self.unknown, self.restarts)
        return any(parts) or bool(self.left_out) or self.facts is not None


class Reporter:
    """Collects news from any thread and sends them from its own; nothing is lost on failure."""

    def __init__(
        self, driver: HypervisorDriver, send: Send, destroy: Callable[[str], None]
    ) -> None:
        self._driver = driver
        self._send = send
        self._destroy = destroy
        self._news = _News()
        self._condition = threading.Condition()
        self._told: dict[str, GuestState] = {}
        self._stopped = False
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="guest-reports", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._condition:
            self._stopped = True
            self._condition.notify_all()
        self._thread.join(2.0)

    def told(self, guest_id: str) -> GuestState | None:
        """What was last reported of a guest."""
        return self._told.get(guest_id)

    def add(
        self,
        *,
        changed: str | None = None,
        gone: str | None = None,
        result: tuple[str, str, tuple[str, str] | None] | None = None,
        fault: tuple[str, str] | None = None,
        restarted: tuple[str, str] | None = None,
        left_out: dict[str, str] | None = None,
        unknown: set[str] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        """``result``: (server id, operation id, None or (error, what of it its owner reads)).

        ``restarted``: a guest that crashed and runs again, and what is known of the crash.
        ``left_out``: servers that the view leaves out, and why.
        """
        with self._condition:
            news = self._news
            if changed:
                news.changed.add(changed)
            if gone:
                news.gone.add(gone)
            if result:
                news.results[result[0], result[1]] = result[2]
                news.changed.add(result[0])
            if fault:
                news.faults[fault[0]] = fault[1]
                news.changed.add(fault[0])
            if restarted:
                news.restarts[restarted[0]] = restarted[1]
            if left_out:
                news.left_out.update(left_out)
            if unknown:
                news.unknown |= unknown
            if facts is not None:
                news.facts = facts
            self._condition.notify_all()

    def _run(self) -> None:
        failures = 0
        while True:
            news = self._take()
            if news is None:
                return
            try:
                self._tell(news)
                failures = 0
            except (Unreachable, Refused) as error:
                failures += 1
                if isinstance(error, Refused):
                    LOG.error("report refused: %s", error)
                self._put_back(news)
                self._pause(min(0.1 * 2**failures, 5.0))
            except Exception:
                failures += 1
                LOG.exception("report failed")
                self._put_back(news)
                self._pause(min(0.2 * 2**failures, 10.0))

    def _take(self) -> _News | None:
        with self._condition:
            while not self._news and not self._stopped:
                self._condition.wait()
            if self._stopped:
                return None
            deadline = time.monotonic() + LONGEST
            size = -1
            while size != self._size() and time.monotonic() < deadline:
                size = self._size()
                self._condition.wait(QUIET)
            news, self._news = self._news, _News()
            return news

    def _size(self) -> int:
        return len(self._news.changed) + len(self._news.gone) + len(self._news.results)

    def _pause(self, seconds: float) -> None:
        with self._condition:
            if not self._stopped:
                self._condition.wait_for(lambda: self._stopped, seconds)

    def _put_back(self, news: _News) -> None:
        with self._condition:
            new = self._news
            new.changed |= news.changed
            new.gone |= news.gone
            new.results = {**news.results, **new.results}
            new.faults = {**news.faults, **new.faults}
            new.restarts = {**news.restarts, **new.restarts}
            new.left_out = {**news.left_out, **new.left_out}
            new.unknown |= news.unknown
            new.facts = new.facts if new.facts is not None else news.facts

    def _tell(self, news: _News) -> None:
        states = {}
        for guest_id in news.changed:
            try:
                states[guest_id] = self._driver.get_guest(guest_id)
            except GuestNotFound:
                self._told.pop(guest_id, None)
            except DriverError as error:
                LOG.warning("guest %s cannot be observed: %s", guest_id, error)
        answer = self._send(self._payload(news, states)) or {}
        self._told.update(states)
        for guest_id in news.gone:
            self._told.pop(guest_id, None)
        for guest_id in answer.get("destroy", ()):
            self._destroy(guest_id)

    @staticmethod
    def _payload(news: _News, states: dict[str, GuestState]) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "guests": [
                {"id": s.id, "power": s.power.value, "vifs": s.vifs, "detail": s.detail}
                for s in states.values()
            ],
            "gone": sorted(news.gone),
            "results": [
                {
                    "server_id": server_id,
                    "operation_id": operation_id,
                    "error": failure[0] if failure else None,
                    "told": failure[1] if failure else "",
                }
                for (server_id, operation_id), failure in news.results.items()
            ],
            "faults": [{"id": i, "message": text} for i, text in news.faults.items()],
            "restarts": [{"id": i, "detail": text} for i, text in news.restarts.items()],
            "left_out": news.left_out,
            "unknown": sorted(news.unknown),
        }
        if news.facts is not None:
            payload["facts"] = news.facts
        return payload
