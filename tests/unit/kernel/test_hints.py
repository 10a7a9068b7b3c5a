"""Hints within a process: to every listener, whatever one of them does."""

from __future__ import annotations

from pathlib import Path

from stratolith.kernel.context import Context
from stratolith.kernel.hints import HintBus
from stratolith.kernel.reconcile.queue import WorkQueue
from tests.api.kernel import toy


def test_a_listener_that_fails_keeps_nobody_from_hearing() -> None:
    bus = HintBus()
    heard: list[str] = []

    def fail(key: str) -> None:
        raise ValueError(key)

    bus.listen("a", fail)
    bus.listen("a", heard.append)
    bus.listen("b", heard.append)
    bus.publish_all([("a", "1"), ("b", "2"), ("c", "3")])
    assert heard == ["1", "2"]


def test_alone_it_is_always_current() -> None:
    bus = HintBus()
    assert bus.is_current()
    assert bus.is_alone()


def test_hints_wait_for_the_commit_and_are_sent_once(tmp_path: Path) -> None:
    env = toy.environment(tmp_path)
    heard: list[str] = []
    env.hints.listen("toy", heard.append)
    ctx = Context(env, toy.SERVICE, write=True)
    ctx.hint("toy", "1")
    ctx.internal("p").hint("toy", "2", acknowledged=True)
    ctx.hint("toy", "2")
    assert heard == []
    ctx.commit()
    assert sorted(heard) == ["1", "2"]
    ctx.hint("toy", "3")
    ctx.close()
    ctx.commit()
    assert sorted(heard) == ["1", "2"]
    env.db.dispose()


def test_lost_hints_make_agents_look_at_everything(tmp_path: Path) -> None:
    env = toy.environment(tmp_path)
    hub = env.agents
    assert hub is not None
    first = hub.wait("h", "", 0, 0)
    assert first.everything
    assert hub.peek("h", first.epoch, first.seq) is None
    env.hints.lost()
    again = hub.peek("h", first.epoch, first.seq)
    assert again is not None and again.everything and again.epoch != first.epoch
    env.db.dispose()


def test_a_queue_that_is_cleared_is_empty() -> None:
    queue = WorkQueue()
    queue.add("a")
    queue.add_after("b", 0.0)
    queue.clear()
    assert queue.take(timeout=0) is None
    queue.add("a")
    assert queue.take(timeout=0) == "a"
