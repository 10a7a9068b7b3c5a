"""Hints between processes: all arrive, once; the acknowledged ones before the call returns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stratolith import services
from stratolith.kernel.concurrency import Supervisor
from stratolith.kernel.db import Base, Database
from stratolith.kernel.hints import HintBus
from stratolith.kernel.members.peers import BEAT_SECONDS, LEASE_SECONDS, Peers
from tests.postgresql.servers import until


class Process:
    """What one server process has of this, with its own connections and threads."""

    def __init__(self, url: str, name: str) -> None:
        self.db = Database(url)
        self.bus = HintBus()
        self.heard: list[str] = []
        self.losses = 0
        self.bus.listen("k", self.heard.append)
        self.bus.on_lost(self._lost)
        self.peers = Peers(self.db, self.bus, name)
        self.threads = Supervisor()

    def start(self) -> None:
        self.peers.start(self.threads)

    def end(self) -> None:
        self.threads.stop()
        self.peers.leave()
        self.db.dispose()

    def _lost(self) -> None:
        self.losses += 1


@pytest.fixture
def place(url: str) -> str:
    services.load()
    db = Database(url)
    Base.metadata.create_all(db.engine, tables=[Base.metadata.tables["kernel_servers"]])
    db.dispose()
    return url


@contextmanager
def processes(url: str, count: int) -> Iterator[list[Process]]:
    found = [Process(url, f"p{number}") for number in range(count)]
    for one in found:
        one.start()
    try:
        until(lambda: all(one.bus.is_current() and not one.bus.is_alone() for one in found))
        yield found
    finally:
        for one in found:
            one.end()


def test_hints_reach_all_processes_once_and_in_order(place: str) -> None:
    with processes(place, 3) as (a, b, c):
        wanted = [f"{number}-{'x' * 100}" for number in range(500)]  # more than one NOTIFY holds
        a.bus.publish_all([("k", key) for key in wanted])
        assert a.heard == wanted, "its own listeners at once"
        until(lambda: len(b.heard) == len(c.heard) == 500)
        assert b.heard == c.heard == wanted


def test_an_acknowledged_hint_has_arrived_when_the_call_returns(place: str) -> None:
    with processes(place, 3) as (a, b, c):
        for number in range(50):
            sender = (a, b, c)[number % 3]
            sender.bus.publish_all([("k", str(number))], acknowledged=True)
            assert all(one.heard[-1] == str(number) for one in (a, b, c))
        assert a.heard == b.heard == c.heard == [str(number) for number in range(50)]


def test_who_begins_or_ends_makes_the_others_look_at_everything(place: str) -> None:
    with processes(place, 2) as (a, b):
        until(lambda: a.losses and b.losses)
        time.sleep(2 * BEAT_SECONDS)
        before = a.losses
        late = Process(place, "late")
        late.start()
        until(lambda: a.losses > before)
        before = a.losses
        late.end()
        until(lambda: a.losses > before)
        a.bus.publish_all([("k", "x")], acknowledged=True)
        assert b.heard == ["x"]


def test_a_process_that_cannot_beat_is_not_current(place: str) -> None:
    """Its caches end before anybody stops waiting for it."""
    with processes(place, 2) as (a, b):
        b.threads.stop()  # its threads end without a word
        started = time.monotonic()
        a.bus.publish_all([("k", "x")], acknowledged=True)
        assert not b.bus.is_current()
        assert b.heard == []
        assert time.monotonic() - started < LEASE_SECONDS + 8 * BEAT_SECONDS
        until(a.bus.is_alone)
