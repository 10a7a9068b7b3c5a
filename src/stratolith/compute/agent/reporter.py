"""Reports to the control plane what happened on this host: soon, with many guests per report."""

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
QUIET = 0.008  # a report is sent when no news came for this time
LONGEST = 0.04  # but not later than this time after the first news
Send = Callable[[dict[str, Any]], Any]


@dataclass
class _News:
    """News to report. States of guests are read only when it is sent, so they are current."""

    changed: set[str] = field(default_factory=set)
    destroyed: set[str] = field(default_factory=set)
    results: dict[tuple[str, str], tuple[str, str] | None] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    restarts: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    facts: dict[str, Any] | None = None

    def __bool__(self) -> bool:
        parts = (
            self.changed,
            self.destroyed,
            self.results,
            self.faults,
            self.unknown,
            self.restarts,
        )
        return any(parts) or bool(self.left_out) or self.facts is not None


class Reporter:
    """Collects news from all threads and sends it in its own thread; it retries after failures."""

    def __init__(
        self, driver: HypervisorDriver, send: Send, destroy: Callable[[str], None]
    ) -> None:
        self._driver = driver
        self._send = send
        self._destroy = destroy
        self._news = _News()
        self._condition = threading.Condition()
        self._reported: dict[str, GuestState] = {}
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

    def last_reported(self, guest_id: str) -> GuestState | None:
        """The state of a guest that was reported last."""
        return self._reported.get(guest_id)

    def add(
        self,
        *,
        changed: str | None = None,
        destroyed: str | None = None,
        result: tuple[str, str, tuple[str, str] | None] | None = None,
        fault: tuple[str, str] | None = None,
        restarted: tuple[str, str] | None = None,
        left_out: dict[str, str] | None = None,
        unknown: set[str] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        """Add news. ``result``: (server id, operation id, None or (error, message for the owner)).

        ``restarted``: (server id, details of the crash) of a guest that was restarted.
        ``left_out``: servers that the view leaves out -> the reason.
        """
        with self._condition:
            news = self._news
            if changed:
                news.changed.add(changed)
            if destroyed:
                news.destroyed.add(destroyed)
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
                self._report(news)
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
        return len(self._news.changed) + len(self._news.destroyed) + len(self._news.results)

    def _pause(self, seconds: float) -> None:
        with self._condition:
            if not self._stopped:
                self._condition.wait_for(lambda: self._stopped, seconds)

    def _put_back(self, news: _News) -> None:
        with self._condition:
            new = self._news
            new.changed |= news.changed
            new.destroyed |= news.destroyed
            new.results = {**news.results, **new.results}
            new.faults = {**news.faults, **new.faults}
            new.restarts = {**news.restarts, **new.restarts}
            new.left_out = {**news.left_out, **new.left_out}
            new.unknown |= news.unknown
            new.facts = new.facts if new.facts is not None else news.facts

    def _report(self, news: _News) -> None:
        states = {}
        for guest_id in news.changed:
            try:
                states[guest_id] = self._driver.get_guest(guest_id)
            except GuestNotFound:
                self._reported.pop(guest_id, None)
            except DriverError as error:
                LOG.warning("guest %s cannot be observed: %s", guest_id, error)
        answer = self._send(self._payload(news, states)) or {}
        self._reported.update(states)
        for guest_id in news.destroyed:
            self._reported.pop(guest_id, None)
        for guest_id in answer.get("destroy", ()):
            self._destroy(guest_id)

    @staticmethod
    def _payload(news: _News, states: dict[str, GuestState]) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "guests": [
                {"id": s.id, "power": s.power.value, "vifs": s.vifs, "detail": s.detail}
                for s in states.values()
            ],
            "gone": sorted(news.destroyed),
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
