"""What a process keeps: made once, void after the commit and not before it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from stratolith.kernel.caches import Copies, Copy, Epochs, Once
from stratolith.kernel.clock import SimulatedClock
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.hints import Hint
from tests.api.kernel import toy


class Answers:
    """What a database would say; how often it was asked."""

    def __init__(self, said: str) -> None:
        self.said = said
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        return self.said


class Doubtful:
    """A way to other processes that may have told something unheard."""

    current = True

    def send(self, hints: list[Hint], *, acknowledged: bool) -> None:
        self.sent = [(*hint, acknowledged) for hint in hints]

    def is_current(self) -> bool:
        return self.current

    def is_alone(self) -> bool:
        return False

    def others(self) -> int:
        return 1


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = toy.environment(tmp_path)
    yield found
    found.db.dispose()


def writing(env: Environment) -> Context:
    return Context.of_the_cloud(env, toy.SERVICE, write=True)


def test_an_object_is_made_once_whatever_threads_ask(env: Environment) -> None:
    made: list[object] = []
    all_there = threading.Barrier(4)

    def make(_: Environment) -> object:
        made.append(object())
        return made[-1]

    once = Once(make)

    def ask(_: int) -> object:
        all_there.wait(10)
        return once.of(env)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(ask, range(4)))
    assert [found[0]] * 4 == found and made == found[:1]
    once.forget(env)
    assert once.of(env) is not found[0]


def test_processes_and_keys_share_nothing(env: Environment, tmp_path: Path) -> None:
    other = toy.environment(tmp_path / "other")
    one, two = (Once[list[int]](lambda env: []) for _ in range(2))
    one.of(env).append(1)
    assert (one.of(env), two.of(env), one.of(other)) == ([1], [], [])
    other.db.dispose()


def test_what_could_not_be_made_is_tried_again(env: Environment) -> None:
    tries = iter([ValueError("not yet"), None])

    def make(_: Environment) -> str:
        if (error := next(tries)) is not None:
            raise error
        return "made"

    once = Once(make)
    with pytest.raises(ValueError, match="not yet"):
        once.of(env)
    assert once.of(env) == "made"


def test_one_object_may_need_another_while_it_is_made(env: Environment) -> None:
    inner = Once(lambda env: "inner")
    outer = Once(lambda env: f"outer of {inner.of(env)}")
    assert outer.of(env) == "outer of inner"


def test_a_copy_is_kept_until_it_is_void_or_old(env: Environment) -> None:
    env.clock = clock = SimulatedClock()
    copies: Copies[str] = Copies("toy.copies", most=10)
    answers = Answers("first")
    for _ in range(2):
        assert copies.get(env, "k", answers, seconds=5) == "first"
    clock.advance(6)
    copies.get(env, "k", answers, seconds=5)
    assert answers.asked == 2


def test_copies_are_void_after_the_commit_and_not_before(env: Environment) -> None:
    copies: Copies[str] = Copies("toy.copies", most=10)
    answers = Answers("old")
    copies.get(env, "k", answers, seconds=60)
    copies.get(env, "other", Answers("kept"), seconds=60)
    ctx = writing(env)
    copies.void(ctx, "k")
    assert copies.get(env, "k", answers, seconds=60) == "old" and answers.asked == 1
    answers.said = "new"
    ctx.commit()
    assert copies.get(env, "k", answers, seconds=60) == "new"
    assert copies.get(env, "other", Answers("read again"), seconds=60) == "kept"


def test_nothing_is_void_when_nothing_was_committed(env: Environment) -> None:
    copies: Copies[str] = Copies("toy.copies", most=10)
    answers = Answers("old")
    copies.get(env, "k", answers, seconds=60)
    ctx = writing(env)
    copies.void(ctx, "k")
    ctx.close()
    copies.get(env, "k", answers, seconds=60)
    assert answers.asked == 1


def test_what_was_read_before_a_copy_became_void_is_not_kept(env: Environment) -> None:
    copies: Copies[str] = Copies("toy.copies", most=10)

    def read_while_another_commits() -> str:
        ctx = writing(env)
        copies.void(ctx, "k")
        ctx.commit()
        return "old"

    assert copies.get(env, "k", read_while_another_commits, seconds=60) == "old"
    assert copies.get(env, "k", Answers("new"), seconds=60) == "new"


def test_so_many_copies_are_kept(env: Environment) -> None:
    copies: Copies[str] = Copies("toy.copies", most=2)
    answers = Answers("x")
    for key in "abc":
        copies.get(env, key, answers, seconds=60)
    copies.get(env, "c", answers, seconds=60)
    assert answers.asked == 3
    copies.get(env, "a", answers, seconds=60)
    assert answers.asked == 4


def test_no_copy_is_believed_when_a_hint_may_have_been_missed(env: Environment) -> None:
    remote = env.hints.remote = Doubtful()
    copies: Copies[str] = Copies("toy.copies", most=10)
    answers = Answers("x")
    copies.get(env, "k", answers, seconds=60)
    remote.current = False
    copies.get(env, "k", answers, seconds=60)
    assert answers.asked == 2
    remote.current = True
    env.hints.lost()
    copies.get(env, "k", answers, seconds=60)
    assert answers.asked == 3


def test_other_processes_are_told_and_waited_for(env: Environment) -> None:
    remote = env.hints.remote = Doubtful()
    copies: Copies[str] = Copies("toy.copies", most=10)
    ctx = writing(env)
    copies.void(ctx, "k")
    ctx.commit()
    assert remote.sent == [("toy.copies", "k", True)]


def test_a_copy_of_an_epoch_ends_with_it(env: Environment) -> None:
    epochs = Epochs("toy.epoch")
    reads: list[int] = []

    def read(session: Session) -> int:
        reads.append(session.execute(text("SELECT 1")).scalar_one())
        return len(reads)

    copy = Copy(epochs, read)
    assert [copy.of(env), copy.of(env)] == [1, 1]
    ctx = writing(env)
    epochs.touch(ctx)
    assert copy.of(env) == 1, "nothing is committed yet"
    ctx.commit()
    assert [copy.of(env), copy.of(env)] == [2, 2]
