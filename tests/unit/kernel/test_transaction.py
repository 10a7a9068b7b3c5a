"""One transaction for all contexts of a request, and what the database refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from stratolith.kernel.auth import Identity
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import ApiError, BadRequest
from stratolith.kernel.ids import REQUEST_ID
from stratolith.kernel.transaction import NotStored, transact
from tests.api.kernel import toy


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = toy.environment(tmp_path)
    yield found
    found.db.dispose()


def writing(env: Environment) -> Context:
    return Context(env, toy.SERVICE, identity=Identity(user_id="u", project_id="p"), write=True)


def test_contexts_made_of_one_another_share_it(env: Environment) -> None:
    ctx = writing(env)
    others = [ctx.internal(), ctx.beside(toy.SERVICE), ctx.internal("q").beside(toy.SERVICE)]
    done: list[str] = []
    env.hints.listen("toy", done.append)
    for number, other in enumerate(others):
        assert other.session is ctx.session
        assert other.request_id == ctx.request_id
        other.hint("toy", f"hint {number}")
        other.after_commit(lambda number=number: done.append(f"work {number}"))
    others[-1].commit()
    assert sorted(done) == [f"{kind} {n}" for kind in ("hint", "work") for n in range(3)]
    ctx.commit()
    assert len(done) == 6, "it was committed for all of them"


def test_what_is_undone_through_one_is_undone_for_all(env: Environment) -> None:
    ctx, done = writing(env), []
    ctx.after_commit(lambda: done.append("work"))
    ctx.internal().close()
    ctx.commit()
    assert done == []


def test_who_acts_as_the_cloud_is_asked_for_no_policy(env: Environment) -> None:
    ctx = writing(env)
    cloud = Context.of_the_cloud(env, toy.SERVICE)
    for one, wanted in ((ctx, False), (ctx.beside(toy.SERVICE), False), (cloud, True)):
        assert (one.is_admin, one.can("toy:delete")) == (wanted, wanted)
    for one in (ctx.internal(), ctx.internal("p").beside(toy.SERVICE), cloud.beside(toy.SERVICE)):
        assert one.is_admin and one.can("toy:delete")


def test_log_lines_of_its_work_carry_the_request_id(env: Environment) -> None:
    ctx = writing(env)
    assert ctx.transaction.run(REQUEST_ID.get) == ctx.request_id
    with pytest.raises(ValueError, match="broken"):
        ctx.transaction.run(lambda: (_ for _ in ()).throw(ValueError("broken")))
    assert REQUEST_ID.get() == "-"


def test_work_is_done_again_for_a_retry_and_its_end_once(env: Environment) -> None:
    ctx, tries, done = writing(env), [], []

    def work() -> str:
        tries.append(ctx.session)
        ctx.after_commit(lambda: done.append(len(tries)))
        if len(tries) < 3:
            raise OperationalError("", {}, Exception("database is locked"))
        return "done"

    assert ctx.transaction.run(work) == "done"
    assert done == [3]
    assert len({id(session) for session in tries}) >= 2


def test_what_no_column_can_hold_is_a_bad_request(env: Environment) -> None:
    for value in (1 << 70, "\ud800"):
        ctx = writing(env)

        def work(ctx: Context = ctx, value: object = value) -> None:
            ctx.session.execute(text("SELECT CAST(:it AS TEXT)"), {"it": value})

        with pytest.raises(NotStored):
            transact(ctx.transaction, work, write=False)
    assert issubclass(NotStored, BadRequest) and issubclass(BadRequest, ApiError)
