"""Workers of a controller: side by side, each key by one of them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.kernel.concurrency import Supervisor
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.reconcile import Controller, Reconciler
from tests.api.kernel.toy import SERVICE, environment


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    monkeypatch.setenv("STRATOLITH_TEST_DATABASE", "sqlite")
    found = environment(tmp_path / "cloud")
    yield found
    found.db.dispose()


class Meeting(Reconciler):
    """Each key waits until as many as there are workers are looked at."""

    name = "toy.meeting"
    hints = ("toy.meeting",)
    interval = 0.2
    workers = 3

    def __init__(self) -> None:
        self.met = threading.Barrier(self.workers)
        self.looks: Counter[str] = Counter()
        self.passes = 0

    def keys(self, ctx: Context) -> list[str]:
        self.passes += 1
        return []

    def reconcile(self, ctx: Context, key: str) -> None:
        self.met.wait(10)
        self.looks[key] += 1


def test_workers_look_at_keys_side_by_side_while_passes_go_on(env: Environment) -> None:
    reconciler, supervisor = Meeting(), Supervisor()
    controller = Controller(env, SERVICE, reconciler, "me")
    for name, body in controller.threads():
        supervisor.start(name, body, controller.stop)
    try:
        for key in ("a", "a", "b"):
            env.hints.publish("toy.meeting", key)
        end = time.monotonic() + 10
        before = reconciler.passes
        while reconciler.met.n_waiting < 2 or reconciler.passes < before + 2:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert not reconciler.looks, "a third key is missing, and one key has one worker"
        env.hints.publish("toy.meeting", "c")
        while sum(reconciler.looks.values()) < 3:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert reconciler.looks == {"a": 1, "b": 1, "c": 1}
    finally:
        reconciler.met.abort()
        supervisor.stop()
