"""Idempotent steps: each checks whether its work is done and does it only if not."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

TICK_SECONDS = 4.0  # nothing is silent for more than five seconds


class Report:
    """What the user sees: one line a step with its elapsed time, ticks while it takes long."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.verbose = verbose
        self.started = time.monotonic()
        self._spoke = time.monotonic()
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """One line, with the time since the command began."""
        with self._lock:
            self._spoke = time.monotonic()
            print(f"[{self._spoke - self.started:6.1f} s] {text}", file=sys.stderr, flush=True)

    def detail(self, text: str) -> None:
        """A line only --verbose shows."""
        if self.verbose:
            self.say(f"  {text}")

    @contextmanager
    def ticking(self, name: str) -> Iterator[None]:
        """Print that the step is still running whenever nothing was printed for a while."""
        done = threading.Event()
        begun = time.monotonic()

        def tick() -> None:
            while not done.wait(0.5):
                if time.monotonic() - self._spoke >= TICK_SECONDS:
                    self.say(f"  ... {name}: {time.monotonic() - begun:.0f} s so far")

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@dataclass(frozen=True)
class Step:
    """One step of `up`. ``run`` returns a short remark for the line, or None."""

    name: str
    is_skip: Callable[[], bool]
    run: Callable[[], str | None]


def run(steps: Sequence[Step], report: Report) -> int:
    """Run the steps that are not done, in order; returns how many ran."""
    changed = 0
    for step in steps:
        begun = time.monotonic()
        if step.is_skip():
            report.detail(f"{step.name}: nothing to do")
            continue
        with report.ticking(step.name):
            remark = step.run()
        changed += 1
        took = time.monotonic() - begun
        report.say(f"{step.name}{f': {remark}' if remark else ''} ({took:.1f} s)")
    return changed


def never() -> bool:
    """``is_skip`` of a step that always runs."""
    return False
