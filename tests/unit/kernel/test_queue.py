"""The work queue: nothing is lost, nothing is worked on twice at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stratolith.kernel.clock import SimulatedClock
from stratolith.kernel.reconcile.queue import WorkQueue


def test_a_key_waits_once() -> None:
    queue = WorkQueue()
    for key in ("a", "b", "a"):
        queue.add(key)
    assert [queue.take(0), queue.take(0), queue.take(0)] == ["a", "b", None]


def test_a_key_added_while_worked_on_comes_again() -> None:
    queue = WorkQueue()
    queue.add("a")
    assert queue.take(0) == "a"
    queue.add("a")
    assert queue.take(0) is None  # never twice at a time
    queue.done("a")
    assert queue.take(0) == "a"


def test_later_and_retry_follow_the_clock() -> None:
    clock = SimulatedClock()
    queue = WorkQueue(clock)
    queue.add_after("a", 5)
    assert queue.take(0) is None
    clock.advance(5)
    assert queue.take(0) == "a"
    queue.done("a")
    waits = []
    for _ in range(10):
        queue.retry("a")
        waited = 0.0
        while queue.take(0) is None:
            clock.advance(0.125)
            waited += 0.125
        queue.done("a")
        waits.append(waited)
    assert waits[:4] == [0.25, 0.5, 0.875, 1.625]  # 0.2 doubling, in steps of an eighth
    assert waits[-1] == 30.0


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["add", "take", "done"]))))
def test_every_added_key_is_taken_after_its_last_add(steps: list[tuple[str, str]]) -> None:
    queue = WorkQueue()
    owed: set[str] = set()
    working: set[str] = set()
    for key, step in steps:
        if step == "add":
            queue.add(key)
            owed.add(key)
        elif step == "take":
            taken = queue.take(0)
            if taken is not None:
                assert taken not in working
                working.add(taken)
                owed.discard(taken)
        elif key in working:
            working.discard(key)
            queue.done(key)
    for key in working:
        queue.done(key)
    rest = set()
    while (taken := queue.take(0)) is not None:
        rest.add(taken)
    assert owed <= rest
